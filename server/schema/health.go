package schema

var coverage = Enum("unknown", "terminal_gap", "retryable_gap", "partial", "complete")

var disposition = Enum("complete", "resumable", "awaiting_owner", "owner_refresh_due", "checking", "terminal", "unmeasured")

var healthState = Enum("healthy", "degraded", "cooling_off", "blocked", "needs_attention", "idle", "unknown")

var healthGroup = group{
	"Health": Object(Fields{
		"state":       healthState,
		"reason_code": Null(Code()), "axes": Ref("Axes"), "badges": Ref("Badges"),
		"conditions": Array(Ref("Condition")), "dominant_condition_id": Null(Text()), "supporting_condition_ids": Array(Text()),
		"unknown_reasons": Array(Ref("Component")), "forward_disposition": disposition,
		"detail_gap_backlog": Null(Ref("GapBacklog")), "last_success_at": Null(Time()), "next_attempt_at": Null(Time()),
		"next_action": Null(Ref("NextAction")),
	}),
	"Axes": Object(Fields{
		"freshness": Enum("fresh", "stale", "unknown"), "coverage": coverage,
		"attention": Enum("none", "open", "acknowledged", "in_progress"), "outbox": Enum("active", "idle", "stalled", "unknown"),
	}),
	"Badges": Object(Fields{"syncing": Bool(), "stale": Bool()}),
	"GapBacklog": Object(Fields{
		"pending": Count(), "pending_is_floor": Bool(), "recovered": Count(), "terminal": Count(), "max_attempt_count": Count(),
		"next_attempt_at": Null(Time()),
	}),
	"Condition": Object(Fields{
		"id": Schema{"type": "string", "pattern": `^[A-Za-z]+:[a-z][a-z0-9_]*$`},
		"type": Enum("ProjectionReliable", "AttentionClear", "ScheduleEligible", "CredentialsValid", "RuntimeAvailable",
			"RetryPolicyClear", "CollectionSucceeded", "SourceCoverageComplete", "Fresh", "BacklogClear"),
		"status": Enum("true", "false", "unknown", "not_applicable"), "reason": Code(),
		"severity": Enum("info", "warning", "error", "blocked"), "message": Text(),
		"origin":      Enum("connector", "local_device", "operator", "read_model", "readiness", "remote_surface", "runtime", "scheduler"),
		"sensitivity": Const("owner"), "observed_at": Null(Time()), "expires_at": Null(Time()), "current": Bool(),
		"remediation": Null(Object(Fields{
			"action": Text(), "label": Text(), "retryable": Bool(), "target": Null(Text()), "surface?": Text(),
		})),
	}),
	"NextAction": Object(Fields{
		"source": Enum("structured", "schedule_fallback", "none"), "reason_code": Null(Code()), "owner_action": Null(Text()),
		"action_target": Null(Text()), "attention_id": Null(ID()), "expires_at": Null(Time()), "response_contract": Null(Text()),
	}),
}
