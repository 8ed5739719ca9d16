package summary

import (
	"testing"
	"time"
)

func TestScheduleSummary(t *testing.T) {
	s := Synthesize(observed(), noon, false).Schedule
	if s.EffectiveMode != ModeAutomatic || *s.NextDueAt != noon.Add(time.Hour-time.Minute) || s.SchedulerBackoff != nil {
		t.Errorf("mode %s, due %v, back-off %v", s.EffectiveMode, s.NextDueAt, s.SchedulerBackoff)
	}
	if *s.LastStartedAt != ago(time.Hour+time.Minute) || *s.LastFinishedAt != ago(time.Hour) || *s.LastSuccessfulAt != ago(time.Hour) {
		t.Errorf("last started %v, finished %v, successful %v", s.LastStartedAt, s.LastFinishedAt, s.LastSuccessfulAt)
	}
	s = Synthesize(observed(func(o *Observation) { o.Schedule.Enabled = false }), noon, false).Schedule
	if s.EffectiveMode != ModePaused || s.NextDueAt != nil {
		t.Errorf("disabled: mode %s, due %v", s.EffectiveMode, s.NextDueAt)
	}
	s = Synthesize(observed(manual), noon, false).Schedule
	if s.EffectiveMode != ModeManual {
		t.Errorf("manual policy: mode %s", s.EffectiveMode)
	}
	s = Synthesize(observed(never), noon, false).Schedule
	if *s.NextDueAt != noon.Add(time.Hour) {
		t.Errorf("never ran: due %v, want creation plus interval", s.NextDueAt)
	}
	s = Synthesize(observed(func(o *Observation) { running(o, time.Minute) }), noon, false).Schedule
	if s.ActiveRunID == nil || *s.ActiveRunID != "run_now" || *s.NextDueAt != noon.Add(2*time.Hour-time.Minute) {
		t.Errorf("running: active %v, due %v", s.ActiveRunID, s.NextDueAt)
	}
}

// TestBackoff: max(interval, min(interval * 2^(n-1), 24 h)) after the end of R.
func TestBackoff(t *testing.T) {
	const hour, day = 3600, 86400
	cases := []struct {
		interval, failures int64
		delay              int64 // seconds; 0: nothing is tried
		applied            bool
		class              string
	}{
		{hour, 1, hour, false, BackoffRetryable},
		{hour, 2, 2 * hour, true, BackoffRetryable},
		{hour, 5, 16 * hour, true, BackoffRetryable},
		{hour, 6, day, true, BackoffRetryable},
		{hour, 9, day, true, BackoffRetryable},
		{hour, 10, 0, true, BackoffExhausted},
		{2 * day, 1, 2 * day, false, BackoffRetryable},
		{2 * day, 4, 2 * day, false, BackoffRetryable},
		{1, 9, 256, true, BackoffRetryable},
		{3155760000, 9, 3155760000, false, BackoffRetryable},
	}
	for _, c := range cases {
		s := Synthesize(observed(func(o *Observation) {
			o.Schedule.IntervalSeconds = c.interval
			failed(o, "network_error", c.failures, time.Minute)
		}), noon, false).Schedule
		b := s.SchedulerBackoff
		if b.ConsecutiveFailures != c.failures || b.BackoffApplied != c.applied || *b.ReasonClass != c.class {
			t.Errorf("%+v: got %+v (%s)", c, *b, *b.ReasonClass)
		}
		switch {
		case c.delay == 0 && (b.NextRunAt != nil || s.NextDueAt != nil):
			t.Errorf("%+v: exhausted, yet next_run_at %v, next_due_at %v", c, b.NextRunAt, s.NextDueAt)
		case c.delay != 0 && *b.NextRunAt != later(ago(time.Minute), c.delay):
			t.Errorf("%+v: next_run_at %v, want %v", c, b.NextRunAt, later(ago(time.Minute), c.delay))
		case c.delay != 0 && s.NextDueAt.Before(*b.NextRunAt):
			t.Errorf("%+v: due %v before the back-off ends", c, s.NextDueAt)
		}
	}
	s := Synthesize(observed(func(o *Observation) { failed(o, "otp_required", 1, time.Minute) }), noon, false).Schedule
	if *s.SchedulerBackoff.ReasonClass != BackoffBlocked {
		t.Errorf("credentials: class %s", *s.SchedulerBackoff.ReasonClass)
	}
}

// TestAbandonedRunsCountAsFailures: a run silent for an hour is R if it is the latest, and one more failure in a row.
func TestAbandonedRunsCountAsFailures(t *testing.T) {
	o := observed(func(o *Observation) { failed(o, "network_error", 1, 2*time.Hour); running(o, time.Hour) })
	v := newView(&o, &clock{now: noon})
	if v.runs.failures != 2 || v.runs.latest.reason != ReasonRunAbandoned || v.runs.running != nil {
		t.Errorf("failures %d, latest %+v, running %v", v.runs.failures, v.runs.latest, v.runs.running)
	}
	v = newView(&o, &clock{now: noon.Add(-time.Microsecond)})
	if v.runs.failures != 1 || v.runs.latest.reason != "network_error" || v.runs.running == nil {
		t.Errorf("a moment before: failures %d, latest %+v, running %v", v.runs.failures, v.runs.latest, v.runs.running)
	}
	o.Runs.Open.Runs[0].FirstSeq = 5 // it began before the last success: history
	v = newView(&o, &clock{now: noon})
	if v.runs.failures != 1 || v.runs.latest.reason != "network_error" {
		t.Errorf("an old silent run: failures %d, latest %+v", v.runs.failures, v.runs.latest)
	}
}
