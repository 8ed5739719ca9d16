package conformance

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/summary"
)

// pair opens the fleet on both engines, drained.
func pair(t *testing.T) []*enginetest.Engine {
	t.Helper()
	return enginetest.Pair(t, enginetest.ReadFixture(t, "testdata/fleet.sql"))
}

// alike expects the same JSON of every engine, and returns it.
func alike(t *testing.T, engines []*enginetest.Engine, what string, read func(e *enginetest.Engine) any) string {
	t.Helper()
	first := ""
	for _, e := range engines {
		text, err := json.Marshal(read(e))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		} else if first != string(text) {
			t.Errorf("%s:\n%s\nis on %s\n%s", what, first, e.Name, text)
		}
	}
	return first
}

// history walks the runs of a connection in pages.
func history(t *testing.T, e *enginetest.Engine, owner, id string, limit int) []summary.Run {
	t.Helper()
	out := []summary.Run{}
	q := summary.RunsQuery{Owner: owner, ConnectionID: id, Limit: limit}
	for {
		page, err := e.RunHistory(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		if page.Observation == nil || page.Observation.ConnectionID != id || page.More && len(page.Runs) != limit {
			t.Fatalf("%s: page of %s: %d runs, more %v, connection %v", e.Name, id, len(page.Runs), page.More, page.Observation)
		}
		out = append(out, page.Runs...)
		if !page.More {
			return out
		}
		q.Before = &page.Runs[limit-1].FirstSeq
	}
}

// TestRunHistory: every run of a connection, newest first, whatever the page; no run of a sibling, a stranger, or of nobody.
func TestRunHistory(t *testing.T) {
	t.Parallel()
	engines := pair(t)
	want := map[string]string{
		"ci_home": "r_home_7 r_home_6 r_home_5 r_home_4 r_home_3 r_home_2 r_home_1",
		"ci_work": "r_work_2 r_work_1", "ci_twin_a": "", "ci_chase": "r_chase_2 r_chase_1", "ci_chase_home": "r_chase_3",
	}
	for id, runs := range want {
		for _, limit := range []int{1, 2, 7, 100} {
			alike(t, engines, "history of "+id, func(e *enginetest.Engine) any {
				found := history(t, e, "ada", id, limit)
				var ids []string
				for _, r := range found {
					ids = append(ids, r.RunID)
				}
				if got := strings.Join(ids, " "); got != runs {
					t.Errorf("%s: %s by %d: %q, want %q", e.Name, id, limit, got, runs)
				}
				return summary.SummarizeRuns(found)
			})
		}
	}
	for _, e := range engines {
		for _, q := range []summary.RunsQuery{{Owner: "bob", ConnectionID: "ci_home", Limit: 9}, {Owner: "ada", ConnectionID: "amazon", Limit: 9}} {
			if page, err := e.RunHistory(t.Context(), q); err != nil || page.Observation != nil || len(page.Runs) > 0 {
				t.Errorf("%s: %+v: %+v, %v", e.Name, q, page, err)
			}
		}
	}
}

// TestTimeline: the events of a run that is the owner's, at once and before any drain; of no other.
func TestTimeline(t *testing.T) {
	t.Parallel()
	engines := pair(t)
	timeline := func(e *enginetest.Engine, owner, run string, limit int) (connection string, out []summary.EventSummary) {
		q := summary.TimelineQuery{Owner: owner, RunID: run, Limit: limit}
		for {
			page, err := e.Timeline(t.Context(), q)
			if err != nil {
				t.Fatalf("%s: %v", e.Name, err)
			}
			out = append(out, summary.SummarizeEvents(page, run)...)
			if !page.More {
				return page.ConnectionID, out
			}
			q.After = &page.Events[len(page.Events)-1].EventSeq
		}
	}
	for _, limit := range []int{1, 3, 100} {
		text := alike(t, engines, "timeline", func(e *enginetest.Engine) any {
			_, events := timeline(e, "ada", "r_home_1", limit)
			return events
		})
		for _, part := range []string{`"event_seq":10,`, `"event_seq":13,`, `"run_status":"succeeded"`, `"reason":"too_late"`, `[redacted]`} {
			if !strings.Contains(text, part) {
				t.Errorf("no %s in %s", part, text)
			}
		}
		if strings.Contains(text, "hunter2") || strings.Count(text, `"event_seq"`) != 4 {
			t.Errorf("timeline by %d: %s", limit, text)
		}
	}
	whose := func(e *enginetest.Engine, owner, run string) string {
		connection, _ := timeline(e, owner, run, 9)
		return connection
	}
	check := func(where, owner, run, want string) {
		t.Helper()
		for _, e := range engines {
			if got := whose(e, owner, run); got != want {
				t.Errorf("%s, %s: run %s is of %q for %s, want %q", e.Name, where, run, got, owner, want)
			}
		}
	}
	for run, want := range map[string]string{
		"r_home_7": "ci_home", "r_work_1": "ci_work", "r_chase_2": "ci_chase", "r_chase_3": "ci_chase_home",
		"r_twin": "", "r_two_keys": "", "r_nobody": "", "r_stranger": "", "r_both": "", "r_orphan": "", "none": "",
	} {
		check("at first", "ada", run, want)
		check("at first", "bob", run, "")
	}
	for _, e := range engines {
		e.Exec(t, `UPDATE connector_instances SET source_binding = '{}' WHERE connector_instance_id = 'ci_twin_b'`,
			`UPDATE connector_instances SET owner_subject_id = 'bob' WHERE connector_instance_id = 'ci_work'`)
	}
	check("binding changed, not drained", "ada", "r_twin", "ci_twin_a")
	check("owner changed, not drained", "ada", "r_work_1", "")
	check("owner changed, not drained", "bob", "r_work_1", "ci_work")
}

// TestDiagnosis: what is pending, failed and lost of one connection, and of no other owner's.
func TestDiagnosis(t *testing.T) {
	t.Parallel()
	engines := pair(t)
	now := summary.NewInstant(enginetest.Clock)
	diagnose := func(e *enginetest.Engine, owner, id string) *summary.Diagnosis {
		d, err := e.Diagnosis(t.Context(), owner, id)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		return d
	}
	render := func(e *enginetest.Engine) any { // without what differs between engines
		d := diagnose(e, "ada", "ci_home")
		if d.LastDrain == nil || len(d.Capture) == 0 {
			t.Errorf("%s: drain %v, capture %v", e.Name, d.LastDrain, d.Capture)
		}
		d.LastDrain, d.Capture, d.Observation.Version, d.Observation.DirtySince = nil, nil, 0, nil
		for i := range d.Marks {
			d.Marks[i].Since = now
		}
		for c := range d.Observation.BehindSince {
			d.Observation.BehindSince[c] = now
		}
		all, next := summary.Diagnose(*d, now)
		short, nextShort := summary.DiagnoseForOwner(*d, now)
		return []any{all, next, short, nextShort}
	}
	clean := alike(t, engines, "drained", render)
	for _, part := range []string{
		`"pending":0,"parked":0,"since":null,"components":[]`, `"declared":["orders","items"]`, `"dormant":["Zebra",`,
		`"candidates":4,"admitted":0,"deferred":4,"deferred_by_reason":{"owner_required":4}`, `"last_error":null`, `"read_limit":1000`,
	} {
		if !strings.Contains(clean, part) {
			t.Errorf("no %s in %s", part, clean)
		}
	}
	for _, e := range engines {
		if diagnose(e, "bob", "ci_home") != nil || diagnose(e, "ada", "amazon") != nil {
			t.Errorf("%s: a stranger's connection was diagnosed", e.Name)
		}
		e.Exec(t,
			`UPDATE connector_attention SET lifecycle = 'resolved' WHERE connector_instance_id = 'ci_home'`,
			`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('ci_home', 'orders', 'new', '{}', '2026-05-01T00:00:00.000000Z')`,
			`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('ci_work', 'orders', 'new', '{}', '2026-05-01T00:00:00.000000Z')`,
			event(900, "run.completed", "r_new", "amazon", `{"browser_surface_profile_key":"profile-home"}`))
	}
	dirty := alike(t, engines, "behind", render)
	for _, part := range []string{
		`"pending":3,"parked":0,`, `{"component":"records","marks":1,"recount":false,"parked":false,"broad":false,`,
		`{"component":"runs","marks":1,"recount":true,`, `{"component":"runs","state":"stale","as_of":`,
	} {
		if !strings.Contains(dirty, part) {
			t.Errorf("no %s in %s", part, dirty)
		}
	}
	for _, e := range engines {
		if err := e.MarkAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		marks := diagnose(e, "ada", "ci_chase").Marks
		if !slices.ContainsFunc(marks, func(m summary.MarkCount) bool { return m.Broad && m.Component == summary.All }) {
			t.Errorf("%s: %+v", e.Name, marks)
		}
	}
}
