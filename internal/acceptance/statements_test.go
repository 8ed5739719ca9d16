package acceptance

import (
	"fmt"
	"testing"

	"tidemark/internal/enginetest"
)

// most is the most statements that a list page may cost, the token's included (SPEC G13, bar P9).
const most = 3

// read is a target, and the most statements that it may cost.
type read struct {
	target string
	most   int
}

// scopedReads are reads of one connection, which has runs.
var scopedReads = []read{
	{"/_ref/connectors?connection=a_000001", 8}, {"/_ref/connectors/a_000001", 8}, {"/_ref/connections/a_000001", most},
	{"/_ref/connections/a_000001/runs?limit=100", 4}, {"/_ref/connections/a_000001/diagnostics", 8},
	{"/v1/owner/connections/a_000001/diagnostics", 8}, {"/_ref/runs/a_000001%2F1/timeline", most},
}

// TestStatementCounts: how many statements a read costs depends on nothing but what is read: not on the page, the fleet or the history.
func TestStatementCounts(t *testing.T) {
	t.Parallel()
	reads := append([]read{
		{"/_ref/connectors?limit=1", most}, {"/_ref/connectors?limit=10", most}, {"/_ref/connectors?limit=100", most},
		{"/_ref/connectors?limit=10&q=a_&status=active", most}, {"/_ref/connectors?limit=10&state=healthy", most},
		{"/_ref/connectors?limit=10&profile=identity_inventory", most}, {"/_ref/connections?limit=100", most}, {"/_ref/schedules?limit=10", most},
	}, scopedReads...)
	each(t, func(w *world) {
		want := map[string]int{}
		for _, step := range []struct{ from, to, runs int }{{1, 10, 0}, {1, 10, 30}, {11, 1_000, 5}, {1_001, 10_000, 0}} {
			if step.from > 1 || step.runs == 0 {
				w.fill("ada", "a", step.from, step.to, step.runs)
			} else { // of those that are there
				w.history("a", step.from, step.to, step.runs)
			}
			w.Settle(w.t)
			for _, r := range reads {
				status := 0
				ran := w.Statements.During(func() { status = w.get("ada", r.target, nil) })
				if status == 404 && step.from == 1 && step.runs == 0 { // the timeline of a run that there is not yet
					continue
				}
				if n, known := want[r.target]; status != 200 || known && n != len(ran) || len(ran) > r.most {
					w.t.Errorf("%s: %s: status %d, costs %d statements out of %d connections, before %d, at most %d:\n%s",
						w.Name, r.target, status, len(ran), step.to, n, r.most, texts(ran))
				}
				want[r.target] = len(ran)
			}
		}
	})
}

// TestScopedReadsTouchNoOther: nothing that a read of one connection does grows with the others of its connector, of its owner and of
// another, nor with their runs.
func TestScopedReadsTouchNoOther(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fill("ada", "a", 1, 100, 2)
		w.Exec(w.t, event("run.failed", "nobodys", "a", `{"connection_id":"a_gone"}`, "2026-05-20T11:00:00.000000Z"),
			event("run.failed", "nobodys too", "a", `{"browser_surface_profile_key":"none"}`, "2026-05-20T11:00:00.000000Z"),
			event("run.failed", "nameless", "a", `{}`, "2026-05-20T11:00:00.000000Z"))
		measure := func() map[string]int64 {
			w.Settle(w.t)
			if w.Name == enginetest.Postgres {
				w.Foreign(w.t, "VACUUM ANALYZE")
			}
			out := map[string]int64{}
			for _, r := range scopedReads {
				out[r.target] = w.Work(w.t, w.Statements.During(func() { w.get("ada", r.target, nil) }))
			}
			return out
		}
		few := measure()
		w.fill("ada", "a", 101, 1_000, 3)
		w.fill("bob", "a", 1_001, 2_000, 1)
		for target, n := range measure() {
			// Postgres reads a table of 100 rows whole, rather than by an index. One of 2,000 it must not.
			if n > few[target] || w.Name == enginetest.Postgres && n > 100 {
				w.t.Errorf("%s: %s: work is %d among 100 connections, %d among 2,000", w.Name, target, few[target], n)
			}
		}
	})
}

func texts(ran []enginetest.Traced) string {
	out := ""
	for _, s := range ran {
		out += fmt.Sprintf("-- %v\n%s\n", s.Args, s.SQL)
	}
	return out
}
