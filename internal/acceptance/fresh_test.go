package acceptance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// TestFreshTakesItsOwnFirst: a read with fresh=true is current although more connections wait than several drains would take, and
// leaves those alone.
func TestFreshTakesItsOwnFirst(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.siblings()
		w.Exec(w.t, event("run.failed", "r1", "amazon", home, "2026-05-20T11:00:00.000000Z"))
		w.Exec(w.t, event("run.failed", "r5", "amazon", home, "2026-05-20T11:00:00.000000Z"),
			event("run.progress", "r5", "amazon", `{"browser_surface_profile_key":"profile-other"}`, "2026-05-20T11:00:00.000000Z"))
		w.Exec(w.t, event("run.completed", "work", "amazon", `{"connection_id":"ci_work"}`, "2026-05-20T11:00:00.000000Z"))
		w.Settle(w.t)
		w.fill("ada", "a", 1, 2_500, 0)
		w.Exec(w.t, `UPDATE records SET record_json = '{"n":22}' WHERE connector_instance_id = 'ci_home'`,
			`INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('ci_home', 60)`,
			event("run.completed", "r2", "amazon", home, "2026-05-20T11:10:00.000000Z"), // by its key
			event("run.failed", "r3", "amazon", `{"connection_id":"ci_home"}`, "2026-05-20T11:20:00.000000Z"),
			`UPDATE spine_events SET run_id = 'r4' WHERE run_id = 'r1'`,                    // by what the run was
			`DELETE FROM spine_events WHERE run_id = 'r5' AND event_type = 'run.progress'`, // by what the run names besides
			`DELETE FROM connector_instances WHERE connector_instance_id = 'ci_work'`)
		var r row
		w.get("ada", "/_ref/connectors/ci_home?fresh=true", &r)
		var runs []string
		for _, x := range *r.RecentRuns {
			runs = append(runs, x.RunID)
		}
		if r.Evidence.Dirty || r.LastRun == nil || r.LastRun.RunID != "r3" || r.Schedule == nil || !slices.Equal(runs, []string{"r3", "r2", "r5", "r4"}) {
			w.t.Errorf("%s: %+v, runs %v", w.Name, r, runs)
		}
		if other := w.scoped("ada", "a_002500"); !other.Evidence.Dirty || other.Evidence.Version != 0 {
			w.t.Errorf("%s: another connection was drained, too", w.Name)
		}
		w.CheckG2(w.t)
		if _, err := w.Drain(w.t.Context()); err != nil { // of the rest some wait on, elsewhere; ci_work's run is nobody's all along
			w.t.Fatal(err)
		}
		w.CheckG2(w.t)
		w.CheckG3(w.t)
	})
}

// TestSharedKeyCostsNothing: an event with a profile key that thousands of connections share concerns none of them.
func TestSharedKeyCostsNothing(t *testing.T) {
	t.Parallel()
	w := open(t, enginetest.OpenPostgres(t, pgtest.Shared(t), enginetest.Fixture{})) // whose every statement is traced
	w.siblings()
	w.fill("ada", "a", 1, 300, 1)
	w.Exec(t, `UPDATE connector_instances SET source_binding = '{"browser_profile_key":"Default"}' WHERE connector_id = 'a'`)
	w.Settle(t)
	w.Exec(t, event("run.completed", "shared", "a", `{"browser_surface_profile_key":"Default"}`, "2026-05-20T11:00:00.000000Z"))
	ran := w.Statements.During(func() {
		if _, err := w.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	for _, s := range ran {
		for _, arg := range s.Args {
			if strings.Contains(fmt.Sprint(arg), "a_000") {
				t.Errorf("the drain works on %.60v…:\n%s", arg, s.SQL)
			}
		}
	}
	if len(ran) == 0 {
		t.Error("nothing was traced")
	}
	// A key that is shared no longer gives the one that is left its runs, whether it had any or not.
	w.Exec(t, `UPDATE connector_instances SET source_binding = '{}' WHERE connector_id = 'a' AND connector_instance_id <> 'a_000007'`)
	w.CheckG3(t)
	if r := w.scoped("ada", "a_000007"); r.LastRun == nil || r.LastRun.RunID != "shared" {
		t.Errorf("last run %+v", r.LastRun)
	}
	w.Exec(t, `UPDATE connector_instances SET source_binding = '{"browser_profile_key":"Default"}' WHERE connector_id = 'a' AND connector_instance_id = 'a_000008'`)
	w.CheckG3(t)
	if r := w.scoped("ada", "a_000007"); r.LastRun == nil || r.LastRun.RunID != "a_000007/1" {
		t.Errorf("last run %+v", r.LastRun)
	}
}
