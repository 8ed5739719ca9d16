package acceptance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// event is a statement that inserts an event of a run.
func event(kind, run, source, data string, occurred string) string {
	return fmt.Sprintf(`INSERT INTO spine_events (event_id, event_type, occurred_at, recorded_at, run_id, source_kind, source_id, data)
		VALUES ('%s/%s/%s', '%[1]s', '%[3]s', '%[3]s', '%[2]s', 'connector', '%[4]s', '%[5]s')`, kind, run, occurred, source, data)
}

// siblings are two browser connections of one connector, and a connection of another owner.
func (w *world) siblings() {
	w.t.Helper()
	w.Exec(w.t,
		`INSERT INTO connectors (connector_id, display_name, manifest, created_at, updated_at) VALUES ('amazon', 'Amazon',
			'{"version":"1","streams":[{"name":"orders","required":true}],"refresh_policy":{"recommended_mode":"automatic","maximum_staleness_seconds":86400}}', `+at+`, `+at+`)`,
		`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, display_name, source_kind, source_binding_key, source_binding, created_at, updated_at) VALUES
			('ci_home', 'ada', 'amazon', 'Amazon (home)', 'browser_collector', 'home', '{"browser_profile_key":"profile-home"}', `+at+`, `+at+`),
			('ci_work', 'ada', 'amazon', 'Amazon (work)', 'browser_collector', 'work', '{"browser_profile_key":"profile-work"}', `+at+`, `+at+`),
			('ci_bob', 'bob', 'amazon', NULL, 'browser_collector', 'bob', '{"browser_profile_key":"profile-bob"}', `+at+`, `+at+`)`,
		`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('ci_home', 'orders', '1', '{"n":1}', '2026-05-20T11:00:00.000000Z')`)
}

// home is what an event of the home profile says.
const home = `{"browser_surface_profile_key":"profile-home"}`

// TestSiblingsHaveTheirOwnRuns: two browser connections of one connector with different profile-keyed runs.
func TestSiblingsHaveTheirOwnRuns(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.siblings()
		w.Exec(w.t, event("run.completed", "r_home", "amazon", home, "2026-05-20T11:00:00.000000Z"),
			event("run.failed", "r_work", "amazon", `{"browser_surface_profile_key":"profile-work","failure_reason":"session_expired"}`, "2026-05-20T11:30:00.000000Z"),
			event("run.completed", "r_nobody", "amazon", `{}`, "2026-05-20T11:40:00.000000Z"),
			event("run.completed", "r_shell", "amazon", `{"browser_surface_profile_key":"draft-shell"}`, "2026-05-20T11:50:00.000000Z"))
		w.Settle(w.t)
		rows := w.list("ada")
		if h, k := rows["ci_home"].LastRun, rows["ci_work"].LastRun; h == nil || k == nil || h.RunID != "r_home" || k.RunID != "r_work" {
			w.t.Fatalf("%s: last runs %+v and %+v", w.Name, h, k)
		}
		if rows["ci_home"].Successful == nil || rows["ci_work"].Successful != nil {
			w.t.Errorf("%s: a success crossed to the sibling", w.Name)
		}
		// Nobody's runs are nobody's; and while bob has a connection of the connector, not even counted for ada.
		if r := w.scoped("ada", "ci_home"); len(*r.RecentRuns) != 1 || *r.Unattributed != 0 {
			w.t.Errorf("%s: %+v, %d unattributed", w.Name, *r.RecentRuns, *r.Unattributed)
		}
		if bob := w.list("bob")["ci_bob"]; bob.LastRun != nil {
			w.t.Errorf("%s: bob got %+v", w.Name, bob.LastRun)
		}
		w.Exec(w.t, `DELETE FROM connector_instances WHERE connector_instance_id = 'ci_bob'`)
		w.Settle(w.t)
		if r := w.scoped("ada", "ci_home"); *r.Unattributed != 2 {
			w.t.Errorf("%s: %d unattributed runs, want 2", w.Name, *r.Unattributed)
		}
		// A binding that changes takes its runs along.
		w.Exec(w.t, `UPDATE connector_instances SET source_binding = '{"browser_profile_key":"draft-shell"}' WHERE connector_instance_id = 'ci_work'`)
		w.Settle(w.t)
		if r := w.scoped("ada", "ci_work"); r.LastRun == nil || r.LastRun.RunID != "r_shell" || *r.Unattributed != 2 {
			w.t.Errorf("%s: last run %+v, %d unattributed", w.Name, r.LastRun, *r.Unattributed)
		}
	})
}

// TestSurfaceFailureHasItsReason: the chain of fallbacks, sanitized.
func TestSurfaceFailureHasItsReason(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.siblings()
		for i, c := range []struct{ data, reason string }{
			{`,"failure_reason":"surface_crashed","browser_surface_wait_reason":"captcha"`, "surface_crashed"},
			{`,"browser_surface_wait_reason":"captcha","browser_surface_status":"up"`, "captcha"},
			{`,"browser_surface_wait_reason":" ","browser_surface_status":"crashed"`, "crashed"},
			{``, "browser_surface_failed"},
			{`,"failure_reason":"cookie sid=0123456789abcdef0123456789abcdef was refused"`, "other"},
		} {
			w.Exec(w.t, event("surface.failed", fmt.Sprint("r", i), "amazon", strings.TrimSuffix(home, "}")+c.data+"}", "2026-05-20T11:00:00.000000Z"))
			w.Settle(w.t)
			listed, deep := w.list("ada")["ci_home"].LastRun, w.scoped("ada", "ci_home").LastRun
			if listed.Status != "surface_failed" || listed.Reason == nil || *listed.Reason != c.reason || *deep.Reason != c.reason {
				w.t.Errorf("%s: %s: reason %v, want %s", w.Name, c.data, listed, c.reason)
			}
			if listed.Text != nil || (deep.Text != nil) != (c.reason == "other") || deep.Text != nil && strings.Contains(*deep.Text, "0123456789") {
				w.t.Errorf("%s: text %v in a list, %v in depth", w.Name, listed.Text, deep.Text)
			}
		}
	})
}

// TestReingestDirtiesNothing: of the same record, of a missing one's deletion, of an empty stream's.
func TestReingestDirtiesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.siblings()
		w.Settle(w.t)
		before := w.list("ada")["ci_home"]
		w.Exec(w.t, `INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('ci_home', 'orders', '1', '{"n":1}', '2026-05-20T11:00:00.000000Z')
				ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = excluded.record_json, emitted_at = excluded.emitted_at`,
			`DELETE FROM records WHERE connector_instance_id = 'ci_home' AND record_key = 'none'`,
			`DELETE FROM records WHERE connector_instance_id = 'ci_home' AND stream = 'empty'`)
		if n := w.Marks(w.t); n != 0 {
			w.t.Errorf("%s: %d marks", w.Name, n)
		}
		if after := w.list("ada")["ci_home"]; after.Evidence.Dirty || after.Evidence.Version != before.Evidence.Version {
			w.t.Errorf("%s: %+v", w.Name, after.Evidence)
		}
	})
}

// TestPlainSQLShowsOnTheNextRead: whatever changes, by whom ever, the next read has it or says what is behind; after the drain it has it.
func TestPlainSQLShowsOnTheNextRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sql string
		live      bool // shown before a drain
		component string
		shows     func(r row) bool
	}{
		{"rename", `UPDATE connector_instances SET display_name = 'Renamed' WHERE connector_instance_id = 'ci_home'`, true, "", func(r row) bool { return *r.DisplayName == "Renamed" }},
		{"revoke", `UPDATE connector_instances SET status = 'revoked', revoked_at = ` + at + ` WHERE connector_instance_id = 'ci_home'`, true, "", func(r row) bool {
			return r.Status == "revoked" && r.Health.State == "idle" && *r.Health.Reason == "revoked"
		}},
		{"record", `INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('ci_home', 'orders', '2', '{}')`, true, "", func(r row) bool {
			return *r.TotalRecords == 2 && r.RecordsState == "known"
		}},
		{"soft deletion", `UPDATE records SET deleted = true WHERE connector_instance_id = 'ci_home'`, true, "", func(r row) bool {
			return *r.TotalRecords == 0 && r.RecordsState == "known_zero"
		}},
		{"manifest", `UPDATE connectors SET manifest = '{"version":"9","streams":[]}' WHERE connector_id = 'amazon'`, true, "", func(r row) bool { return r.Manifest == "9" }},
		{"run", event("run.failed", "r1", "amazon", `{"browser_surface_profile_key":"profile-home","failure_reason":"login_required"}`, "2026-05-20T11:00:00.000000Z"), false, "runs", func(r row) bool {
			return r.LastRun != nil && r.Health.State == "blocked" && *r.Health.Reason == "login_required"
		}},
		{"schedule", `INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('ci_home', 60)`, false, "schedule", func(r row) bool {
			return r.Schedule != nil && r.Schedule.Interval == 60
		}},
		{"gap", `INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream) VALUES ('g', 'ci_home', 'orders')`, false, "gaps", func(r row) bool { return r.Health.State == "degraded" }},
		{"attention", `INSERT INTO connector_attention (attention_id, connector_instance_id, reason_code) VALUES ('a', 'ci_home', 'otp_required')`, false, "attention", func(r row) bool {
			return r.Health.State == "needs_attention"
		}},
		{"deletion", `DELETE FROM connector_instances WHERE connector_instance_id = 'ci_home'`, true, "", func(r row) bool { return r.ID == "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(w *world) {
				w.siblings()
				w.Settle(w.t)
				sibling := w.list("ada")["ci_work"]
				if err := w.Do(w.t.Context(), "foreign", c.sql); err != nil {
					w.t.Fatal(err)
				}
				// A foreign writer on SQLite leaves marks without deltas: then the total is stale, not known.
				r := w.list("ada")["ci_home"]
				if late := slices.Contains(r.Evidence.Stale, c.component) || slices.Contains(r.Evidence.Stale, "records"); late == c.shows(r) || !late && !c.live {
					w.t.Errorf("%s: before the drain it shows: %v, behind: %v", w.Name, c.shows(r), r.Evidence.Stale)
				}
				if r.Verdict.Pill.Tone == "green" && len(r.Evidence.Stale) > 0 {
					w.t.Errorf("%s: a green pill while %v is behind", w.Name, r.Evidence.Stale)
				}
				w.Settle(w.t)
				if r = w.list("ada")["ci_home"]; !c.shows(r) || len(r.Evidence.Stale) > 0 {
					w.t.Errorf("%s: after the drain: %+v", w.Name, r)
				}
				if c.name != "manifest" && w.list("ada")["ci_work"].Evidence.Version != sibling.Evidence.Version {
					w.t.Errorf("%s: the sibling's evidence changed", w.Name)
				}
			})
		})
	}
}

// TestTimeAloneChangesTheVerdict: a freshness threshold is crossed without a write, a drain or a new version (G12).
func TestTimeAloneChangesTheVerdict(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.siblings()
		w.Exec(w.t, event("run.completed", "r1", "amazon", home, "2026-05-20T11:00:00.000000Z"))
		w.Settle(w.t)
		fresh := w.list("ada")["ci_home"]
		w.now = time.Date(2026, 5, 21, 11, 0, 0, 0, time.UTC) // exactly a day old
		if r := w.list("ada")["ci_home"]; r.Freshness.Status != "current" || r.Health.State != "healthy" || fresh.Health.State != "healthy" {
			w.t.Errorf("%s: at the limit %+v, before %+v", w.Name, r, fresh)
		}
		w.now = w.now.Add(time.Microsecond)
		r, counter := w.list("ada")["ci_home"], w.Counter(w.t)
		if r.Freshness.Status != "stale" || r.Health.State != "degraded" || r.Verdict.Pill.Tone != "amber" || r.Evidence.Version != fresh.Evidence.Version {
			w.t.Errorf("%s: past the limit %+v", w.Name, r)
		}
		if w.Settle(w.t); w.Counter(w.t) != counter || w.Marks(w.t) != 0 {
			w.t.Errorf("%s: reading wrote", w.Name)
		}
	})
}

// TestScopedStaysDeep: whichever way one connection is read, and only then.
func TestScopedStaysDeep(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.siblings()
		for i := range 30 {
			w.Exec(w.t, event("run.completed", fmt.Sprintf("r%02d", i), "amazon", home, "2026-05-20T11:00:00.000000Z"))
		}
		for i := range 60 {
			w.Exec(w.t, fmt.Sprintf(`INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream, reason) VALUES ('g%d', 'ci_home', 's%02[1]d', 'timeout')`, i),
				fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('ci_home', 's%02d', '1')`, i))
		}
		w.Exec(w.t, `INSERT INTO connector_attention (attention_id, connector_instance_id, lifecycle) VALUES ('a', 'ci_home', 'resolved')`)
		w.Settle(w.t)
		listed := w.list("ada")["ci_home"]
		if listed.RecentRuns != nil || listed.Gaps != nil || listed.Attention != nil || listed.Unattributed != nil || len(listed.Streams) != 50 || listed.StreamCount != 61 {
			w.t.Errorf("%s: a list row is deep: %+v", w.Name, listed)
		}
		var one struct {
			Data []row `json:"data"`
		}
		w.get("ada", "/_ref/connectors?connection=ci_home", &one)
		for _, r := range []row{one.Data[0], w.scoped("ada", "ci_home")} {
			if r.RecentRuns == nil || len(*r.RecentRuns) != 20 || (*r.RecentRuns)[0].RunID != "r29" || len(*r.Gaps) != 50 || len(*r.Attention) != 1 || r.Unattributed == nil || len(r.Streams) != 61 {
				w.t.Errorf("%s: a scoped read is shallow: %+v", w.Name, r)
			}
		}
		var runs struct {
			Data []run `json:"data"`
		}
		if w.get("ada", "/_ref/connections/ci_home/runs", &runs); len(runs.Data) != 30 || runs.Data[29].RunID != "r00" {
			w.t.Errorf("%s: history %v", w.Name, runs.Data)
		}
		for _, target := range []string{"/_ref/connectors/ci_home", "/_ref/connections/ci_home/runs", "/_ref/runs/r01/timeline", "/_ref/connections/ci_home/diagnostics", "/v1/owner/connections/ci_home/diagnostics"} {
			if mine, his := w.get("ada", target, nil), w.get("bob", target, nil); mine != 200 || his != 404 {
				w.t.Errorf("%s: %s: status %d for ada, %d for bob", w.Name, target, mine, his)
			}
		}
		if got := slices.Sorted(maps.Keys(w.list("bob"))); !slices.Equal(got, []string{"ci_bob"}) {
			w.t.Errorf("%s: bob's list %v", w.Name, got)
		}
	})
}
