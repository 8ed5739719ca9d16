package summary

import "slices"

// ComponentReasons are the reason codes of a COMPONENT.
var ComponentReasons = append([]string{
	ReasonManifestUnavailable, ReasonManifestInvalid, ReasonSummaryMissing, ReasonMarksPending, ReasonEvidenceFailed,
	ReasonRecomputeFailed, ReasonSizeOverflow,
}, CaptureReasons...)

// StateReasons are Tidemark's own reason codes of a connection's state. Beside them stands a producer's: of a failed run, or of
// what an owner is asked for.
var StateReasons = []string{
	ReasonRevoked, ReasonPaused, ReasonDraft, ReasonAttentionRequired, ReasonProjectionUnreliable, ReasonRetriesExhausted,
	ReasonRunAbandoned, ReasonUnspecified, ReasonSurfaceFailed, ReasonOther, CoverageRetryableGap, CoverageTerminalGap, CoveragePartial,
	ReasonOutboxDeadLetters, ReasonOutboxStalePending, ReasonOutboxSilent, ReasonStale, ReasonScheduleOverdue,
	ReasonStaleManual, ReasonStaleAssisted, ReasonSchedulePaused, ReasonCollectionUnobserved, ReasonNoFreshnessPolicy,
	ReasonClockSkew, ReasonFreshnessUnknown, ReasonCoverageUnknown,
}

// ConditionReasons are the reasons of each type of condition.
var ConditionReasons = map[string][]string{
	ProjectionReliable: {ReasonProjectionCurrent, ReasonProjectionBehind, ReasonProjectionUnreliable},
	AttentionClear:     {ReasonNoOpenAttention, ReasonAttentionRequired, ReasonAttentionInProgress, ReasonAttentionUnknown},
	ScheduleEligible: {
		ReasonScheduleEnabled, ReasonSchedulePaused, ReasonScheduleOverdue, ReasonScheduleAbsent, ReasonScheduleUnknown,
	},
	CredentialsValid: {ReasonCredentialsAccepted, ReasonCredentialRejected, ReasonCredentialsUnprobed, ReasonNotApplicable},
	RuntimeAvailable: {ReasonRuntimeAvailable, ReasonRuntimeUnavailable, ReasonRuntimeUnknown, ReasonNotApplicable},
	RetryPolicyClear: {ReasonNoBackoff, ReasonBackoffActive, ReasonRetriesExhausted, ReasonRetryNotApplicable},
	CollectionSucceeded: {
		ReasonCollectionSucceeded, ReasonCollectionByDevice, ReasonRecordsImported, ReasonCollectionFailed, ReasonCollectionUnobserved,
	},
	SourceCoverageComplete: {
		CoverageComplete, CoveragePartial, CoverageRetryableGap, CoverageTerminalGap, ReasonCoverageUnknown, ReasonOlderTerminalGaps,
	},
	Fresh: {
		ReasonFresh, ReasonStale, ReasonStaleManual, ReasonStaleAssisted, ReasonNoFreshnessPolicy, ReasonClockSkew,
		ReasonFreshnessUnknown, ReasonProjectionUnreliable,
	},
	BacklogClear: {
		ReasonOutboxIdle, ReasonOutboxActive, ReasonOutboxDeadLetters, ReasonOutboxStalePending, ReasonOutboxSilent, ReasonOutboxUnknown,
		ReasonOutboxNotApplicable,
	},
}

// ReasonCodes are all of them, sorted: the closed set.
func ReasonCodes() []string {
	all := slices.Concat(ComponentReasons, StateReasons)
	for _, reasons := range ConditionReasons {
		all = append(all, reasons...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
