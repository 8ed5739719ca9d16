package schema

import "tidemark/summary"

var reasonGroup = group{
	"ReasonCode": Enum(ReasonCodes...).About("Tidemark's own reason codes: a closed set."),
	"ProducerReason": Schema{"type": "string", "pattern": `^[a-z][a-z0-9_]{0,63}$`}.
		About("What a connector gave as a reason, if it looks like a code and not like a secret; else other."),
	"Component": Enum("identity", "records", "retained_bytes", "runs", "schedule", "gaps", "attention", "device", "manifest"),
}

// ReasonCodes are the codes of package summary; a test finds one that is missing.
var ReasonCodes = []string{
	summary.ReasonManifestUnavailable, summary.ReasonManifestInvalid, summary.ReasonSummaryMissing, summary.ReasonMarksPending,
	summary.ReasonEvidenceFailed, summary.ReasonRevoked, summary.ReasonPaused, summary.ReasonDraft, summary.ReasonAttentionRequired,
	summary.ReasonAttentionInProgress, summary.ReasonNoOpenAttention, summary.ReasonAttentionUnknown,
	summary.ReasonProjectionCurrent, summary.ReasonProjectionBehind, summary.ReasonProjectionUnreliable,
	summary.ReasonRetriesExhausted, summary.ReasonBackoffActive, summary.ReasonNoBackoff, summary.ReasonRetryNotApplicable,
	summary.ReasonRunAbandoned, summary.ReasonCollectionSucceeded, summary.ReasonCollectionByDevice, summary.ReasonRecordsImported,
	summary.ReasonCollectionFailed, summary.ReasonCollectionUnobserved, summary.ReasonCoverageUnknown, summary.ReasonOlderTerminalGaps,
	summary.ReasonFresh, summary.ReasonStale, summary.ReasonStaleManual, summary.ReasonStaleAssisted, summary.ReasonFreshnessUnknown,
	summary.ReasonNoFreshnessPolicy, summary.ReasonClockSkew, summary.ReasonScheduleEnabled, summary.ReasonSchedulePaused,
	summary.ReasonScheduleAbsent, summary.ReasonScheduleOverdue, summary.ReasonScheduleUnknown, summary.ReasonCredentialsAccepted,
	summary.ReasonCredentialRejected, summary.ReasonCredentialsUnprobed, summary.ReasonRuntimeAvailable,
	summary.ReasonRuntimeUnavailable, summary.ReasonRuntimeUnknown, summary.ReasonNotApplicable, summary.ReasonOutboxIdle,
	summary.ReasonOutboxActive, summary.ReasonOutboxDeadLetters, summary.ReasonOutboxStalePending, summary.ReasonOutboxSilent,
	summary.ReasonOutboxUnknown, summary.ReasonOutboxNotApplicable, summary.ReasonOther,
}
