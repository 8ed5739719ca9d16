package db_test

import "testing"

// A connection deleted and created again under its id is another one: nothing of the first is counted for it.
func TestRecreatedConnection(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.record(b.writer, "c1", "s", "1", 10)
	b.dry()
	b.exec(`BEGIN; DELETE FROM connector_instances;
	        INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'bob', 'shop');
	        INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('c1', 't', '1', '1'); COMMIT`)
	b.want("1", `SELECT total_records::text FROM tidemark.connector_summary_overview`)
	b.clean()
	b.dry()
	b.want("1/1", totals, "c1")
	b.clean()
}

// One that fails, is deleted while its retry waits, and is created again, starts without a trace of the failure.
func TestFailedConnectionRecreated(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.started', 'r1', 'shop', '{"connection_id":"c1"}')`)
	b.dry()
	b.exec(`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes)
	        SELECT 'b' || i, 'c1', 's', 9007199254740991 FROM generate_series(1, 1100) i`)
	if r := b.drain(); len(r.Failed) != 1 {
		t.Fatalf("failed: %+v", r.Failed)
	}
	b.clean()
	b.exec(`UPDATE tidemark.failures SET retry_at = 'infinity'`)
	b.exec(`DELETE FROM connector_instances`)
	b.drain()
	b.clean()
	b.connection("c1")
	b.drain()
	b.clean()
	b.exec(`UPDATE tidemark.failures SET retry_at = now()`)
	b.dry()
	b.clean()
	b.want("0 0 1", `SELECT (SELECT count(*) FROM tidemark.marks_parked) || ' ' || (SELECT count(*) FROM tidemark.failures) || ' ' ||
	        (SELECT count(*) FROM tidemark.connector_summary_evidence WHERE state = 'current')`)
}

// A run that ends while its connection cannot be recomputed (its sums overflow) is seen all the same: a part that can be
// recomputed goes on.
func TestRunOfFailedConnectionIsSeen(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.started', 'r1', 'shop', '{"connection_id":"c1"}')`)
	b.dry()
	b.exec(`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes)
	        SELECT 'b' || i, 'c1', 's', 9007199254740991 FROM generate_series(1, 1100) i`)
	b.drain()
	b.exec(`UPDATE tidemark.failures SET retry_at = 'infinity'`)
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.completed', 'r1', 'shop', '{"connection_id":"c1"}')`)
	b.drain()
	b.want("succeeded failed", `SELECT (last_run_json ->> 'status') || ' ' || state FROM tidemark.connector_summary_evidence`)
	b.clean()
}
