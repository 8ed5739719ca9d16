package endtoend

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/poll"
	"tidemark/internal/programtest"
	"tidemark/internal/realinput"
)

// copied is how many rows are brought in at once.
const copied = 200_000

// flights writes the real flights as SQL for psql or sqlite3: one COPY, or on SQLite, where one writer locks out all others,
// transactions of 4,000 rows.
func flights(t *testing.T, engine string) string {
	t.Helper()
	var rows []json.RawMessage
	if err := json.Unmarshal(realinput.Read(t, realinput.Vega, "flights-200k.json"), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) < copied {
		t.Fatalf("there are %d flights, want %d", len(rows), copied)
	}
	path := filepath.Join(t.TempDir(), "flights.sql")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(file)
	const columns = "records (connector_instance_id, stream, record_key, record_json, emitted_at)"
	if engine == enginetest.Postgres {
		fmt.Fprintf(w, "\\copy %s FROM STDIN\n", columns)
	}
	for i, row := range rows[:copied] {
		if engine == enginetest.Postgres {
			fmt.Fprintf(w, "ci_bulk\tflights\t%d\t%s\t2026-01-01T00:00:00Z\n", i, row) // no row has a backslash
			continue
		}
		switch {
		case i%4000 == 0:
			fmt.Fprintf(w, "BEGIN IMMEDIATE;\nINSERT INTO %s VALUES\n", columns)
		case i%1000 == 0:
			fmt.Fprintf(w, "INSERT INTO %s VALUES\n", columns)
		}
		end := ","
		if i%1000 == 999 {
			end = ";"
		}
		fmt.Fprintf(w, "('ci_bulk','flights','%d','%s','2026-01-01T00:00:00.000000Z')%s\n", i, row, end)
		if i%4000 == 3999 {
			fmt.Fprintln(w, "COMMIT;")
		}
	}
	if engine == enginetest.Postgres {
		fmt.Fprintln(w, `\.`)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

const setUp = `INSERT INTO connectors (connector_id) VALUES ('vega');
INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('ci_bulk', 'ada', 'vega'), ('ci_single', 'ada', 'vega')`

// single changes one row, a little differently each time. Both connections are touched, and with them what COPY touches.
func single(n int) string {
	key := n % 50
	switch n % 5 {
	case 0, 1:
		return fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('ci_single', 'ones', '%d', '{"n":%d}')
			ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = excluded.record_json, deleted = false`, key, n*n)
	case 2:
		return fmt.Sprintf("UPDATE records SET deleted = NOT deleted WHERE connector_instance_id = 'ci_single' AND stream = 'ones' AND record_key = '%d'", key/2)
	case 3:
		return fmt.Sprintf("DELETE FROM records WHERE connector_instance_id = 'ci_single' AND stream = 'ones' AND record_key = '%d'", key/3)
	}
	return fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('ci_bulk', 'flights', 'own %d', '{}')`, n)
}

// A bulk load and single-row writes at the same time, while the service drains: nothing is ever wrong.
func TestTwoWriters(t *testing.T) {
	for name, dsn := range databases(t) {
		t.Run(name, func(t *testing.T) {
			programtest.Run(t, dsn, "migrate", "up")
			e := enginetest.Attach(t, dsn)
			e.Shell(t, setUp)
			service := serve(t, dsn, "ada")
			path := flights(t, e.Name)

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			loaded := make(chan error, 1)
			go func() { loaded <- e.RunFile(ctx, path) }()
			singles := make(chan error, 1)
			wrote := 0
			stop := make(chan struct{})
			writer := e.ForeignWriter(t)
			go func() {
				for {
					select {
					case <-stop:
						singles <- nil
						return
					default:
					}
					if err := writer.Exec(ctx, single(wrote)); err != nil {
						singles <- fmt.Errorf("single write %d: %w", wrote, err)
						return
					}
					wrote++
				}
			}()
			checks := 0
			for done := false; !done; checks++ {
				select {
				case err := <-loaded:
					if err != nil {
						t.Fatal(err)
					}
					done = true
				default:
				}
				verified(t, dsn)
				e.Report(t, e.Load(t).Check())
			}
			close(stop)
			if err := <-singles; err != nil {
				t.Fatal(err)
			}
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d single writes, %d checks", wrote, checks)
			if wrote == 0 {
				t.Error("nothing was written beside the bulk load")
			}
			got := service.until(t, "ci_bulk", "loaded", func(got summary, ok bool) bool {
				return ok && got.TotalRecords != nil && *got.TotalRecords >= copied && !got.Evidence.Dirty
			})
			if own := int64((wrote + 0) / 5); *got.TotalRecords != copied+own {
				t.Errorf("ci_bulk has %d records, want %d", *got.TotalRecords, copied+own)
			}
			service.Stop(t)
			verified(t, dsn)
			e.CheckG3(t)
		})
	}
}

// The service is killed again and again, each time in the middle of a drain, while others write; started again, it is right
// with nothing done by hand.
func TestKilledInTheMiddleOfADrain(t *testing.T) {
	for name, dsn := range databases(t) {
		t.Run(name, func(t *testing.T) {
			programtest.Run(t, dsn, "migrate", "up")
			e := enginetest.Attach(t, dsn)
			e.Shell(t, setUp)
			writer := e.ForeignWriter(t)
			write := func(n int) {
				if err := writer.Exec(t.Context(), single(n)); err != nil {
					t.Fatal(err)
				}
			}
			n := 0
			for range 5 {
				for range 50 {
					write(n)
					n++
				}
				service := serve(t, dsn, "ada")
				// Writes go on until a drain is seen at work.
				poll.Until(t, "a drain is at work", func() bool {
					write(n)
					n++
					return e.Draining(t)
				})
				service.Kill(t)
				e.Report(t, e.Load(t).Check())
			}
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			service := serve(t, dsn, "ada")
			for _, id := range []string{"ci_bulk", "ci_single"} {
				service.until(t, id, "started again", func(got summary, ok bool) bool { return ok && !got.Evidence.Dirty })
			}
			verified(t, dsn)
			service.Stop(t)
			e.CheckG3(t)
		})
	}
}
