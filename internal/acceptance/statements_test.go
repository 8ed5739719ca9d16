package acceptance

import (
	"fmt"
	"testing"

	"tidemark/internal/enginetest"
)

// most is the most statements that a list page may cost, the token's included (SPEC G13, bar P9).
const most = 3

// TestStatementCounts: what a read costs depends on nothing but what is read: not on the page, the fleet or the history.
func TestStatementCounts(t *testing.T) {
	t.Parallel()
	reads := []struct {
		target string
		most   int
	}{
		{"/_ref/connectors?limit=1", most}, {"/_ref/connectors?limit=10", most}, {"/_ref/connectors?limit=100", most},
		{"/_ref/connectors?limit=10&q=a_&status=active", most}, {"/_ref/connectors?limit=10&state=healthy", most},
		{"/_ref/connectors?limit=10&profile=identity_inventory", most},
		{"/_ref/connectors?connection=a_000001", 8}, {"/_ref/connectors/a_000002", 8},
		{"/_ref/connections?limit=100", most}, {"/_ref/connections/a_000001", most}, {"/_ref/schedules?limit=10", most},
		{"/_ref/connections/a_000001/runs?limit=100", 4}, {"/_ref/runs/a_000001%2F1/timeline", most},
		{"/_ref/connections/a_000001/diagnostics", 8}, {"/v1/owner/connections/a_000001/diagnostics", 8},
	}
	each(t, func(w *world) {
		want := map[string]int{}
		from, runs := 1, 30
		for _, fleet := range []int{10, 1_000, 10_000} {
			w.fill("ada", "a", from, fleet, runs)
			w.Settle(w.t)
			from, runs = fleet+1, 0
			for _, r := range reads {
				ran := w.Statements.During(func() {
					if status := w.get("ada", r.target, nil); status != 200 {
						w.t.Errorf("%s: status %d", r.target, status)
					}
				})
				if n, known := want[r.target]; known && n != len(ran) || len(ran) > r.most {
					w.t.Errorf("%s: %s costs %d statements out of %d connections, before %d, at most %d:\n%s",
						w.Name, r.target, len(ran), fleet, n, r.most, texts(ran))
				}
				want[r.target] = len(ran)
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
