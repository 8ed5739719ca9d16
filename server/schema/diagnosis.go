package schema

var runInShort = Object(Fields{
	"run_id": ID(), "status": Enum("running", "succeeded", "failed", "cancelled", "abandoned", "surface_failed"),
	"started_at": Null(Time()), "finished_at": Null(Time()), "failure_reason": Null(Code()),
})

// markedComponent is a component, or all of them.
var markedComponent = Either(Ref("Component"), Const("all"))

var diagnosisGroup = group{
	"Recovery": Object(Fields{
		"admission": Object(Fields{
			"candidates": Count(), "admitted": Count(), "deferred": Count(),
			"deferred_by_reason?": Object(Fields{"budget?": Count(), "cooldown?": Count(), "owner_required?": Count(), "system_issue?": Count()}),
			"next_eligible_at?":   Time(), "why_not_now?": Enum("budget", "cooldown", "owner_required", "system_issue"),
		}),
		"stall":      Object(Fields{"stalled": Bool(), "eligibleCandidates": Count(), "lastAttemptAt": Null(Time())}),
		"read_limit": Count(), "unreadable": Bool(),
	}),
	"OwnerDiagnostics": Object(Fields{
		"object": Const("owner_connection_diagnostics"), "connection_id": ID(), "connector_id": ID(), "connector_key": ID(),
		"display_name": Null(Text()),
		"health": Object(Fields{
			"state": healthState, "reason_code": Null(Code()), "last_success_at": Null(Time()), "next_attempt_at": Null(Time()),
			"axes": Ref("Axes"), "badges": Ref("Badges"),
		}),
		"last_run": Null(runInShort), "last_successful_run": Null(runInShort), "last_ingest_at": Null(Time()),
		"schedule":  Null(Object(Fields{"enabled": Bool(), "interval_seconds": Count()})),
		"freshness": Ref("Freshness"), "recovery": Ref("Recovery"), "rendered_verdict": Ref("ScopedVerdict"),
	}),
	"Diagnostics": Object(Fields{
		"object": Const("connection_diagnostics"), "connection_id": ID(), "connector_instance_id": ID(), "connector_id": ID(),
		"display_name": Null(Text()), "status": connectionStatus,
		"health": Object(Fields{"state": healthState, "reason_code": Null(Code()), "unknown_reasons": Array(Ref("Component"))}),
		"evidence": Object(Fields{
			"version": Count(), "computed_at": Null(Time()), "dirty": Bool(), "dirty_since": Null(Time()),
			"stale_components": Array(Ref("Component")), "state": Enum("current", "failed", "unobserved"),
		}),
		"components": Array(Object(with(componentFields, Fields{"component": Ref("Component")}))),
		"marks": Object(Fields{
			"pending": Count(), "parked": Count(), "since": Null(Time()),
			"components": Array(Object(Fields{
				"component": markedComponent, "marks": Count(), "recount": Bool(), "parked": Bool(), "broad": Bool(), "since": Time(),
			})),
		}),
		"last_drain": Null(Object(Fields{"at": Time(), "marks_taken": Count()})),
		"last_error": Null(Object(Fields{
			"reason_code": Code(), "attempts": Null(Count()), "failed_at": Null(Time()), "retry_at": Null(Time()),
		})),
		"unattributed_run_count": Count(),
		"streams":                Object(Fields{"declared": Array(ID()), "dormant": Array(ID()), "unavailable": Array(ID())}),
		"gaps":                   Object(Fields{"backlog": Null(Ref("GapBacklog")), "recovery": Ref("Recovery")}),
		"capture": Object(Fields{
			"trusted": Bool(), "tables": Array(Object(Fields{
				"table": Text(), "trusted": Bool(), "since": Time(), "reason_code": Null(Code()), "recount": Array(Ref("Component")),
			})),
		}),
	}),
}
