package conformance

import (
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// More marks than a page can scan, of more connections than one drain recomputes, wait in the backlog, unfolded. Readers
// add them; runs that name a connection which waits there must not have it counted twice.
func TestBacklog(t *testing.T) {
	t.Parallel()
	e := enginetest.OpenPostgres(t, pgtest.Shared(t), enginetest.Fixture{})
	const numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2050) "
	e.Exec(t, "INSERT INTO connectors (connector_id) VALUES ('k')",
		numbers+"INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) SELECT 'c' || i, 'o', 'k' FROM n",
		numbers+"INSERT INTO records (connector_instance_id, stream, record_key, record_json) SELECT 'c' || i, 's' || k, 'r', '{}' FROM n, generate_series(1, 10) k",
		// The run events come last: all are in one drain.
		numbers+"INSERT INTO spine_events (event_type, run_id, source_id, data) SELECT 'run.started', 'run' || i, 'k', ('{\"connection_id\":\"c' || i || '\"}')::json FROM n",
	)
	waited := int64(0)
	for more := true; more; {
		r, err := e.Drain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		more = r.More
		status, err := e.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		waited = max(waited, status.MarksBacklog)
		e.Exec(t, "UPDATE records SET record_json = '{\"longer\":1}' WHERE connector_instance_id IN ('c1', 'c2049', 'c777') AND stream = 's1'",
			"INSERT INTO records (connector_instance_id, stream, record_key) SELECT connector_instance_id, 'late', gen_random_uuid()::text FROM connector_instances WHERE connector_instance_id LIKE 'c1%'")
		e.Report(t, e.Load(t).Check())
		if t.Failed() {
			t.FailNow()
		}
	}
	if waited == 0 {
		t.Error("nothing waited in the backlog")
	}
	e.CheckG3(t)
}
