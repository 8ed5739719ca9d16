package matrix

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// A transaction stays open, and maybe prepared, while others write the same streams and drains go on.
func TestOpenAcrossDrains(t *testing.T) {
	cluster := pgtest.Shared(t, pgtest.Setting("max_prepared_transactions", "8"))
	e := enginetest.OpenPostgres(t, cluster, fleet)
	for _, begin := range []string{`BEGIN`, `BEGIN ISOLATION LEVEL REPEATABLE READ`, `BEGIN ISOLATION LEVEL SERIALIZABLE`} {
		for _, end := range [][]string{
			{`COMMIT`}, {`ROLLBACK`}, {`PREPARE TRANSACTION 'p'`, `COMMIT PREPARED 'p'`}, {`PREPARE TRANSACTION 'p'`, `ROLLBACK PREPARED 'p'`},
		} {
			t.Run(begin+", "+end[len(end)-1], func(t *testing.T) {
				again(t, e)
				w := watching(t, e)
				held, other := client(t, e, true), client(t, e, true)
				between := func() {
					t.Helper()
					e.CheckG2(t)
					e.CheckG3(t)
				}
				run(t, held, begin, into+`('a', 's', 'held', '[1]', @07)`, `DELETE FROM blobs WHERE blob_id = '3'`)
				run(t, other, oneA, `UPDATE records SET deleted = true WHERE connector_instance_id = 'b'`)
				between()
				run(t, held, `UPDATE records SET record_json = '[1,2,3]' WHERE record_key = 'held'`)
				between()
				run(t, other, `UPDATE records SET record_json = '[]' WHERE record_key = 'n'`, into+`('c', 'other', 'n', '1', @05)`)
				for _, sql := range end {
					run(t, held, sql)
					between()
					run(t, other, `UPDATE records SET record_json = record_json::text::json, emitted_at = emitted_at + interval '1 second' WHERE stream = 'other'`)
				}
				w.letGo()
				between()
				want := "a:records b:records,retained_bytes c:records"
				if end[len(end)-1][0] == 'R' {
					want = "a:records b:records c:records"
				}
				w.changed(want)
			})
		}
	}
}

// A prepared transaction outlives the server; what it marked counts when it commits, and not before.
func TestPreparedAcrossACrash(t *testing.T) {
	cluster := pgtest.Start(t, pgtest.Setting("max_prepared_transactions", "8"))
	e := enginetest.OpenPostgres(t, cluster, fleet)
	held := client(t, e, true)
	run(t, held, `BEGIN`, oneA, `DELETE FROM connector_instances WHERE connector_instance_id = 'b'`, `PREPARE TRANSACTION 'p'`)
	run(t, client(t, e, true), `DELETE FROM records WHERE stream = 't'`)
	cluster.Kill(t)
	cluster.Restart(t)
	e = enginetest.Attach(t, e.DSN)
	e.CheckG2(t)
	e.CheckG3(t)
	w := watching(t, e)
	w.letGo()
	run(t, client(t, e, false), `COMMIT PREPARED 'p'`)
	w.wrote(shape{changes: "a:records b:identity", unsafe: true})
}

// Of two transactions that cannot both be, one fails and leaves no mark.
func TestSerializationFailures(t *testing.T) {
	cluster := pgtest.Shared(t)
	for _, test := range []struct{ name, level, first, second string }{
		{"the same row", "REPEATABLE READ", `UPDATE records SET deleted = true WHERE connector_instance_id = 'd'`, `UPDATE records SET record_json = '[]' WHERE connector_instance_id = 'd'`},
		{"what the other reads", "SERIALIZABLE",
			`INSERT INTO records ` + columns + ` SELECT 'd', 's', 'sum', to_json(count(*)), @05 FROM records WHERE connector_instance_id = 'b'`,
			`INSERT INTO records ` + columns + ` SELECT 'b', 's', 'sum', to_json(count(*)), @05 FROM records WHERE connector_instance_id = 'd'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := enginetest.OpenPostgres(t, cluster, fleet)
			w := watching(t, e)
			one, two := client(t, e, true), client(t, e, true)
			for _, c := range []string{`BEGIN ISOLATION LEVEL ` + test.level, `SELECT count(*) FROM records`} {
				run(t, one, c)
				run(t, two, c)
			}
			run(t, one, test.first, `COMMIT`)
			e.CheckG2(t)
			_, err := two.Exec(t.Context(), dated(test.second))
			if err == nil {
				_, err = two.Exec(t.Context(), `COMMIT`)
			} else {
				run(t, two, `ROLLBACK`)
			}
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || pg.Code != "40001" {
				t.Fatalf("the second of two that cannot both be: %v", err)
			}
			w.wrote(shape{changes: "d:records"})
			w.letGo()
		})
	}
}
