package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/summary"
)

// deep is a memory with runs, events, gaps and marks, and a second owner who has nothing of them.
func deep() *memory {
	scheduled := connection("amazon", "ci/1 %")
	scheduled.Schedule = &summary.ScheduleFacts{IntervalSeconds: 3600, Enabled: true, CreatedAt: noon, UpdatedAt: noon}
	scheduled.SourceBinding, scheduled.UpdatedAt = `{"browser_profile_key":"p"}`, noon
	plain := connection("gmail", "ci_2")
	plain.SourceBinding = "{}"
	m := newMemory(scheduled, plain)
	for i := range 5 {
		reason, text := summary.ReasonOther, "Error at [redacted]"
		m.runs = append(m.runs, summary.Run{
			RunID: fmt.Sprintf("run/%d", 5-i), FirstSeq: int64(5 - i), Status: summary.RunFailed, FirstAt: noon, LastAt: noon, EventCount: 2,
			FailureReason: &reason, FailureText: &text,
		})
		data := `{"password":"hunter2","n":1,"failure_reason":"Token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0 refused"}`
		m.events = append(m.events, summary.RunEvent{
			EventSeq: int64(i) - 2, EventID: fmt.Sprint(i), EventType: "run.failed", OccurredAt: noon, RecordedAt: noon, Data: &data, DataBytes: 9,
		})
	}
	m.events[4].Data = nil
	later := noon.Add(time.Hour)
	m.detail.Gaps = []summary.Gap{{GapID: "g1"}, {GapID: "g2", NextAttemptAfter: &later, AttemptCount: 3, UpdatedAt: noon.Add(-time.Minute)}}
	m.marks = []summary.MarkCount{{Component: summary.All, Marks: 2, Recount: true, Broad: true, Since: noon}, {Component: summary.Records, Marks: 3, Since: noon}}
	return m
}

// walk reads every page of a list.
func (a api) walk(target string, limit int) []map[string]any {
	a.t.Helper()
	var out []map[string]any
	seen := map[string]bool{}
	for next := fmt.Sprintf("%s?limit=%d", target, limit); ; {
		p := a.page(next)
		out = append(out, p.Data...)
		if !p.HasMore {
			return out
		}
		if seen[*p.NextCursor] || len(p.Data) != limit {
			a.t.Fatalf("%s by %d: cursor given twice, or a short page of %d", target, limit, len(p.Data))
		}
		seen[*p.NextCursor] = true
		next = fmt.Sprintf("%s?limit=%d&cursor=%s", target, limit, *p.NextCursor)
	}
}

func column(rows []map[string]any, name string) []string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprint(r[name]))
	}
	return out
}

func TestRunsAndTimelinesInPages(t *testing.T) {
	a := serve(t, deep())
	runs, timeline := "/_ref/connections/ci%2F1%20%25/runs", "/_ref/runs/run%2F5/timeline"
	for _, limit := range []int{1, 2, 5, 100} {
		if got := column(a.walk(runs, limit), "run_id"); !slices.Equal(got, []string{"run/5", "run/4", "run/3", "run/2", "run/1"}) {
			t.Errorf("runs by %d: %v", limit, got)
		}
		if got := column(a.walk(timeline, limit), "event_seq"); !slices.Equal(got, []string{"-2", "-1", "0", "1", "2"}) {
			t.Errorf("events by %d: %v", limit, got)
		}
	}
	text := a.get(runs).Body.String() + a.get(timeline).Body.String()
	for _, secret := range []string{"hunter2", "eyJ"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s in %s", secret, text)
		}
	}
	if !strings.Contains(text, `"failure_text":"Error at [redacted]"`) || !strings.Contains(text, `"data":null,"data_bytes":9`) {
		t.Error(text)
	}
	// A cursor is bound to its list, its owner and the thing that is read.
	cursor := *a.page(runs + "?limit=2").NextCursor
	for _, target := range []string{timeline, "/_ref/connections/ci_2/runs", "/_ref/connections", "/_ref/connectors"} {
		a.expect(a.get(target+"?cursor="+cursor), http.StatusBadRequest, codeInvalidCursor)
	}
	a.expect(a.get(runs+"?cursor="+*a.page("/_ref/connectors?limit=1").NextCursor), http.StatusBadRequest, codeInvalidCursor)
}

func TestConnectionsAndSchedules(t *testing.T) {
	a := serve(t, deep())
	for _, base := range []string{"/_ref/connections", "/_ref/connector-instances"} {
		var all map[string]json.RawMessage
		w := a.get(base)
		if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || len(all) != 2 {
			t.Errorf("%s: %v, %s", base, err, w.Body)
		}
		if got := column(a.walk(base, 1), "connection_id"); !slices.Equal(got, []string{"ci/1 %", "ci_2"}) {
			t.Errorf("%s: %v", base, got)
		}
		one := a.get(base + "/" + url.PathEscape("ci/1 %"))
		a.expect(one, http.StatusOK, "")
		for _, part := range []string{`"object":"ref_connection"`, `"source_binding":{"browser_profile_key":"p"}`, `"next_due_at":"2026-11-22T12:00:00.000000Z"`} {
			if !strings.Contains(one.Body.String(), part) {
				t.Errorf("no %s in %s", part, one.Body)
			}
		}
		if got := a.page(base + "?limit=9&status=paused").Data; len(got) != 0 {
			t.Errorf("%s: filtered %v", base, got)
		}
	}
	if got := column(a.walk("/_ref/schedules", 1), "connector_instance_id"); !slices.Equal(got, []string{"ci/1 %"}) {
		t.Errorf("schedules: %v", got)
	}
	m := newMemory()
	for i := range maxWhole + 1 {
		m.rows = append(m.rows, connection("c", fmt.Sprintf("ci_%05d", i)))
	}
	a = serve(t, m)
	a.expect(a.get("/_ref/connections"), http.StatusUnprocessableEntity, codeFleetTooLarge)
	a.expect(a.get("/_ref/fleet-health"), http.StatusUnprocessableEntity, codeFleetTooLarge)
	m.rows = m.rows[:summary.MaxExamined+1]
	a.expect(a.get("/_ref/connections"), http.StatusOK, "")
	a.expect(a.get("/_ref/fleet-health"), http.StatusUnprocessableEntity, codeFleetTooLarge)
	m.rows = m.rows[:summary.MaxExamined]
	if w := a.get("/_ref/fleet-health"); !strings.Contains(w.Body.String(), `"configured":1000`) {
		t.Error(w.Body)
	}
}

func TestDiagnostics(t *testing.T) {
	a := serve(t, deep())
	target := "/connections/ci%2F1%20%25/diagnostics"
	all, short := a.get("/_ref"+target), a.get("/v1/owner"+target)
	for _, part := range []string{
		`"pending":5,"parked":0,"since":"2026-11-22T12:00:00.000000Z"`, `"candidates":2,"admitted":1,"deferred":1,"deferred_by_reason":{"cooldown":1},"next_eligible_at":`,
	} {
		if !strings.Contains(all.Body.String(), part) {
			t.Errorf("no %s in %s", part, all.Body)
		}
	}
	if next := short.Header().Get("Tidemark-Next-Change"); next == "" {
		t.Error("nothing says when the gap may be tried")
	}
}

// TestReadsOfOneThing: what is wrong with the id, whose it is, and parameters that are not known.
func TestReadsOfOneThing(t *testing.T) {
	a := serve(t, deep())
	bob := func(target string) func() int {
		return func() int { return a.do("GET", target, nil, "Authorization", "Bearer "+bobs).Code }
	}
	for _, base := range []string{"/_ref/connections/%s", "/_ref/connector-instances/%s", "/_ref/connections/%s/runs", "/_ref/connections/%s/diagnostics", "/v1/owner/connections/%s/diagnostics"} {
		mine := fmt.Sprintf(base, "ci_2")
		a.expect(a.get(mine), http.StatusOK, "")
		if got := bob(mine)(); got != http.StatusNotFound {
			t.Errorf("bob reads %s: %d", mine, got)
		}
		a.expect(a.get(fmt.Sprintf(base, "none")), http.StatusNotFound, codeConnectionNotFound)
		a.expect(a.get(fmt.Sprintf(base, "%00")), http.StatusBadRequest, codeInvalidRequest)
		a.expect(a.get(fmt.Sprintf(base, strings.Repeat("x", 257))), http.StatusBadRequest, codeInvalidRequest)
		a.expect(a.get(mine+"?unknown=1"), http.StatusBadRequest, codeInvalidRequest)
		a.expect(a.do("DELETE", mine+"x/y/z", nil, "Authorization", "Bearer "+adas), http.StatusNotFound, codeNotFound)
		etag := a.get(mine).Header().Get("Etag")
		if w := a.do("GET", mine, nil, "Authorization", "Bearer "+adas, "If-None-Match", etag); w.Code != http.StatusNotModified {
			t.Errorf("%s: status %d with its own tag", mine, w.Code)
		}
	}
	a.expect(a.get("/_ref/runs/none/timeline"), http.StatusNotFound, codeRunNotFound)
	a.expect(a.get("/_ref/runs/run%2F5/timeline?fresh=1"), http.StatusBadRequest, codeInvalidRequest)
	for _, target := range []string{"/_ref/connections?limit=0", "/_ref/schedules?limit=101", "/_ref/connections?state=healthy", "/_ref/fleet-health?limit=1"} {
		a.expect(a.get(target), http.StatusBadRequest, codeInvalidRequest)
	}
	a.expect(a.get("/_ref/connections?cursor="), http.StatusBadRequest, codeInvalidCursor)
	if got := bob("/_ref/runs/run%2F5/timeline")(); got != http.StatusNotFound {
		t.Errorf("bob reads ada's run: %d", got)
	}
}

// TestListsSayWhatIsBehind: in a header, where the shape has no place for it.
func TestListsSayWhatIsBehind(t *testing.T) {
	m := newMemory(behind(connection("c", "ci_1")))
	m.rows[0].Schedule = &summary.ScheduleFacts{IntervalSeconds: 1, Enabled: true, CreatedAt: noon, UpdatedAt: noon}
	a := serve(t, m, func(c *Config) { c.Settle = time.Millisecond })
	for _, target := range []string{"/_ref/connections", "/_ref/connections?limit=1", "/_ref/connections/ci_1", "/_ref/schedules", "/_ref/connections/ci_1/runs"} {
		if got := a.get(target).Header().Get("Tidemark-Behind"); got != "runs" {
			t.Errorf("%s: behind %q", target, got)
		}
	}
}
