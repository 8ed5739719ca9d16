package db_test

import "testing"

// A connection that cannot be recomputed is recorded as failed with a closed reason code, its marks are parked, and the
// others go on; once the cause is gone it recovers by itself.
func TestFailedConnectionDoesNotStarveOthers(t *testing.T) {
	b := open(t)
	b.connection("bad", "good")
	b.drain()
	b.exec(`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes)
	        SELECT 'b' || i, 'bad', 's', 9007199254740991 FROM generate_series(1, 1100) i`)
	b.exec(`INSERT INTO tidemark.marks (component, recount, connector_instance_id) VALUES ('retained_bytes', true, 'bad')`)
	b.record(b.writer, "good", "s", "1", 10)
	r := b.drain()
	if len(r.Failed) != 1 || r.Failed[0].ConnectionID != "bad" || r.Failed[0].ReasonCode != "size_overflow" {
		t.Fatalf("failed: %+v", r.Failed)
	}
	b.want("1/10", totals, "good")
	b.want("failed size_overflow", `SELECT state || ' ' || last_error FROM tidemark.connector_summary_evidence WHERE connector_instance_id = 'bad'`)
	b.want("true", `SELECT dirty::text FROM tidemark.connector_summary_overview WHERE connector_instance_id = 'bad'`)
	b.clean()

	// Until its back-off ends, new marks are parked unread.
	b.exec(`UPDATE tidemark.failures SET retry_at = 'infinity'`)
	b.record(b.writer, "bad", "s", "1", 10)
	if r = b.drain(); len(r.Failed) != 0 {
		t.Errorf("retried before its time: %+v", r.Failed)
	}
	b.want("1", `SELECT total_records::text FROM tidemark.connector_summary_overview WHERE connector_instance_id = 'bad'`)
	if pending, err := b.Pending(t.Context()); err != nil || pending {
		t.Errorf("pending %v, %v: parked marks alone are nothing to do", pending, err)
	}

	b.exec(`DELETE FROM blobs WHERE blob_id <> 'b1'`)
	b.exec(`UPDATE tidemark.failures SET retry_at = now()`)
	if pending, err := b.Pending(t.Context()); err != nil || !pending {
		t.Errorf("pending %v, %v: a retry is due", pending, err)
	}
	b.drain()
	b.want("current", `SELECT state FROM tidemark.connector_summary_evidence WHERE connector_instance_id = 'bad'`)
	b.want("1/9007199254741001", totals, "bad")
	b.want("0", `SELECT count(*)::text FROM tidemark.failures`)
	b.want("0", `SELECT count(*)::text FROM tidemark.pending_marks`)
	b.clean()
}

// What fails inside the database, for one connection of a batch, is undone for that connection alone.
func TestFailingStatementIsIsolated(t *testing.T) {
	b := open(t)
	b.exec(`ALTER TABLE tidemark.retained_size_stream ADD CONSTRAINT broken CHECK (connector_instance_id <> 'c3')`)
	b.connection("c1", "c2", "c3", "c4")
	for _, id := range []string{"c1", "c2", "c3", "c4"} {
		b.record(b.writer, id, "s", "1", 10)
	}
	r := b.drain()
	if len(r.Failed) != 1 || r.Failed[0].ConnectionID != "c3" || r.Failed[0].ReasonCode != "recompute_failed" {
		t.Fatalf("failed: %+v", r.Failed)
	}
	b.want("3", `SELECT count(*)::text FROM tidemark.connector_summary_evidence WHERE state = 'current' AND total_records = 1`)
	b.want("failed", `SELECT state FROM tidemark.connector_summary_evidence WHERE connector_instance_id = 'c3'`)
	b.exec(`ALTER TABLE tidemark.retained_size_stream DROP CONSTRAINT broken`)
	b.exec(`UPDATE tidemark.failures SET retry_at = now()`)
	b.drain()
	b.want("1/10", totals, "c3")
	b.clean()
}

// Deltas that no source rows could give are recounted at once.
func TestImpossibleDeltasAreRecounted(t *testing.T) {
	b := open(t)
	b.connection("c1")
	b.record(b.writer, "c1", "s", "1", 10)
	b.drain()
	b.exec(`INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta)
	        VALUES ('records', 'c1', 's', -5, -50)`)
	if r := b.drain(); len(r.Repaired) != 1 {
		t.Errorf("repaired: %+v", r.Repaired)
	}
	b.want("1/10", totals, "c1")
	b.clean()
}
