package summary

import (
	"testing"
	"time"
)

// TestStateTable walks SPEC section 10's table: what decides each row, and what it is called in the verdict.
func TestStateTable(t *testing.T) {
	staleFor := func(age time.Duration) func(*Observation) {
		return func(o *Observation) {
			r := succeeded(10, age)
			o.Runs = RunFactsOf{Last: r, LastSuccessful: r, LastFinished: r}
		}
	}
	fail := func(reason string, n int64, age time.Duration) func(*Observation) {
		return func(o *Observation) { failed(o, reason, n, age) }
	}
	status := func(s string) func(*Observation) { return func(o *Observation) { o.Identity.Status = s } }
	behind := func(age time.Duration, cs ...Component) func(*Observation) {
		return func(o *Observation) { o.Behind, o.DirtySince = NewSet(cs...), pago(age) }
	}
	gap := func(next time.Duration) func(*Observation) {
		return func(o *Observation) {
			o.Gaps = GapFacts{Pending: 2, NextAttemptAfter: pago(-next), Streams: []StreamGaps{{Stream: "orders", Pending: 2}}}
		}
	}
	unscheduled := func(o *Observation) { o.Schedule = nil }
	disabled := func(o *Observation) { o.Schedule.Enabled = false }
	busy := func(o *Observation) { running(o, time.Minute) }

	cases := []struct {
		name     string
		o        Observation
		state    string
		reason   string
		pill     string
		channel  string
		forward  string
		resolver string
		work     string
		action   string
	}{
		{"all proven", observed(), Healthy, "", PillHealthy, "calm", "complete", "healthy", "none", ""},
		{"running over healthy", observed(busy), Healthy, "", PillSyncing, "calm", "complete", "collecting", "working", ""},
		{"revoked", observed(status("revoked")), Idle, "revoked", PillNotMeasured, "calm", "unmeasured", "retired", "none", ""},
		{"paused", observed(status("paused")), Idle, "paused", PillNotMeasured, "calm", "unmeasured", "owner_paused", "none", ""},
		{"draft", observed(status("draft")), Idle, "draft", PillNotMeasured, "calm", "unmeasured", "setup_in_progress", "none", ""},
		{"revoked beats attention", observed(status("revoked"), func(o *Observation) { asks(o, AttentionOpen, nil) }),
			Idle, "revoked", PillNotMeasured, "calm", "unmeasured", "retired", "none", ""},
		{"attention open", observed(func(o *Observation) { asks(o, AttentionOpen, pago(-time.Hour)) }),
			NeedsAttention, "otp_required", PillDegraded, "attention", "awaiting_owner", "needs_owner", "needs_owner", ActAddInfo},
		{"attention acknowledged", observed(func(o *Observation) { asks(o, AttentionAcknowledged, nil) }),
			NeedsAttention, "otp_required", PillDegraded, "attention", "awaiting_owner", "needs_owner", "needs_owner", ActAddInfo},
		{"attention expires now", observed(func(o *Observation) { asks(o, AttentionOpen, &noon) }),
			Healthy, "", PillHealthy, "calm", "complete", "healthy", "none", ""},
		{"attention in progress", observed(func(o *Observation) { asks(o, AttentionInProgress, nil) }),
			Healthy, "", PillHealthy, "calm", "complete", "healthy", "none", ""},
		{"attention beats an unreliable run", observed(behind(time.Hour, Runs), func(o *Observation) { asks(o, AttentionOpen, nil) }),
			NeedsAttention, "otp_required", PillDegraded, "attention", "awaiting_owner", "needs_owner", "needs_owner", ActAddInfo},
		{"attention itself behind", observed(behind(time.Hour, Attention), func(o *Observation) { asks(o, AttentionOpen, nil) }),
			Unknown, ReasonProjectionUnreliable, PillChecking, "calm", "checking", "not_measured", "not_measured", ""},
		{"runs behind for two seconds", observed(behind(2*time.Second, Runs)),
			Healthy, "", PillChecking, "calm", "complete", "healthy", "none", ""},
		{"runs behind for longer", observed(behind(2*time.Second+time.Microsecond, Runs)),
			Unknown, ReasonProjectionUnreliable, PillChecking, "calm", "checking", "not_measured", "not_measured", ""},
		{"bytes behind for long", observed(behind(time.Hour, RetainedBytes)),
			Healthy, "", PillHealthy, "calm", "complete", "healthy", "none", ""},
		{"device behind, no device", observed(behind(time.Hour, Device)),
			Healthy, "", PillHealthy, "calm", "complete", "healthy", "none", ""},
		{"credentials", observed(fail("session_expired", 1, time.Hour)),
			Blocked, "session_expired", PillCantCollect, "attention", "awaiting_owner", "needs_owner", "needs_owner", ActReauth},
		{"runtime missing", observed(fail("runtime_missing", 1, time.Hour)),
			Blocked, "runtime_missing", PillCantCollect, "attention", "terminal", "blocked_maintainer", "system_issue", ActContactSupport},
		{"ten failures", observed(fail("network_error", 10, time.Hour)),
			Blocked, ReasonRetriesExhausted, PillCantCollect, "attention", "terminal", "blocked_maintainer", "system_issue", ActContactSupport},
		{"one failure, retry ahead", observed(fail("network_error", 1, time.Hour)),
			CoolingOff, "network_error", PillDegraded, "advisory", "resumable", "collecting", "working", ActWait},
		{"three failures", observed(fail("network_error", 3, time.Hour)),
			Degraded, "network_error", PillDegraded, "advisory", "resumable", "system_degraded", "system_issue", ActWait},
		{"one failure, nothing planned", observed(unscheduled, fail("network_error", 1, time.Hour)),
			Degraded, "network_error", PillDegraded, "advisory", "resumable", "system_degraded", "system_issue", ActContactSupport},
		{"gap, retry ahead", observed(gap(time.Hour)),
			CoolingOff, CoverageRetryableGap, PillDegraded, "advisory", "resumable", "collecting", "working", ActRetryGap},
		{"gap, retry overdue", observed(unscheduled, gap(-time.Hour)),
			Degraded, CoverageRetryableGap, PillDegraded, "advisory", "resumable", "system_degraded", "system_issue", ActRetryGap},
		{"terminal gap in R", observed(func(o *Observation) {
			o.Gaps = GapFacts{Terminal: 1, NewestTerminalAt: pago(time.Hour)}
		}), Degraded, CoverageTerminalGap, PillDegraded, "advisory", "terminal", "system_degraded", "system_issue", ActWait},
		{"older terminal gap", observed(func(o *Observation) {
			o.Gaps = GapFacts{Terminal: 1, NewestTerminalAt: pago(3 * time.Hour)}
		}), Healthy, "", PillHealthy, "calm", "complete", "healthy", "none", ""},
		{"required stream empty", observed(func(o *Observation) { o.Streams = o.Streams[:1] }),
			Degraded, CoveragePartial, PillDegraded, "advisory", "resumable", "system_degraded", "system_issue", ActWait},
		{"stale, automatic", observed(staleFor(25 * time.Hour)),
			Degraded, ReasonStale, PillDegraded, "advisory", "resumable", "system_degraded", "system_issue", ActWait},
		{"stale, automatic, unscheduled", observed(unscheduled, staleFor(25*time.Hour)),
			Degraded, ReasonStale, PillDegraded, "advisory", "resumable", "system_degraded", "system_issue", ActContactSupport},
		{"stale, manual", observed(manual, unscheduled, staleFor(25*time.Hour)),
			Idle, ReasonStaleManual, PillNeedsRefresh, "advisory", "owner_refresh_due", "refresh_due", "review", ActRefreshNow},
		{"stale, manual, running", observed(manual, unscheduled, staleFor(25*time.Hour), busy),
			Idle, ReasonStaleManual, PillSyncing, "advisory", "owner_refresh_due", "collecting", "working", ActRefreshNow},
		{"schedule disabled", observed(disabled),
			Idle, ReasonSchedulePaused, PillNotMeasured, "advisory", "unmeasured", "refresh_due", "review", ActReattachSchedule},
		{"first run late", observed(never, func(o *Observation) { o.Schedule.CreatedAt = ago(4*time.Hour + time.Microsecond) }),
			Degraded, ReasonScheduleOverdue, PillDegraded, "advisory", "resumable", "system_degraded", "system_issue", ActWait},
		{"first run one interval late", observed(never, func(o *Observation) { o.Schedule.CreatedAt = ago(4 * time.Hour) }),
			Idle, ReasonCollectionUnobserved, PillNotMeasured, "calm", "unmeasured", "not_measured", "none", ""},
		{"never ran", observed(never),
			Idle, ReasonCollectionUnobserved, PillNotMeasured, "calm", "unmeasured", "not_measured", "none", ""},
		{"never ran, running", observed(never, busy),
			Idle, ReasonCollectionUnobserved, PillSyncing, "calm", "unmeasured", "collecting", "working", ""},
		{"manual import", observed(manual, unscheduled, func(o *Observation) {
			o.Identity.SourceKind, o.Runs = SourceManual, RunFactsOf{}
		}), Healthy, "", PillHealthy, "calm", "complete", "healthy", "none", ""},
		{"no allowed age", observed(unscheduled, func(o *Observation) { o.Connector.Manifest = ptr(`{}`) }),
			Healthy, ReasonNoFreshnessPolicy, PillHealthy, "calm", "complete", "healthy", "none", ""},
		{"clock skew", observed(staleFor(-6 * time.Minute)),
			Unknown, ReasonClockSkew, PillNotMeasured, "calm", "unmeasured", "not_measured", "not_measured", ""},
		{"silent run counts as abandoned", observed(func(o *Observation) { running(o, time.Hour) }),
			CoolingOff, ReasonRunAbandoned, PillDegraded, "advisory", "resumable", "collecting", "working", ActWait},
		{"local device", observed(unscheduled, func(o *Observation) { device(o, time.Minute); o.Runs = RunFactsOf{} }),
			Healthy, "", PillHealthy, "calm", "complete", "healthy", "none", ""},
		{"dead letters", observed(func(o *Observation) { device(o, time.Minute); o.Device.DeadLetters = 1 }),
			Degraded, ReasonOutboxDeadLetters, PillDegraded, "advisory", "resumable", "system_degraded", "system_issue", ActWait},
		{"silent device", observed(func(o *Observation) { device(o, 24*time.Hour+time.Microsecond) }),
			Degraded, ReasonOutboxSilent, PillDegraded, "advisory", "resumable", "system_degraded", "system_issue", ActWait},
		{"manifest missing", observed(func(o *Observation) { o.Connector.Manifest = nil }),
			Unknown, ReasonProjectionUnreliable, PillChecking, "calm", "checking", "not_measured", "not_measured", ""},
		{"untrusted records", observed(func(o *Observation) { o.Untrusted = map[Component]string{Records: "trigger_missing"} }),
			Unknown, ReasonProjectionUnreliable, PillChecking, "calm", "checking", "not_measured", "not_measured", ""},
		{"untrusted bytes", observed(func(o *Observation) { o.Untrusted = map[Component]string{RetainedBytes: "trigger_missing"} }),
			Healthy, "", PillHealthy, "calm", "complete", "healthy", "none", ""},
		{"recompute failed", observed(func(o *Observation) { o.State, o.LastError = StateFailed, ptr("recompute_failed") }),
			Unknown, ReasonProjectionUnreliable, PillChecking, "calm", "checking", "not_measured", "not_measured", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := Synthesize(c.o, noon, false)
			reason, action := "", ""
			if s.Health.ReasonCode != nil {
				reason = *s.Health.ReasonCode
			}
			if len(s.Verdict.RequiredActions) > 0 {
				action = s.Verdict.RequiredActions[0].Kind
			}
			got := [...]string{s.Health.State, reason, s.Verdict.Pill.Label, s.Verdict.Channel, s.Health.ForwardDisposition,
				s.OwnerState.Resolver, s.SourceWork, action}
			want := [...]string{c.state, c.reason, c.pill, c.channel, c.forward, c.resolver, c.work, c.action}
			if got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func TestUnknownReasonsNameTheComponents(t *testing.T) {
	s := Synthesize(observed(func(o *Observation) {
		o.Behind, o.DirtySince = NewSet(Gaps, Runs, RetainedBytes), pago(time.Minute)
		o.Connector.Manifest = ptr(`[]`)
	}), noon, false)
	if got := s.Health.UnknownReasons; len(got) != 3 || got[0] != Runs || got[1] != Gaps || got[2] != Manifest {
		t.Errorf("unknown_reasons = %v, want runs, gaps, manifest", got)
	}
	if got := s.Evidence.StaleComponents; len(got) != 3 || got[0] != RetainedBytes || got[1] != Runs || got[2] != Gaps {
		t.Errorf("stale_components = %v, want retained_bytes, runs, gaps", got)
	}
	if s.Health.DominantConditionID == nil || *s.Health.DominantConditionID != "ProjectionReliable:projection_unreliable" {
		t.Errorf("dominant_condition_id = %v", s.Health.DominantConditionID)
	}
}

// TestEvidenceNotYetDerived: a connection that was just inserted claims nothing, and says for how long.
func TestEvidenceNotYetDerived(t *testing.T) {
	fresh := Observe("ci_9", well().Identity, nil, Pending{Since: pago(time.Second)}, well().Connector, nil)
	s := Synthesize(fresh, noon, false)
	if s.TotalRecords != nil || s.TotalRecordsState != CountUnobserved || s.RetainedBytes != nil || s.Health.DetailGapBacklog != nil {
		t.Errorf("unobserved evidence gave values: %+v", s)
	}
	if s.Verdict.Pill.Label != PillChecking || s.Health.State != Idle || s.RecordSnapshot.State != ComponentUnobserved {
		t.Errorf("within the grace: pill %q, state %q, records %q", s.Verdict.Pill.Label, s.Health.State, s.RecordSnapshot.State)
	}
	if s = Synthesize(fresh, noon.Add(2*time.Second), false); s.Health.State != Unknown {
		t.Errorf("after the grace the state is %q, want unknown", s.Health.State)
	}
	fresh.DirtySince = nil // nothing was marked: installed over rows that were there before
	if s = Synthesize(fresh, noon, false); s.Health.State != Unknown {
		t.Errorf("without a mark the state is %q, want unknown", s.Health.State)
	}
}
