package summary

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// thresholds lists the moments at which SPEC section 10 lets time alone change something, read from an observation without the code
// under test.
func thresholds(o Observation) []Instant {
	var out []Instant
	after := func(t *Instant, ds ...time.Duration) {
		for _, d := range ds {
			if t != nil {
				out = append(out, t.Add(d))
			}
		}
	}
	x := newOracle(o, noon)
	allowed, any := x.allowed()
	ages := []time.Duration{24 * time.Hour}
	if any {
		ages = append(ages, seconds(allowed))
	}
	after(&o.Identity.CreatedAt, append(ages, 15*time.Minute)...)
	after(o.DirtySince, 2*time.Second)
	for _, at := range o.BehindSince {
		after(&at, 2*time.Second)
	}
	for _, s := range o.Streams {
		after(s.NewestAt, append(ages, -5*time.Minute)...)
	}
	ends := []Instant{}
	for _, r := range []*Run{o.Runs.Last, o.Runs.LastFinished, o.Runs.LastSuccessful} {
		if r != nil {
			end, start := r.End(), r.Start()
			ends = append(ends, end)
			after(&end, append(ages, -5*time.Minute)...)
			if o.Schedule != nil {
				after(&start, seconds(o.Schedule.IntervalSeconds))
			}
		}
	}
	for _, r := range o.Runs.Open.Runs {
		ends = append(ends, r.LastAt)
		after(&r.LastAt, time.Hour)
	}
	if s := o.Schedule; s != nil {
		after(&s.CreatedAt, seconds(s.IntervalSeconds), 2*seconds(s.IntervalSeconds))
		for _, end := range ends {
			after(&end, seconds(s.IntervalSeconds), 24*time.Hour)
			for n := range 10 {
				after(&end, seconds(s.IntervalSeconds)<<n)
			}
		}
	}
	after(o.Gaps.NextAttemptAfter, 0)
	for _, a := range o.Attention.Items {
		after(a.ExpiresAt, 0)
	}
	if d := o.Device; d != nil {
		after(d.NewestHeartbeatAt, append(ages, 15*time.Minute)...)
		after(d.LastIngestAt, append(ages, 15*time.Minute, -5*time.Minute)...)
	}
	return out
}

// TestNextChangeIsTheFirstDifference: of all moments around all thresholds the first at which the bytes differ is the one that
// NextChange names; until then nothing differs, and the hint that a summary carries is never later.
func TestNextChangeIsTheFirstDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, scoped := drawObservation(t), rapid.Bool().Draw(t, "scoped")
		s := Synthesize(o, noon, scoped)
		before := rendered(s)
		var moments []Instant
		for _, at := range thresholds(o) {
			for _, us := range []time.Duration{-1, 0, 1} {
				if m := at.Add(us * time.Microsecond); m.After(noon) {
					moments = append(moments, m)
				}
			}
		}
		next := NextChange(o, noon, scoped)
		if next != nil {
			moments = append(moments, next.Add(-time.Microsecond), noon.Add(next.Sub(noon)/2))
		}
		slices.SortFunc(moments, func(a, b Instant) int { return a.Time().Compare(b.Time()) })
		var first *Instant
		for _, m := range moments {
			if m.After(noon) && rendered(Synthesize(o, m, scoped)) != before {
				first = &m
				break
			}
		}
		if !same(first, next) {
			t.Fatalf("the bytes change first at %v, NextChange says %v", first, next)
		}
		if next != nil && (s.NextChange == nil || s.NextChange.After(*next)) {
			t.Fatalf("the summary's own hint is %v, the first change %v", s.NextChange, next)
		}
	})
}

func rendered(s Summary) string {
	var e encoder
	return e.text(s)
}

// TestNextChangeNamesEachThreshold: one connection for each way in which time alone changes a summary.
func TestNextChangeNamesEachThreshold(t *testing.T) {
	const us = time.Microsecond
	unscheduled := func(o *Observation) { o.Schedule = nil }
	for _, c := range []struct {
		name string
		o    Observation
		in   time.Duration
	}{
		{"the capture goes stale", observed(), 23*time.Hour + us},
		{"nothing ever", observed(unscheduled, func(o *Observation) { o.Connector.Manifest = ptr(`{}`) }), 0},
		{"a back-off ends", observed(func(o *Observation) { failed(o, "network_error", 1, time.Hour) }), time.Hour},
		{"attention expires", observed(func(o *Observation) { asks(o, AttentionOpen, pago(-time.Minute)) }), time.Minute},
		{"a gap is due", observed(unscheduled, func(o *Observation) { o.Gaps = GapFacts{Pending: 1, NextAttemptAfter: pago(-time.Minute)} }), time.Minute},
		{"the grace ends", observed(func(o *Observation) { o.Behind, o.DirtySince = NewSet(Gaps), pago(time.Second) }), time.Second + us},
		{"the grace of one component ends", observed(func(o *Observation) {
			o.Behind, o.DirtySince, o.BehindSince = NewSet(Gaps), pago(time.Hour), map[Component]Instant{Gaps: ago(time.Second)}
		}), time.Second + us},
		{"a run counts as abandoned", observed(func(o *Observation) { running(o, 59*time.Minute) }), time.Minute},
		{"a clock is caught up with", observed(unscheduled, func(o *Observation) {
			o.Runs.LastSuccessful, o.Runs.LastFinished = succeeded(10, -6*time.Minute), succeeded(10, -6*time.Minute)
		}), time.Minute},
		{"a heartbeat is missed", observed(func(o *Observation) { device(o, 14*time.Minute) }), time.Minute + us},
		{"nothing is ingested", observed(func(o *Observation) {
			device(o, time.Minute)
			o.Device.RecordsPending, o.Device.LastIngestAt = 1, pago(14*time.Minute)
		}), time.Minute},
		{"a device falls silent", observed(func(o *Observation) { device(o, 23*time.Hour); o.Runs = RunFactsOf{} }), time.Hour + us},
		{"a first run is late", observed(never, func(o *Observation) { o.Schedule.CreatedAt = ago(3 * time.Hour) }), time.Hour + us},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := NextChange(c.o, noon, false)
			if want := noon.Add(c.in); (at == nil) != (c.in == 0) || at != nil && *at != want {
				t.Errorf("changes at %v, want %v", at, want)
			}
		})
	}
}
