package summary

// Tidemark's own reason codes: a closed set. What producers say is shown beside them, sanitized (SanitizeReason).
// Where clients of the PDPP reference know a word for the same thing, it is that word.
const (
	// Of components.
	ReasonManifestUnavailable = "manifest_unavailable" // the connector has none
	ReasonManifestInvalid     = "manifest_invalid"     // it is not what SPEC section 3 describes
	ReasonSummaryMissing      = "summary_missing"      // no evidence has been derived yet
	ReasonMarksPending        = "marks_pending"        // changed since; the drain has not caught up
	ReasonEvidenceFailed      = "evidence_failed"      // the last recompute failed
	ReasonRecomputeFailed     = "recompute_failed"     // it failed in the database
	ReasonSizeOverflow        = "size_overflow"        // sums do not fit 64 bits
	ReasonUntrusted           = "untrusted"            // capture of a table is not to be trusted

	// Of the state (SPEC section 10), and of its conditions.
	ReasonRevoked              = "revoked"
	ReasonPaused               = "paused"
	ReasonDraft                = "draft"
	ReasonAttentionRequired    = "attention_required"
	ReasonAttentionInProgress  = "attention_in_progress"
	ReasonNoOpenAttention      = "no_open_attention"
	ReasonAttentionUnknown     = "attention_unknown"
	ReasonProjectionCurrent    = "projection_current"
	ReasonProjectionBehind     = "projection_behind"
	ReasonProjectionUnreliable = "projection_unreliable"
	ReasonRetriesExhausted     = "retries_exhausted"
	ReasonBackoffActive        = "scheduler_backoff_active"
	ReasonNoBackoff            = "no_active_backoff"
	ReasonRetryNotApplicable   = "retry_not_applicable"
	ReasonRunAbandoned         = "run_abandoned"          // running without an event for an hour
	ReasonUnspecified          = "unspecified"            // a failure that gave none
	ReasonSurfaceFailed        = "browser_surface_failed" // the same of the browser that a run was in
	ReasonCollectionSucceeded  = "collection_succeeded"
	ReasonCollectionByDevice   = "collection_succeeded_local_device"
	ReasonRecordsImported      = "records_imported"
	ReasonCollectionFailed     = "collection_failed"
	ReasonCollectionUnobserved = "collection_not_observed"
	ReasonCoverageUnknown      = "coverage_unknown"
	ReasonOlderTerminalGaps    = "older_terminal_gaps"
	ReasonFresh                = "fresh"
	ReasonStale                = "stale"
	ReasonStaleManual          = "stale_manual_refresh"
	ReasonStaleAssisted        = "stale_assisted_refresh"
	ReasonFreshnessUnknown     = "freshness_unknown" // nothing was captured
	ReasonNoFreshnessPolicy    = "no_freshness_policy"
	ReasonClockSkew            = "clock_skew"
	ReasonScheduleEnabled      = "schedule_enabled"
	ReasonSchedulePaused       = "schedule_paused"
	ReasonScheduleAbsent       = "schedule_not_configured"
	ReasonScheduleOverdue      = "schedule_overdue"
	ReasonScheduleUnknown      = "schedule_unknown"
	ReasonCredentialsAccepted  = "credentials_accepted"
	ReasonCredentialRejected   = "credential_rejected"
	ReasonCredentialsUnprobed  = "credentials_not_probed"
	ReasonRuntimeAvailable     = "runtime_available"
	ReasonRuntimeUnavailable   = "runtime_unavailable"
	ReasonRuntimeUnknown       = "runtime_state_unknown"
	ReasonNotApplicable        = "not_applicable"
	ReasonOutboxIdle           = "outbox_idle"
	ReasonOutboxActive         = "outbox_active"
	ReasonOutboxDeadLetters    = "outbox_dead_letter_backlog"
	ReasonOutboxStalePending   = "outbox_stale_pending"
	ReasonOutboxSilent         = "outbox_stale_heartbeat"
	ReasonOutboxUnknown        = "outbox_unknown"
	ReasonOutboxNotApplicable  = "outbox_not_applicable"
)

// Producers' failure reasons that the state table names.
const (
	FailureCredentialsInvalid = "credentials_invalid"
	FailureSessionExpired     = "session_expired"
	FailureLoginRequired      = "login_required"
	FailureOTPRequired        = "otp_required"
	FailureRuntimeMissing     = "runtime_missing"
)

// credentialFailures are the failures that only the owner can end.
var credentialFailures = map[string]bool{
	FailureCredentialsInvalid: true, FailureSessionExpired: true, FailureLoginRequired: true, FailureOTPRequired: true,
}
