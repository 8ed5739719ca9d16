package summary

import (
	"testing"
	"time"
)

// TestFreshnessThresholds: an age equal to what is allowed is current, one microsecond more is stale; a capture may be five
// minutes ahead of now and no more.
func TestFreshnessThresholds(t *testing.T) {
	captured := func(age time.Duration) func(*Observation) {
		return func(o *Observation) {
			r := succeeded(10, age)
			o.Runs = RunFactsOf{Last: r, LastSuccessful: r, LastFinished: r}
		}
	}
	manifest := func(text string) func(*Observation) {
		return func(o *Observation) { o.Connector.Manifest = &text }
	}
	jitter := func(o *Observation) { o.Schedule.JitterSeconds = 60 }
	const us = time.Microsecond
	cases := []struct {
		name           string
		o              Observation
		status, reason string
	}{
		{"manifest's age", observed(captured(24 * time.Hour)), FreshnessCurrent, ReasonFresh},
		{"manifest's age and a microsecond", observed(captured(24*time.Hour + us)), FreshnessStale, ReasonStale},
		{"two intervals and jitter", observed(manifest(`{}`), jitter, captured(4*time.Hour+time.Minute)), FreshnessCurrent, ReasonFresh},
		{"and a microsecond", observed(manifest(`{}`), jitter, captured(4*time.Hour+time.Minute+us)), FreshnessStale, ReasonStale},
		{"schedule disabled: no age", observed(manifest(`{}`), func(o *Observation) { o.Schedule.Enabled = false }),
			FreshnessUnknown, ReasonNoFreshnessPolicy},
		{"five minutes ahead", observed(captured(-5 * time.Minute)), FreshnessCurrent, ReasonFresh},
		{"and a microsecond ahead", observed(captured(-5*time.Minute - us)), FreshnessUnknown, ReasonClockSkew},
		{"nothing captured", observed(never), FreshnessUnknown, ReasonFreshnessUnknown},
		{"records without a run", observed(func(o *Observation) { o.Runs = RunFactsOf{} }), FreshnessCurrent, ReasonFresh},
		{"assisted", observed(manifest(`{"refresh_policy":{"recommended_mode":"assisted","maximum_staleness_seconds":60}}`)),
			FreshnessStale, ReasonStaleAssisted},
		{"a century's interval", observed(manifest(`{}`), func(o *Observation) {
			o.Schedule.IntervalSeconds, o.Schedule.JitterSeconds = 3155760000, 3155760000
		}), FreshnessCurrent, ReasonFresh},
		{"an age beyond all time", observed(manifest(`{"refresh_policy":{"maximum_staleness_seconds":9007199254740991}}`)),
			FreshnessCurrent, ReasonFresh},
		{"runs unreliable", observed(func(o *Observation) { o.Untrusted = map[Component]string{Runs: "trigger_missing"} }),
			FreshnessUnknown, ReasonProjectionUnreliable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := newView(&c.o, &clock{now: noon})
			if v.fresh.Status != c.status || v.fresh.reason != c.reason {
				t.Errorf("got %s (%s), want %s (%s)", v.fresh.Status, v.fresh.reason, c.status, c.reason)
			}
		})
	}
}

func TestCapturedAt(t *testing.T) {
	ingest := observed(func(o *Observation) { device(o, time.Minute) })
	if got := newView(&ingest, &clock{now: noon}).fresh.CapturedAt; *got != ago(time.Minute) {
		t.Errorf("a local device's later ingest counts: got %v", got)
	}
	account := observed(func(o *Observation) { device(o, time.Minute); o.Identity.SourceKind = "account" })
	if got := newView(&account, &clock{now: noon}).fresh.CapturedAt; *got != ago(time.Hour) {
		t.Errorf("an account's heartbeat does not count: got %v", got)
	}
}

func TestOutbox(t *testing.T) {
	const us = time.Microsecond
	pending := func(n int64, ingest *Instant) func(*Observation) {
		return func(o *Observation) { o.Device.RecordsPending, o.Device.LastIngestAt = n, ingest }
	}
	heard := func(age time.Duration) func(*Observation) { return func(o *Observation) { device(o, age) } }
	cases := []struct {
		name         string
		o            Observation
		axis, reason string
	}{
		{"account", observed(), OutboxUnknown, ReasonOutboxNotApplicable},
		{"idle", observed(heard(15 * time.Minute)), OutboxIdle, ReasonOutboxIdle},
		{"silent", observed(heard(15*time.Minute + us)), OutboxUnknown, ReasonOutboxSilent},
		{"never heard", observed(func(o *Observation) { o.Identity.SourceKind = SourceLocalDevice }), OutboxUnknown, ReasonOutboxUnknown},
		{"active", observed(heard(time.Minute), pending(1, pago(15*time.Minute-us))), OutboxActive, ReasonOutboxActive},
		{"nothing ingested for 15 min", observed(heard(time.Minute), pending(1, pago(15*time.Minute))), OutboxStalled, ReasonOutboxStalePending},
		{"nothing ever ingested", observed(heard(time.Minute), pending(1, nil)), OutboxStalled, ReasonOutboxStalePending},
		{"dead letters", observed(heard(time.Minute), func(o *Observation) { o.Device.DeadLetters = 1 }), OutboxStalled, ReasonOutboxDeadLetters},
		{"device unreliable", observed(heard(time.Minute), func(o *Observation) { o.State = StateFailed }), OutboxUnknown, ReasonOutboxUnknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := newView(&c.o, &clock{now: noon}).outbox; got != (outbox{c.axis, c.reason}) {
				t.Errorf("got %v, want %s (%s)", got, c.axis, c.reason)
			}
		})
	}
}
