package schema

var verdictFields = Fields{
	"pill": Object(Fields{
		"label": Enum("Checking", "Syncing", "Healthy", "Needs refresh", "Degraded", "Can't collect", "Not measured"),
		"tone":  Enum("green", "amber", "red", "grey"),
	}),
	"channel": Enum("attention", "advisory", "calm"), "forward_statement": Text(),
	"required_actions": Array(Ref("RequiredAction")), "annotations": Array(Ref("Annotation")), "progress": Ref("Progress"),
}

var maybeCount = Either(Count(), Const("unknown"))

var verdictGroup = group{
	"Verdict":       Object(verdictFields),
	"ScopedVerdict": Object(with(verdictFields, Fields{"streams": Array(Ref("StreamVerdict"))})),
	"RequiredAction": Object(Fields{
		"kind":     Enum("reauth", "add_info", "retry_gap", "refresh_now", "reattach_schedule", "wait", "contact_support"),
		"audience": Enum("owner", "maintainer", "none"), "urgency": Enum("now", "soon", "overdue", "verifying"), "cta": Text(),
		"terminal": Bool(), "affects": Array(ID()),
		"satisfied_when": Object(Fields{"kind": Enum("attention_resolved", "confirming_run_succeeded", "credential_present_and_unrejected",
			"gap_recovered", "schedule_attached_and_enabled", "none")}),
		"target?": Object(Fields{"kind": Text(), "run_id": Text()}),
	}),
	"Annotation": Object(Fields{
		"kind": Enum("activity", "attention", "coverage", "freshness", "outbox", "schedule"), "text": Text(),
	}),
	"Progress": Object(Fields{
		"mode": Enum("scheduled", "manual", "local_device", "deferred"), "headline": Text(), "last_refreshed_at": Null(Time()),
		"retained_records": Null(Count()), "records_committed_last_run": Null(Count()), "gaps_drained_last_run": Null(Count()),
	}),
	"StreamVerdict": Object(Fields{
		"stream_id": ID(), "coverage": coverage, "disposition": disposition, "statement": Text(), "collected": Null(Count()),
		"considered": Null(Count()),
	}),
	"StreamReport": Object(Fields{
		"stream": ID(), "required": Bool(), "coverage_condition": coverage, "forward_disposition": disposition,
		"collected": maybeCount, "considered": maybeCount, "covered": maybeCount, "checkpoint": Text(), "skipped": maybeCount,
		"pending_detail_gaps": maybeCount, "pending_detail_gaps_is_floor": Bool(), "evidence_as_of": Null(Time()),
	}),
}
