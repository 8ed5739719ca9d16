package summary

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// circumstances are changes of a connection about which all is proven; any two of them are tried together.
var circumstances = map[string]func(*Observation){
	"as it is":            func(*Observation) {},
	"revoked":             func(o *Observation) { o.Identity.Status = "revoked" },
	"paused":              func(o *Observation) { o.Identity.Status = "paused" },
	"attention":           func(o *Observation) { asks(o, AttentionOpen, nil) },
	"attention untrusted": func(o *Observation) { o.Untrusted = map[Component]string{Attention: "trigger_missing"} },
	"gaps untrusted":      func(o *Observation) { o.Untrusted = map[Component]string{Gaps: "trigger_missing"} },
	"manifest missing":    func(o *Observation) { o.Connector.Manifest = nil },
	"runs behind":         func(o *Observation) { o.Behind, o.DirtySince = NewSet(Runs), pago(time.Second) },
	"runs behind long":    func(o *Observation) { o.Behind, o.DirtySince = NewSet(Runs), pago(time.Minute) },
	"credentials":         func(o *Observation) { failed(o, "session_expired", 1, time.Hour) },
	"runtime missing":     func(o *Observation) { failed(o, "runtime_missing", 1, time.Hour) },
	"ten failures":        func(o *Observation) { failed(o, "network_error", 10, time.Hour) },
	"failure":             func(o *Observation) { failed(o, "network_error", 1, time.Hour) },
	"three failures":      func(o *Observation) { failed(o, "network_error", 3, time.Hour) },
	"gap": func(o *Observation) {
		o.Gaps.Pending, o.Gaps.NextAttemptAfter, o.Gaps.Streams = 1, pago(-time.Hour), []StreamGaps{{Stream: "orders", Pending: 1}}
	},
	"terminal gap": func(o *Observation) { o.Gaps.Terminal, o.Gaps.NewestTerminalAt = 1, pago(time.Minute) },
	"dead letters": func(o *Observation) { device(o, time.Minute); o.Device.DeadLetters = 1 },
	"device":       func(o *Observation) { device(o, time.Minute) },
	"never":        never,
	"late":         func(o *Observation) { never(o); o.Schedule.CreatedAt = ago(72 * time.Hour) },
	"disabled":     func(o *Observation) { o.Schedule = &ScheduleFacts{IntervalSeconds: 7200, CreatedAt: ago(time.Hour)} },
	"stale": func(o *Observation) {
		if r := o.Runs.LastSuccessful; r != nil && r == o.Runs.LastFinished {
			old := succeeded(10, 25*time.Hour)
			o.Runs.Last, o.Runs.LastFinished, o.Runs.LastSuccessful = old, old, old
		}
	},
	"manual policy": manual,
	"running":       func(o *Observation) { running(o, time.Minute) },
	"imported":      func(o *Observation) { o.Identity.SourceKind, o.Runs = SourceManual, RunFactsOf{} },
	"ahead of now": func(o *Observation) {
		r := succeeded(10, -time.Hour)
		o.Runs = RunFactsOf{Last: r, LastSuccessful: r, LastFinished: r}
	},
}

// TestPrecedence holds every pair of rows of the state table that can apply at once: the first one wins. Pairs that cannot are
// named, with the reason why; a pair that neither occurs nor is named fails.
func TestPrecedence(t *testing.T) {
	exclusive := map[[2]int]string{
		{4, 7}: "all else is proven: R did not fail", {4, 8}: "without R nothing failed", {4, 9}: "R succeeded",
		{5, 7}: "coverage is complete and R succeeded", {5, 9}: "coverage is complete and R succeeded",
		{7, 8}: "something is proven to have been collected", {8, 9}: "something is proven to have been collected",
	}
	met := map[[2]int]string{}
	pills := map[string]bool{}
	names := slices.Sorted(maps.Keys(circumstances))
	for _, a := range names {
		for _, b := range names {
			for _, c := range []string{"as it is", "disabled", "manual policy", "running"} {
				o := observed(circumstances[a], circumstances[b], circumstances[c])
				rows := checkReading(t, o, noon)
				for i, first := range rows {
					for _, second := range rows[i+1:] {
						met[[2]int{first, second}] = a + ", " + b + ", " + c
					}
				}
				x := newOracle(o, noon)
				pills[x.pill(rows[0])+" "+fmt.Sprint(rows[0])] = true
			}
		}
	}
	for first := 1; first <= 10; first++ {
		for second := first + 1; second <= 10; second++ {
			pair := [2]int{first, second}
			how, occurs := met[pair]
			why, never := exclusive[pair]
			if occurs == never {
				t.Errorf("rows %d and %d: apply at once: %v (%s); said to exclude one another: %v (%s)", first, second, occurs, how, never, why)
			}
		}
	}
	// Every pill over every row over which it can stand.
	for _, want := range strings.Split(`Checking/grey 3|Checking/grey 7|Checking/grey 8|Checking/grey 9|Syncing/green 7|Syncing/green 8|Syncing/green 9|Healthy/green 9|`+
		`Needs refresh/amber 7|Degraded/amber 2|Degraded/amber 5|Degraded/amber 6|Can't collect/red 4|Not measured/grey 1|Not measured/grey 7|`+
		`Not measured/grey 8|Not measured/grey 10`, "|") {
		if !pills[want] {
			t.Errorf("no pill is %q", want)
		}
		delete(pills, want)
	}
	if len(pills) > 0 {
		t.Errorf("pills over rows over which they cannot stand: %v", slices.Sorted(maps.Keys(pills)))
	}
}
