package acceptance

import (
	"testing"

	"tidemark/internal/enginetest"
)

// TestUnattributedRuns: of every kind that is nobody's, counted once each, and only for an owner who may know (SPEC section 9 rule 1).
func TestUnattributedRuns(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.siblings() // ada's ci_home and ci_work, bob's ci_bob, all of amazon
		run := func(id, data string) {
			w.Exec(w.t, event("run.completed", id, "amazon", data, "2026-05-20T11:00:00.000000Z"))
		}
		count := func() [2]int64 {
			w.CheckG2(w.t) // counted by whose runs are whose now, whatever a drain has seen of it
			w.CheckG3(w.t)
			return [2]int64{*w.scoped("ada", "ci_home").Unattributed, *w.scoped("bob", "ci_bob").Unattributed}
		}
		expect := func(what string, want [2]int64) {
			w.t.Helper()
			if got := count(); got != want {
				w.t.Errorf("%s: %s: ada's and bob's unattributed runs are %v, want %v", w.Name, what, got, want)
			}
		}
		for _, id := range []string{"own1", "own2"} {
			run(id, home)
		}
		run("named", `{"connection_id":"ci_work"}`)
		expect("runs that belong to somebody", [2]int64{})
		for _, id := range []string{"lost1", "lost2", "lost3"} {
			run(id, `{}`)
		}
		run("unknown", `{"browser_surface_profile_key":"profile-unknown"}`)
		expect("names nobody, of a connector that both use", [2]int64{})
		run("both", `{"connection_id":"ci_home"}`)
		w.Exec(w.t, event("run.progress", "both", "amazon", `{"connection_id":"ci_work"}`, "2026-05-20T11:00:01.000000Z"))
		expect("names two of ada's", [2]int64{1, 0})
		run("keys", home)
		w.Exec(w.t, event("run.progress", "keys", "amazon", `{"browser_surface_profile_key":"profile-bob"}`, "2026-05-20T11:00:01.000000Z"))
		expect("keys of both owners", [2]int64{1, 0})
		run("bobs", `{"browser_surface_profile_key":"profile-bob"}`)
		w.Exec(w.t, event("run.progress", "bobs", "amazon", `{"browser_surface_profile_key":"profile-unknown"}`, "2026-05-20T11:00:01.000000Z"))
		expect("bob's key and one that nobody expects", [2]int64{1, 1})
		w.Exec(w.t, `UPDATE connector_instances SET source_binding = '{"browser_profile_key":"profile-home"}' WHERE connector_instance_id = 'ci_work'`)
		expect("a key that two of ada's share now", [2]int64{3, 1})
		w.Exec(w.t, `DELETE FROM connector_instances WHERE connector_instance_id = 'ci_bob'`)
		w.CheckG2(w.t)
		w.CheckG3(w.t)
		if got := *w.scoped("ada", "ci_home").Unattributed; got != 9 { // what nobody else could own: three lost ones, the unknown, keys and bob's, too
			w.t.Errorf("%s: after bob has gone ada's are %d, want 9", w.Name, got)
		}
		w.Exec(w.t, `UPDATE connector_instances SET source_binding = '{"browser_profile_key":"profile-work"}' WHERE connector_instance_id = 'ci_work'`)
		w.CheckG2(w.t)
		w.CheckG3(w.t)
		w.Foreign(w.t, enginetest.Empty("connector_instances").In(w.Engine), // all that was anybody's is nobody's
			`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('ci_other', 'ada', 'amazon')`)
		w.CheckG2(w.t)
		w.CheckG3(w.t)
		if got := *w.scoped("ada", "ci_other").Unattributed; got != 10 {
			w.t.Errorf("%s: after all have gone ada's are %d, want 10", w.Name, got)
		}
	})
}
