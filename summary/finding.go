package summary

import (
	"fmt"
	"strings"
)

// The tests of conditionTable. Where what a test rests on is unreliable, its outcome is unknown.

func projectionReliable(v *view) finding {
	if bad := v.unreliable(); len(bad) > 0 {
		return fails(ReasonProjectionUnreliable, SeverityError,
			"Not to be relied on now: "+names(bad)+".", nil)
	}
	if !v.standings.current(v.health()...) {
		return undecided(ReasonProjectionBehind, "The evidence is being brought up to date.")
	}
	return holds(ReasonProjectionCurrent, "The evidence equals the source tables.", nil)
}

func attentionClear(v *view) finding {
	a := v.attention
	switch {
	case v.standings[Attention].unreliable:
		return undecided(ReasonAttentionUnknown, "Whether the owner is asked for something is not known.")
	case a.primary != nil:
		f := fails(ReasonAttentionRequired, SeverityWarning, "The connector asks the owner for something.", &a.primary.UpdatedAt)
		f.expires = a.primary.ExpiresAt
		f.remedy = &Remediation{Action: "satisfy_attention", Label: "Answer the request", Target: &a.primary.AttentionID}
		return f
	case a.working != nil:
		f := fails(ReasonAttentionInProgress, SeverityInfo, "A request to the owner is being worked on.", &a.working.UpdatedAt)
		f.expires = a.working.ExpiresAt
		return f
	}
	return holds(ReasonNoOpenAttention, "Nothing is asked of the owner.", nil)
}

func scheduleEligible(v *view) finding {
	s := v.o.Schedule
	switch {
	case len(v.standings.unreliable(Schedule, Runs)) > 0:
		return undecided(ReasonScheduleUnknown, "Whether a schedule is in force is not known.")
	case s == nil:
		return notApplicable(ReasonScheduleAbsent, "There is no schedule.")
	case !s.Enabled:
		return fails(ReasonSchedulePaused, SeverityInfo, "The schedule is disabled.", &s.UpdatedAt)
	case v.late:
		return fails(ReasonScheduleOverdue, SeverityWarning, "The first run is over one interval late.", &s.CreatedAt)
	}
	return holds(ReasonScheduleEnabled, "The schedule is enabled.", &s.UpdatedAt)
}

func credentialsValid(v *view) finding {
	r := v.runs.latest
	switch {
	case v.standings[Runs].unreliable:
		return undecided(ReasonCredentialsUnprobed, "Whether the credentials are accepted is not known.")
	case r.needsOwner():
		f := fails(ReasonCredentialRejected, SeverityBlocked, "The source asks for the owner's credentials again.", &r.ended)
		f.remedy = &Remediation{Action: "refresh_credentials", Label: "Sign in again", Surface: v.o.surface()}
		f.origin = r.origin()
		return f
	case r.succeeded():
		return holds(ReasonCredentialsAccepted, "The last finished run was let in.", &r.ended)
	case r == nil:
		return withoutRun(v)
	case v.runs.failures == 1 && v.o.Runs.LastSuccessful != nil: // nothing in between can have named them
		end := v.o.Runs.LastSuccessful.End()
		return holds(ReasonCredentialsAccepted, "The last successful run was let in.", &end)
	}
	return undecided(ReasonCredentialsUnprobed, "No recent run shows whether they are accepted.")
}

func runtimeAvailable(v *view) finding {
	r := v.runs.latest
	switch {
	case v.standings[Runs].unreliable:
		return undecided(ReasonRuntimeUnknown, "Whether a runtime is available is not known.")
	case r.runtimeMissing():
		f := fails(ReasonRuntimeUnavailable, SeverityBlocked, "The connector's runtime is missing.", &r.ended)
		f.remedy = &Remediation{Action: "check_runtime", Label: "Check the connector's runtime"}
		return f
	case r == nil:
		return withoutRun(v)
	case r.ran:
		return holds(ReasonRuntimeAvailable, "The last finished run had its runtime.", &r.ended)
	}
	return undecided(ReasonRuntimeUnknown, "The last run broke off outside the connector.")
}

// withoutRun is what can be said of a run's conditions before the first one.
func withoutRun(v *view) finding {
	if v.collectsWithoutRuns() {
		return notApplicable(ReasonNotApplicable, "Records arrive without a run.")
	}
	return notApplicable(ReasonNotApplicable, "Nothing has run yet.")
}

func retryPolicyClear(v *view) finding {
	switch {
	case v.standings[Runs].unreliable || v.standings[Schedule].unreliable:
		return undecided(ReasonRetryNotApplicable, "Whether a retry is due is not known.")
	case v.runs.exhausted():
		return fails(ReasonRetriesExhausted, SeverityBlocked,
			fmt.Sprintf("%d runs in a row failed; no more are tried.", v.runs.failures), v.runs.latest.endedAt())
	case v.backoff != nil && v.backoff.NextRunAt != nil && !v.clk.reached(*v.backoff.NextRunAt):
		f := fails(ReasonBackoffActive, SeverityWarning, "The next run waits for the back-off.", v.runs.latest.endedAt())
		f.expires = v.backoff.NextRunAt
		f.remedy = &Remediation{Action: "wait", Label: "Wait for the next run", Retryable: true}
		return f
	case v.o.Schedule == nil:
		return notApplicable(ReasonRetryNotApplicable, "Without a schedule nothing is retried.")
	}
	return holds(ReasonNoBackoff, "No back-off is in force.", nil)
}

func collectionSucceeded(v *view) finding {
	r := v.runs.latest
	switch {
	case v.standings[Runs].unreliable:
		return undecided(ReasonCollectionUnobserved, "Whether the last run succeeded is not known.")
	case r.succeeded():
		return holds(ReasonCollectionSucceeded, "The last finished run succeeded.", &r.ended)
	case r.broken():
		f := fails(ReasonCollectionFailed, SeverityError, "The last finished run failed: "+r.reason+".", &r.ended)
		f.origin = r.origin()
		if !r.needsOwner() && !r.runtimeMissing() && !v.runs.exhausted() {
			f.remedy = &Remediation{Action: "retry_by_runtime", Label: "Try again", Retryable: true}
		}
		return f
	case v.collectsWithoutRuns() && v.o.localDevice():
		return holds(ReasonCollectionByDevice, "The device delivered records.", v.fresh.CapturedAt)
	case v.collectsWithoutRuns():
		return holds(ReasonRecordsImported, "Records were imported.", v.fresh.CapturedAt)
	}
	return undecided(ReasonCollectionUnobserved, "No run has finished yet.")
}

func coverageComplete(v *view) finding {
	observed := v.runs.latest.endedAt()
	retry := &Remediation{Action: "retry_by_runtime", Label: "Collect what is missing", Retryable: true}
	switch v.coverage {
	case CoverageComplete:
		return holds(CoverageComplete, "Every required stream is accounted for.", observed)
	case CoveragePartial:
		f := fails(CoveragePartial, SeverityWarning, "A required stream is not complete.", observed)
		f.remedy = retry
		return f
	case CoverageRetryableGap:
		f := fails(CoverageRetryableGap, SeverityWarning,
			fmt.Sprintf("%d details are still to be recovered.", v.o.Gaps.open()), observed)
		f.remedy = retry
		return f
	case CoverageTerminalGap:
		return fails(CoverageTerminalGap, SeverityError, "The last run lost details for good.",
			v.o.Gaps.NewestTerminalAt)
	}
	if v.runs.latest == nil && v.totals.Records == 0 && len(v.standings.unreliable(coverageRestsOn...)) == 0 {
		return notApplicable(ReasonCoverageUnknown, "Nothing was collected yet.")
	}
	return undecided(ReasonCoverageUnknown, "How much was collected is not known.")
}

// olderTerminalGaps only adds a condition: what was lost before R began does not make R worse.
func olderTerminalGaps(v *view) finding {
	return fails(ReasonOlderTerminalGaps, SeverityInfo,
		fmt.Sprintf("%d details were lost for good in earlier runs.", v.o.Gaps.Terminal), v.o.Gaps.NewestTerminalAt)
}

func freshCondition(v *view) finding {
	f := v.fresh
	switch {
	case f.Status == FreshnessCurrent:
		out := holds(ReasonFresh, "The last capture is recent enough.", f.CapturedAt)
		out.expires = f.staleAt
		return out
	case f.stale():
		out := fails(f.reason, SeverityWarning, "The last capture is older than allowed.", f.CapturedAt)
		if !v.automatic() {
			out.severity = SeverityInfo
		}
		return out
	case f.reason == ReasonNoFreshnessPolicy:
		out := notApplicable(f.reason, "Nothing says how old a capture may be.")
		out.observed = f.CapturedAt
		return out
	case f.reason == ReasonFreshnessUnknown:
		return notApplicable(f.reason, "Nothing was captured yet.")
	case f.reason == ReasonClockSkew:
		out := undecided(f.reason, "The last capture claims to lie ahead of now.")
		out.observed, out.severity = f.CapturedAt, SeverityWarning
		return out
	}
	return undecided(f.reason, "How fresh it is is not known.")
}

func backlogClear(v *view) finding {
	var heard *Instant
	if d := v.o.Device; d != nil {
		heard = d.NewestHeartbeatAt
	}
	switch v.outbox.axis {
	case OutboxIdle:
		return holds(v.outbox.reason, "Nothing waits on the device.", heard)
	case OutboxActive:
		return fails(v.outbox.reason, SeverityInfo, "The device is delivering records.", heard)
	case OutboxStalled:
		f := fails(v.outbox.reason, SeverityError, "Records wait on the device.", heard)
		f.remedy = &Remediation{Action: "clear_backlog", Label: "Look at the device"}
		return f
	}
	if !v.o.localDevice() {
		return notApplicable(v.outbox.reason, "No local device is involved.")
	}
	f := undecided(v.outbox.reason, "The device is silent.")
	f.observed = heard
	if v.silent {
		f.severity = SeverityWarning
	}
	return f
}

func names(cs []Component) string {
	words := make([]string, len(cs))
	for i, c := range cs {
		words[i] = string(c)
	}
	return strings.Join(words, ", ")
}
