package summary

import (
	"testing"
	"time"
)

func TestCoverage(t *testing.T) {
	facts := func(fs ...RunStream) func(*Observation) {
		return func(o *Observation) { o.Runs.LastFinished.Streams = fs }
	}
	fact := func(stream string, considered, covered *int64) RunStream {
		return RunStream{Stream: stream, Considered: considered, Covered: covered}
	}
	gaps := func(g GapFacts) func(*Observation) { return func(o *Observation) { o.Gaps = g } }
	terminal := func(age time.Duration) GapFacts { return GapFacts{Terminal: 1, NewestTerminalAt: pago(age)} }
	silent := func(o *Observation) { // a run without run.started
		running(o, 2*time.Hour)
		o.Runs.Open.Runs[0].StartedAt, o.Runs.Open.Runs[0].FirstAt = nil, ago(3*time.Hour)
	}
	cases := []struct {
		name string
		o    Observation
		want string
	}{
		{"a live record in the required stream", observed(), CoverageComplete},
		{"none", observed(func(o *Observation) { o.Streams = o.Streams[:1] }), CoveragePartial},
		{"facts cover it", observed(facts(fact("orders", ptr(int64(3)), ptr(int64(3))))), CoverageComplete},
		{"verified empty", observed(func(o *Observation) { o.Streams = nil }, facts(fact("orders", ptr(int64(0)), ptr(int64(0))))), CoverageComplete},
		{"facts fall short", observed(facts(fact("orders", ptr(int64(3)), ptr(int64(2))))), CoveragePartial},
		{"facts without a denominator", observed(facts(fact("orders", nil, ptr(int64(2))))), CoveragePartial},
		{"facts of other streams only", observed(facts(fact("items", ptr(int64(1)), ptr(int64(1))))), CoveragePartial},
		{"a gap in progress", observed(gaps(GapFacts{InProgress: 1})), CoverageRetryableGap},
		{"a recovered gap", observed(gaps(GapFacts{Recovered: 1})), CoverageComplete},
		{"a terminal gap when R began", observed(gaps(GapFacts{Terminal: 1, Pending: 1, NewestTerminalAt: pago(time.Hour + time.Minute)})), CoverageTerminalGap},
		{"a terminal gap before", observed(gaps(GapFacts{Terminal: 1, Pending: 1, NewestTerminalAt: pago(time.Hour + time.Minute + time.Microsecond)})), CoverageRetryableGap},
		{"a terminal gap during a run that fell silent", observed(gaps(terminal(3*time.Hour)), silent), CoverageTerminalGap},
		{"a terminal gap before its first event", observed(gaps(terminal(3*time.Hour+time.Microsecond)), silent), CoverageComplete},
		{"no run, no record", observed(never), CoverageUnknown},
		{"no run, records", observed(func(o *Observation) { o.Runs = RunFactsOf{} }), CoverageComplete},
		{"gaps unreliable", observed(func(o *Observation) { o.Untrusted = map[Component]string{Gaps: "trigger_missing"} }), CoverageUnknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := newView(&c.o, &clock{now: noon}).coverage; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestOlderTerminalGapsOnlyAddACondition(t *testing.T) {
	s := Synthesize(observed(func(o *Observation) { o.Gaps = GapFacts{Terminal: 2, NewestTerminalAt: pago(48 * time.Hour)} }), noon, false)
	if s.Health.State != Healthy || len(s.Health.Conditions) != 1 || s.Health.Conditions[0].ID != "SourceCoverageComplete:older_terminal_gaps" {
		t.Errorf("state %s, conditions %+v", s.Health.State, s.Health.Conditions)
	}
	if id := s.Health.SupportingConditionIDs; s.Health.DominantConditionID != nil || len(id) != 1 {
		t.Errorf("dominant %v, supporting %v", s.Health.DominantConditionID, id)
	}
}

// TestCollectionReportOfWhatWasLost: a stream is no better than the newest gap in it that was lost for good, and numbers per stream are
// floors while gaps name none.
func TestCollectionReportOfWhatWasLost(t *testing.T) {
	s := Synthesize(observed(func(o *Observation) {
		o.Gaps = GapFacts{
			Pending: 2, Terminal: 2, NewestTerminalAt: pago(time.Minute),
			Streams: []StreamGaps{{"items", 0, pago(48 * time.Hour)}, {"orders", 1, pago(time.Minute)}},
		}
	}), noon, true)
	for i, want := range []string{CoverageTerminalGap + " " + ForwardTerminal, CoverageComplete + " " + ForwardComplete} {
		r := s.CollectionReport[i]
		if got := r.CoverageCondition + " " + r.ForwardDisposition; got != want || !r.PendingGapsIsFloor {
			t.Errorf("%s: %s, floor %v; want %s", r.Stream, got, r.PendingGapsIsFloor, want)
		}
	}
}

// TestCollectionReport: what no run told is unknown, never a number.
func TestCollectionReport(t *testing.T) {
	s := Synthesize(observed(func(o *Observation) {
		o.Runs.LastFinished.Streams = []RunStream{{Stream: "orders", Considered: ptr(int64(3)), Covered: ptr(int64(3)), Checkpoint: ptr("committed")}}
		o.Gaps = GapFacts{Pending: 2, Streams: []StreamGaps{{Stream: "items", Pending: 2}}}
		o.Streams = append(o.Streams, StreamSize{Stream: "zzz", RecordCount: 1})
	}), noon, true)
	got := render(t, s)["collection_report"].([]any)
	want := []map[string]any{
		{"stream": "orders", "required": true, "coverage_condition": "complete", "forward_disposition": "complete", "considered": 3.0,
			"covered": 3.0, "collected": "unknown", "skipped": "unknown", "checkpoint": "committed", "pending_detail_gaps": 0.0},
		{"stream": "items", "required": false, "coverage_condition": "retryable_gap", "forward_disposition": "resumable",
			"considered": "unknown", "checkpoint": "unknown", "pending_detail_gaps": 2.0, "pending_detail_gaps_is_floor": false},
		{"stream": "zzz", "required": false, "coverage_condition": "unknown", "forward_disposition": "unmeasured"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d reports, want %d", len(got), len(want))
	}
	for i, w := range want {
		for k, v := range w {
			if r := got[i].(map[string]any); r[k] != v {
				t.Errorf("report %d: %s = %v, want %v", i, k, r[k], v)
			}
		}
	}
}
