package db_test

import "testing"

// The expected keys of a profile that many connections share ("Default") attribute no run. An event that carries it makes
// them all dirty, yet changes nobody.
func TestSharedProfileKeyChangesNobody(t *testing.T) {
	b := captured(t)
	b.exec(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding)
	        SELECT 'c' || i, 'o' || i, 'shop', '{"browser_profile_key":"Default"}' FROM generate_series(1, 20) i`)
	b.connection("solo")
	b.dry()
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data)
	        VALUES ('run.started', 'r1', 'mail', '{"browser_surface_profile_key":"Default"}')`)
	b.want("20", `SELECT count(*)::text FROM tidemark.connector_summary_overview WHERE dirty`)
	if r := b.drain(); len(r.Changed) != 0 {
		t.Errorf("changed: %+v", r.Changed)
	}
	b.clean()
}

// The first run of all counts, whatever number its event was given.
func TestFailureWithTheLeastNumberCounts(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.exec(`INSERT INTO spine_events (event_seq, event_type, run_id, source_id, data)
	        VALUES (-9223372036854775808, 'run.failed', 'r1', 'shop', '{"connection_id":"c1"}')`)
	b.dry()
	b.want("1", `SELECT consecutive_failures::text FROM tidemark.connector_summary_evidence`)
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.completed', 'r2', 'shop', '{"connection_id":"c1"}')`)
	b.dry()
	b.want("0", `SELECT consecutive_failures::text FROM tidemark.connector_summary_evidence`)
}
