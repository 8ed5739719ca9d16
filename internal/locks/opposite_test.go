package locks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// Two writers lock the same rows in opposite orders, statement by statement. With triggers, and with all that Tidemark does at work,
// each statement waits exactly where it waits without, and a deadlock comes exactly where it comes without.
func TestOppositeOrders(t *testing.T) { opposite(t, 14) }

func opposite(t *testing.T, scripts int) {
	cluster := pgtest.Shared(t)
	with := enginetest.OpenPostgres(t, cluster, fleet)
	without := enginetest.OpenPostgres(t, cluster, fleet)
	for _, table := range enginetest.Tables {
		for _, event := range []string{"insert", "update", "delete", "truncate", "replica"} {
			without.Foreign(t, fmt.Sprintf("DROP TRIGGER tidemark_%s ON %s", event, table))
		}
	}
	stop := keepers(t, with)
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
	count := map[string]int{}
	for i := range scripts {
		s := drawn(r, i%2 == 0)
		want, got := trace(t, without.DSN, s), trace(t, with.DSN, s)
		if !slices.Equal(want, got) {
			t.Errorf("%s\nwithout triggers: %q\nwith them: %q", strings.Join(s.lines(), "\n"), want, got)
		}
		for _, step := range want {
			count[step]++
		}
	}
	stop()
	t.Logf("%v", count)
	if count["waits"] == 0 || count["deadlock"] == 0 {
		t.Errorf("no waits or no deadlocks without triggers: %v", count)
	}
	if !t.Failed() {
		with.CheckG3(t)
	}
}

// script is what two writers do in turn.
type script []struct {
	writer int
	sql    string
}

func (s script) lines() (out []string) {
	for _, step := range s {
		out = append(out, fmt.Sprint(step.writer, ": ", step.sql))
	}
	return out
}

// drawn draws a script: each writer locks some of the same few rows. In every other one two rows are locked in opposite orders for
// certain.
func drawn(r *rand.Rand, crossed bool) script {
	s := script{{0, "BEGIN"}, {1, "BEGIN"}}
	add := func(writer int, sql string) {
		s = append(s, struct {
			writer int
			sql    string
		}{writer, sql})
	}
	for range 4 {
		add(r.IntN(2), locking(r, connections[2+r.IntN(2)], 1+r.IntN(2)))
	}
	if !crossed {
		for range 6 {
			add(r.IntN(2), locking(r, connections[r.IntN(2)], 1+r.IntN(2)))
		}
		return s
	}
	first, second := r.IntN(5), r.IntN(5)
	x, y := updates("a", 7)[first], updates("b", 7)[second]
	add(0, x)
	add(1, y)
	add(0, y)
	add(1, x)
	return s
}

// updates each lock one row for certain.
func updates(id string, key int) []string {
	return []string{
		fmt.Sprintf("UPDATE records SET record_json = '[1,2]', version = version + 1 WHERE connector_instance_id = '%s' AND record_key = '%d'", id, key),
		fmt.Sprintf("UPDATE records SET deleted = NOT deleted WHERE connector_instance_id = '%s' AND record_key = '%d'", id, key),
		fmt.Sprintf("UPDATE blobs SET size_bytes = size_bytes + 1 WHERE blob_id = '%s%d'", id, key),
		fmt.Sprintf("UPDATE connector_schedules SET interval_seconds = interval_seconds + 1 WHERE connector_instance_id = '%s'", id),
		fmt.Sprintf("UPDATE connector_instances SET display_name = 'x', status = 'paused' WHERE connector_instance_id = '%s'", id),
	}
}

// locking is any statement that may lock a row.
func locking(r *rand.Rand, id string, key int) string {
	all := append(updates(id, key),
		fmt.Sprintf("INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('%s', 's', 'new%d') ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET version = 9", id, key),
		fmt.Sprintf("INSERT INTO connector_detail_gaps (gap_id, connector_instance_id) VALUES ('g%d', '%s') ON CONFLICT DO NOTHING", key, id),
		fmt.Sprintf("DELETE FROM blobs WHERE blob_id = '%s%d'", id, key))
	return all[r.IntN(len(all))]
}

// trace plays a script and rolls it back. It says of each step whether it was done, waits, was left out because its writer waits, or
// is part of a deadlock, which ends the script.
func trace(t *testing.T, dsn string, s script) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var statements sync.WaitGroup
	monitor := connect(t, dsn, "monitor")
	var writers [2]*pgx.Conn
	var pending [2]chan error // of a statement that waits
	for i := range writers {
		writers[i] = connect(t, dsn, fmt.Sprint("writer ", i))
		if _, err := writers[i].Exec(t.Context(), "SET deadlock_timeout = '100ms'"); err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	for _, step := range s {
		if pending[step.writer] != nil {
			out = append(out, "left out")
			continue
		}
		answer := make(chan error, 1)
		statements.Go(func() {
			_, err := writers[step.writer].Exec(ctx, step.sql)
			answer <- err
		})
		other := pending[1-step.writer]
		said := await(t, monitor, writers, step.writer, answer, other)
		out = append(out, said)
		if said == "deadlock" {
			break
		}
		if said == "waits" {
			pending[step.writer] = answer
		}
	}
	cancel() // which cuts off one that waits
	statements.Wait()
	for _, c := range writers {
		_ = c.Close(t.Context()) // which rolls back
	}
	_ = monitor.Close(t.Context())
	return out
}

// await waits until a statement of the writer is done or waits for the other one. If that one waits already, there may be a deadlock,
// which one of the two is told; then both have an answer, or will have.
func await(t *testing.T, monitor *pgx.Conn, writers [2]*pgx.Conn, writer int, answer, other chan error) string {
	t.Helper()
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	waiting := other != nil
	mine, theirs := "?", "?"
	for {
		select {
		case err := <-answer:
			mine, answer = code(err), nil
		case err := <-other:
			theirs, other = code(err), nil
		case <-every.C:
		case <-deadline.C:
			t.Fatalf("a statement is neither done nor does it wait; waits: %+v", waits(t, monitor))
		}
		for _, w := range waits(t, monitor) {
			if isWriter(w.Who) && !isWriter(w.For) {
				t.Errorf("a writer waits for Tidemark: %+v", w)
			}
		}
		switch {
		case mine == deadlock, theirs == deadlock:
			return "deadlock"
		case theirs != "?":
			if mine != "?" {
				t.Fatalf("the other writer waited, and waits no more: %s", theirs)
			}
		case mine == "?":
			if !waiting && blocked(t, monitor, writers[writer]) {
				return "waits"
			}
		case !waiting || blocked(t, monitor, writers[1-writer]):
			return strings.TrimSpace("done " + mine)
		}
	}
}

// deadlock is the SQLSTATE that one of those in a deadlock is told.
const deadlock = "40P01"

// blocked reports whether a writer waits for the other one.
func blocked(t *testing.T, monitor, writer *pgx.Conn) (yes bool) {
	t.Helper()
	err := monitor.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM unnest(pg_blocking_pids($1)) p JOIN pg_stat_activity a ON a.pid = p WHERE a.application_name LIKE 'writer%')`,
		writer.PgConn().PID()).Scan(&yes)
	if err != nil {
		t.Fatal(err)
	}
	return yes
}
