package db_test

import (
	"testing"

	"tidemark/summary"
)

// fleet inserts connections c1 to cN of ann's. Those with an even number expect the profile keys p2, p4 and so on.
func (b *bench) fleet(n int) {
	b.Helper()
	b.exec(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding)
	        SELECT 'c' || i, 'ann', 'shop', CASE i % 2 WHEN 0 THEN json_build_object('browser_profile_key', 'p' || i) ELSE '{}' END FROM generate_series(1, $1::int) i`, n)
}

// Few marks of many connections: how long a drain holds its lock is bounded by the connections that it recomputes.
func TestDrainRecomputesABoundedNumber(t *testing.T) {
	b := captured(t)
	b.fleet(2500)
	if r := b.drain(); len(r.Changed) == 0 || len(r.Changed) > 2000 || !r.More {
		t.Fatalf("%d changed, more %v", len(r.Changed), r.More)
	}
	b.dry()
	b.want("2500", `SELECT count(*)::text FROM tidemark.connector_summary_evidence`)
}

// Marks of runs wait in the backlog, whatever becomes of the connections meanwhile: at no moment is a connection that no mark
// covers wrong, and in the end all are right.
func TestRunsInTheBacklog(t *testing.T) {
	b := captured(t)
	b.fleet(100)
	b.dry()
	// One third of the runs names an odd connection, one third carries the key of an even one, one third says nothing.
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data)
	        SELECT 'run.started', 'r' || i, 'shop', CASE i % 3
	               WHEN 0 THEN json_build_object('connection_id', 'c' || (i % 50 * 2 + 1))
	               WHEN 1 THEN json_build_object('browser_surface_profile_key', 'p' || (i % 50 * 2 + 2)) ELSE '{}' END
	        FROM generate_series(1, 6000) i`)
	b.clean()
	if r := b.drain(); !r.More {
		t.Fatal("nothing was left to the next drain")
	}
	b.want("true", `SELECT (count(*) > 0)::text FROM tidemark.marks_backlog WHERE scope = 'run'`)
	b.clean()
	b.exec(`UPDATE connector_instances SET source_binding = '{"browser_profile_key":"p4"}' WHERE connector_instance_id = 'c2'`)
	b.exec(`UPDATE connector_instances SET source_binding = '{"browser_profile_key":"p2"}' WHERE connector_instance_id = 'c4'`)
	b.connection("new")
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data)
	        SELECT 'run.completed', 'r' || i, 'shop', '{}' FROM generate_series(1, 6000, 7) i`)
	b.clean()
	for more := true; more; {
		more = !b.drain().Empty()
		b.clean()
		if p, err := b.Page(t.Context(), summary.PageQuery{Owner: "ann", Limit: 50}); err != nil || len(p.Observations) != 50 {
			t.Fatalf("%d connections, %v", len(p.Observations), err)
		}
	}
	b.want("0", `SELECT count(*)::text FROM tidemark.pending_marks`)
	b.exec(`TRUNCATE spine_events`)
	b.clean()
	for more := true; more; b.clean() {
		more = !b.drain().Empty()
	}
	b.want("0", `SELECT count(*)::text FROM tidemark.run_evidence`)
}

// A connection comes to expect a key that nobody did, of runs that wait in the backlog with no mark of a connection beside
// them: they are derived before it is said whose they are.
func TestBindingMovesToRunsInTheBacklog(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.dry()
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data)
	        SELECT 'run.started', 'r' || i, 'shop', '{"browser_surface_profile_key":"free"}' FROM generate_series(1, 11000) i`)
	b.drain()
	b.want("true", `SELECT (count(*) > 0)::text FROM tidemark.marks_backlog WHERE scope = 'run'`)
	b.exec(`UPDATE connector_instances SET source_binding = '{"browser_profile_key":"free"}'`)
	for more := true; more; {
		b.clean()
		more = !b.drain().Empty()
	}
	b.want("r11000", `SELECT last_run_json ->> 'run_id' FROM tidemark.connector_summary_evidence`)
	b.clean()
}
