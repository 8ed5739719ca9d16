package matrix

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
)

// replica is a database that another cluster's is replicated into.
type replica struct {
	*enginetest.Engine
	publisher *pgx.Conn
	here      *pgx.Conn
}

// What a subscription copies at first, and what it applies later, is marked like any other write: by row triggers alone.
func TestLogicalReplication(t *testing.T) {
	quick := []pgtest.Option{
		pgtest.Setting("wal_level", "logical"), pgtest.Setting("max_prepared_transactions", "8"),
		pgtest.Setting("logical_decoding_work_mem", "64kB"), pgtest.Setting("wal_retrieve_retry_interval", "20ms"),
	}
	// Two clusters: a subscription to the cluster that it is in would wait for itself.
	published := enginetest.OpenPostgres(t, pgtest.Start(t, quick...), fleet)
	r := replica{Engine: enginetest.OpenPostgres(t, pgtest.Start(t, quick...), enginetest.Fixture{})}
	r.publisher, r.here = client(t, published, false), client(t, r.Engine, false)
	run(t, r.publisher, `CREATE PUBLICATION p FOR TABLE `+strings.Join(enginetest.Tables, ", "))
	run(t, r.here, `CREATE SUBSCRIPTION s CONNECTION '`+published.DSN+`' PUBLICATION p WITH (streaming = on, two_phase = on)`)
	t.Cleanup(func() { // a subscription keeps its database
		_, err := r.here.Exec(context.WithoutCancel(t.Context()), `DROP SUBSCRIPTION s`)
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("initial copy", func(t *testing.T) {
		poll.Until(t, "everything is copied", func() bool { return r.says(t, r.here, `SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel`) })
		if got := len(r.CheckG2(t).Dirty()); got != 4 {
			t.Errorf("%d connections are dirty, want 4", got)
		}
		r.like(t, published)
	})
	const big = `INSERT INTO records ` + columns + ` SELECT 'a', 'big', i, to_json(repeat('x', i % 50)), @05 FROM generate_series(1, 4000) i`
	for _, s := range []shape{
		{name: "rows", write: []string{into + `('a', 's', 'n', '1', @05), ('c', 's', 'n', '1', @05)`, `UPDATE records SET deleted = true WHERE connector_instance_id = 'b'`, `DELETE FROM records WHERE connector_instance_id = 'd'`}, changes: "a:records b:records c:records d:records"},
		{name: "keys", write: []string{`UPDATE records SET connector_instance_id = 'd' WHERE connector_instance_id = 'c'`, `UPDATE blobs SET stream = 'u' WHERE blob_id = '1'`}, changes: "a:retained_bytes c:records d:records"},
		{name: "nothing relevant", write: []string{`UPDATE records SET version = 9`, `UPDATE connector_instances SET updated_at = now()`, `UPDATE spine_events SET status = 'x'`}},
		{name: "all the others", write: []string{`UPDATE connector_schedules SET enabled = false WHERE connector_instance_id = 'a'`, `DELETE FROM connector_detail_gaps WHERE gap_id = '2'`, `UPDATE connector_attention SET lifecycle = 'resolved' WHERE attention_id = '1'`,
			`UPDATE device_heartbeats SET records_pending = 5 WHERE connector_instance_id = 'd'`, `UPDATE spine_events SET event_type = 'run.failed' WHERE event_seq = 2`, `UPDATE connector_instances SET display_name = 'B' WHERE connector_instance_id = 'b'`},
			changes: "a:attention,runs,schedule b:gaps,identity d:device"},
		{name: "a large transaction, streamed", write: []string{`BEGIN`, big, `SAVEPOINT x`, `DELETE FROM records WHERE stream = 'big'`, `ROLLBACK TO x`, `UPDATE records SET emitted_at = @06 WHERE stream = 'big' AND record_key < '3'`, `COMMIT`}, changes: "a:records"},
		{name: "a large transaction, streamed and rolled back", write: []string{`BEGIN`, `DELETE FROM records WHERE stream = 'big'`, big, `ROLLBACK`, `DELETE FROM records WHERE stream = 'big' AND record_key = '7'`}, changes: "a:records"},
		{name: "a prepared transaction", write: []string{`BEGIN`, oneB, `PREPARE TRANSACTION 'two'`, `COMMIT PREPARED 'two'`}, changes: "b:records"},
		{name: "a cascade", write: []string{`DELETE FROM connector_instances WHERE connector_instance_id = 'b'`}, changes: "b:identity"},
		{name: "a truncate", write: []string{`TRUNCATE records, blobs`}, changes: "a:records,retained_bytes d:records", also: "*:records,retained_bytes", unsafe: true},
	} {
		t.Run(s.name, func(t *testing.T) {
			w := watching(t, r.Engine)
			if s.unsafe {
				w.letGo() // a TRUNCATE waits for who has read
			}
			run(t, r.publisher, s.write...)
			r.caughtUp(t)
			w.wrote(s)
			w.letGo()
			r.like(t, published)
		})
	}
	t.Run("a conflict", func(t *testing.T) {
		run(t, r.here, oneA)
		r.CheckG3(t)
		run(t, r.publisher, oneA) // which fails here again and again, until the row is out of the way
		poll.Until(t, "the apply has failed", func() bool {
			return r.says(t, r.here, `SELECT apply_error_count > 0 FROM pg_stat_subscription_stats`)
		})
		r.CheckG2(t)
		run(t, r.here, `DELETE FROM records WHERE record_key = 'n' AND connector_instance_id = 'a'`)
		r.caughtUp(t)
		r.CheckG2(t)
		r.like(t, published)
	})
}

// caughtUp waits until everything that was committed on the publisher has been applied.
func (r replica) caughtUp(t *testing.T) {
	t.Helper()
	var at string
	if err := r.publisher.QueryRow(t.Context(), `SELECT pg_current_wal_lsn()::text`).Scan(&at); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the replica has caught up", func() bool {
		return r.says(t, r.publisher, `SELECT coalesce(bool_or(replay_lsn >= '`+at+`'), false) FROM pg_stat_replication WHERE application_name = 's'`)
	})
}

func (r replica) says(t *testing.T, c *pgx.Conn, query string) (yes bool) {
	t.Helper()
	if err := c.QueryRow(t.Context(), query).Scan(&yes); err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	return yes
}

// like drains both, and compares the source tables of both by what a recount makes of them.
func (r replica) like(t *testing.T, published *enginetest.Engine) {
	t.Helper()
	same(t, published.CheckG3(t).Expected, r.CheckG3(t).Expected)
}

func same[V any](t *testing.T, want, got map[string]V) {
	t.Helper()
	for _, id := range union(want, got) {
		if fmt.Sprint(want[id]) != fmt.Sprint(got[id]) {
			t.Errorf("%s is not what it was copied from:\n%v\n%v", id, want[id], got[id])
		}
	}
}
