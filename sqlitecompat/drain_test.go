package sqlitecompat

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tidemark/drain"
	"tidemark/summary"
)

// TestDrainBounded drains more connections than one drain takes, with marks that cover all among them.
func TestDrainBounded(t *testing.T) {
	f := newFixture(t)
	f.must(t, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1200)
		INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) SELECT printf('n%04d', i), 'ann', 'bank' FROM n`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5200)
		INSERT INTO spine_events (event_type, run_id, source_id, data) SELECT 'run.completed', 'r' || i, 'bank', json_object('connection_id', printf('n%04d', i % 1200 + 1)) FROM n`)
	first, err := f.Drain(t.Context())
	if err != nil || !first.More || first.Marks != takeConnections+takeRuns {
		t.Errorf("first drain took %d marks, more: %v, error: %v", first.Marks, first.More, err)
	}
	f.check(t)
	f.settle(t)
	before := f.query(t, `SELECT CAST(sum(version) AS TEXT) FROM connector_summary_evidence`)
	if err := f.MarkAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.check(t)
	if got := f.query(t, `SELECT CAST(count(*) AS TEXT) FROM connector_summary_overview WHERE NOT dirty`); got[0] != "0" {
		t.Errorf("%s connections are clean under a mark that covers all", got[0])
	}
	f.settle(t)
	if after := f.query(t, `SELECT CAST(sum(version) AS TEXT) FROM connector_summary_evidence`); !slices.Equal(before, after) {
		t.Error("a recount that changes nothing raises versions")
	}
}

// TestOverflow has one connection whose sizes do not fit: it fails, says so, is parked and retried; the others go on.
func TestOverflow(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "clock.db")
	db, err := Open(t.Context(), path, Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := &fixture{db, path}
	f.must(t, `INSERT INTO connectors (connector_id) VALUES ('k')`, `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('big', 'o', 'k'), ('ok', 'o', 'k')`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1100)
		INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) SELECT i, 'big', 's' || (i % 2), 9007199254740991 FROM n`,
		`INSERT `+records("ok", "s", "a={}@01"))
	f.settle(t)
	stored := `SELECT connector_instance_id || ' ' || state || coalesce(' ' || last_error, '') || CASE WHEN EXISTS (SELECT 1 FROM marks_parked) THEN ' parked' ELSE '' END FROM connector_summary_evidence ORDER BY 1`
	if got := f.query(t, stored); !slices.Equal(got, []string{"big failed size_overflow parked", "ok current parked"}) {
		t.Errorf("evidence %q", got)
	}
	// New marks of the failed connection are parked unread, and nobody else waits for it.
	f.must(t, `DELETE FROM blobs WHERE CAST(blob_id AS INTEGER) > 10`, `INSERT `+records("ok", "s", "b={}@02"))
	f.settle(t)
	if pending, err := f.Pending(t.Context()); pending || err != nil {
		t.Errorf("pending before the retry is due: %v %v", pending, err)
	}
	page, err := f.Page(t.Context(), summary.PageQuery{Owner: "o", Limit: 10})
	if err != nil || len(page.Observations) != 2 || !page.Observations[0].OnlyParked || page.Observations[1].DirtySince != nil {
		t.Errorf("page with a failed connection: %+v %v", page, err)
	}
	now = now.Add(2 * time.Second)
	f.settle(t)
	if got := f.query(t, stored); !slices.Equal(got, []string{"big current", "ok current"}) {
		t.Errorf("evidence after the retry %q", got)
	}
}

// TestRebuild recounts everything, is cut off, goes on, and changes nothing that is right.
func TestRebuild(t *testing.T) {
	f := stocked(t)
	f.must(t, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 250)
		INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) SELECT printf('n%04d', i), 'ann', 'bank' FROM n`,
		`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.failed', 'r1', 'amazon', '{"connection_id":"c1"}')`)
	f.settle(t)
	found, err := f.Verify(t.Context(), nil, nil)
	if err != nil || len(found) != 0 {
		t.Errorf("verify: %v %v", found, err)
	}
	// Evidence goes wrong without anybody noticing.
	f.must(t, `UPDATE retained_size_stream SET record_count = 77 WHERE connector_instance_id = 'c1'`,
		`UPDATE connector_summary_evidence SET total_records = 78 WHERE connector_instance_id = 'n0200'`,
		`UPDATE run_evidence SET status = 'succeeded'`, `DELETE FROM run_names`)
	if found, err = f.Verify(t.Context(), nil, nil); err != nil || len(found) < 2 {
		t.Errorf("verify of wrong evidence: %v %v", found, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = f.Rebuild(ctx, nil, func(done, _ int64) {
		if done > 150 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("rebuild that is cut off: %v", err)
	}
	var steps []int64
	r, err := f.Rebuild(t.Context(), nil, func(done, total int64) {
		steps = append(steps, done)
		if done > total {
			t.Errorf("%d done of %d", done, total)
		}
	})
	if err != nil || !r.Resumed || len(steps) == 0 || steps[0] <= 100 {
		t.Errorf("rebuild goes on: %+v %v %v", r, steps, err)
	}
	f.settle(t)
	if r, err = f.Rebuild(t.Context(), nil, nil); err != nil || r.Resumed || r.Changed != 0 || r.Connections != 253 {
		t.Errorf("rebuild of what is right: %+v %v", r, err)
	}
	f.must(t, `UPDATE connector_summary_evidence SET total_records = 78 WHERE connector_instance_id IN ('c1', 'n0001')`)
	if r, err = f.Rebuild(t.Context(), []string{"c1", "gone"}, nil); err != nil || r.Changed != 1 {
		t.Errorf("rebuild of one: %+v %v", r, err)
	}
	if found, err = f.Verify(t.Context(), []string{"c1", "n0001"}, nil); err != nil || len(found) == 0 || found[0].ConnectionID != "n0001" {
		t.Errorf("verify of two: %v %v", found, err)
	}
}

func TestMark(t *testing.T) {
	f := stocked(t)
	if err := f.Mark(t.Context(), "nobody"); !errors.Is(err, drain.ErrUnknownConnection) {
		t.Errorf("mark of an unknown connection: %v", err)
	}
	if err := f.Mark(t.Context(), "c1"); err != nil {
		t.Fatal(err)
	}
	f.wantMarks(t, "connection all recount c1")
	if err := f.Reconcile(t.Context(), []string{"c1"}); err != nil {
		t.Fatal(err)
	}
	f.wantMarks(t)
	status, err := f.Status(t.Context())
	if err != nil || status.Engine != "sqlite" || status.Connections != 3 || status.Evidence != 3 || status.MarksPending != 0 ||
		status.LastDrainAt == nil || status.MaxVersion == 0 || len(status.Capture) != len(guards) {
		t.Errorf("status %+v %v", status, err)
	}
}

// TestDeletion leaves word of a connection that is gone, and nothing else.
func TestDeletion(t *testing.T) {
	f := stocked(t)
	f.must(t, `DELETE FROM connector_instances WHERE connector_instance_id = 'c1'`)
	result, err := f.Drain(t.Context())
	if err != nil || len(result.Deleted) != 1 || result.Deleted[0].ConnectionID != "c1" || result.Deleted[0].Owner != "ann" {
		t.Errorf("drain: %+v %v", result, err)
	}
	f.settle(t)
	if got := f.query(t, `SELECT owner_subject_id || ' ' || connector_instance_id FROM evidence_deletions`); !slices.Equal(got, []string{"ann c1"}) {
		t.Errorf("deletions %q", got)
	}
	if got := f.query(t, `SELECT connector_instance_id FROM retained_size_stream`); len(got) != 0 {
		t.Errorf("sizes of %q are left", got)
	}
}

// TestRuns attributes runs (SPEC section 9) as they change.
func TestRuns(t *testing.T) {
	f := newFixture(t)
	event := func(run, kind, source, data string) string {
		return fmt.Sprintf(`INSERT INTO spine_events (event_type, run_id, source_id, occurred_at, data) VALUES ('%s', '%s', '%s', '%s', '%s')`, kind, run, source, at("01"), data)
	}
	last := func(want ...string) {
		t.Helper()
		f.settle(t)
		got := f.query(t, `SELECT connector_instance_id || ' ' || coalesce(last_run_json ->> 'run_id', '-') || ' ' || consecutive_failures || ' ' || (open_runs_json ->> 'count')
			FROM connector_summary_evidence ORDER BY 1`)
		if !slices.Equal(got, want) {
			t.Errorf("last runs %q, want %q", got, want)
		}
	}
	f.must(t, event("r1", "run.failed", "amazon", `{"browser_surface_profile_key":"p1"}`), event("r2", "run.started", "amazon", `{"connector_instance_id":"c2"}`))
	last("c1 r1 1 0", "c2 r2 0 1", "c3 - 0 0")
	f.must(t, event("r2", "run.completed", "amazon", `{}`), event("r3", "surface.failed", "amazon", `{"browser_surface_profile_key":"p2"}`))
	last("c1 r1 1 0", "c2 r3 1 0", "c3 - 0 0")
	f.must(t, `UPDATE connector_instances SET source_binding = '{"browser_profile_key":"p1"}' WHERE connector_instance_id = 'c2'`) // now two expect it
	last("c1 - 0 0", "c2 r2 0 0", "c3 - 0 0")
	f.shell(t, `UPDATE connector_instances SET source_binding = '{}' WHERE connector_instance_id = 'c1';`)
	last("c1 - 0 0", "c2 r2 0 0", "c3 - 0 0")
	scoped, err := f.Scoped(t.Context(), "ann", "c2")
	if err != nil || len(scoped.Observations) != 1 || len(scoped.Detail.Runs) != 2 || scoped.Detail.Runs[0].RunID != "r2" || scoped.Detail.UnattributedRuns != 1 {
		t.Errorf("scoped: %+v %v", scoped.Detail, err)
	}
	f.must(t, `DELETE FROM spine_events WHERE run_id = 'r2'`)
	last("c1 - 0 0", "c2 r1 1 0", "c3 - 0 0")
}

// A record whose time is none, which no CHECK has let in, fails its own connection and no other.
func TestTimeThatIsNone(t *testing.T) {
	for _, none := range []string{"never", ""} {
		f := stocked(t)
		f.must(t, `PRAGMA ignore_check_constraints = on`, `UPDATE records SET emitted_at = '`+none+`' WHERE connector_instance_id = 'c1' AND stream = 'orders'`,
			`PRAGMA ignore_check_constraints = off`, `INSERT `+records("c2", "orders", "a={}@01"))
		f.wantMarks(t, recountC1, "connection records c2 orders records:1/2 gained:"+at("01"))
		if _, err := f.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		states := f.query(t, `SELECT connector_instance_id || ' ' || state FROM connector_summary_evidence WHERE connector_instance_id < 'c3' ORDER BY 1`)
		if !slices.Equal(states, []string{"c1 failed", "c2 current"}) {
			t.Errorf("%q: evidence: %q", none, states)
		}
		f.must(t, `UPDATE records SET emitted_at = '`+at("02")+`' WHERE emitted_at = '`+none+`'`)
		f.recovers(t)
	}
}

// A run of which a time is none fails whoever it belongs to, by either kind of writer, and nobody else; so does a connection itself, one
// of which there is no evidence yet as well.
func TestOtherTimesThatAreNone(t *testing.T) {
	const run = `INSERT INTO spine_events (event_type, run_id, source_id, data, occurred_at) VALUES ('run.started', 'r1', 'bank', '{"connection_id":"c1"}', 'yesterday')`
	for _, c := range []struct{ force, right string }{
		{run, `UPDATE spine_events SET occurred_at = '` + at("03") + `' WHERE run_id = 'r1'`},
		{`UPDATE connector_instances SET created_at = 'x' WHERE connector_instance_id = 'c1'`, `UPDATE connector_instances SET created_at = '` + at("03") + `'`},
		{`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, created_at) VALUES ('c1a', 'ann', 'bank', 'x')`,
			`UPDATE connector_instances SET created_at = '` + at("03") + `'`},
	} {
		for _, foreign := range []bool{false, true} {
			f := stocked(t)
			if forced := `PRAGMA ignore_check_constraints = on; ` + c.force + `;`; foreign {
				f.shell(t, forced)
			} else {
				f.must(t, forced, `PRAGMA ignore_check_constraints = off`)
			}
			f.must(t, `INSERT `+records("c2", "orders", "a={}@01"))
			result, err := f.Drain(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", c.force, err)
			}
			failed := f.query(t, `SELECT connector_instance_id || ' ' || reason_code FROM failures ORDER BY 1`)
			if len(failed) != 1 || failed[0] != "c1 recompute_failed" && failed[0] != "c1a recompute_failed" || len(result.Failed) != 1 {
				t.Errorf("%s: failed %q, %+v", c.force, failed, result.Failed)
			}
			states := f.query(t, `SELECT connector_instance_id || ' ' || state || ' ' || total_records FROM connector_summary_evidence WHERE connector_instance_id = 'c2'`)
			if !slices.Equal(states, []string{"c2 current 1"}) {
				t.Errorf("%s: evidence of another: %q", c.force, states)
			}
			f.must(t, c.right)
			f.recovers(t)
		}
	}
}

// recovers ends the back-off of what failed, and holds all against G3 when it has been tried again.
func (f *fixture) recovers(t *testing.T) {
	t.Helper()
	f.must(t, `UPDATE failures SET retry_at = '2001-01-01T00:00:00.000000Z'`)
	f.settle(t)
	if left := f.query(t, `SELECT connector_instance_id FROM failures`); len(left) > 0 {
		t.Errorf("still failed: %q", left)
	}
}
