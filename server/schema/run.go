package schema

var scheduleFields = Fields{
	"object": Const("schedule"), "enabled": Bool(), "interval_seconds": Count(), "jitter_seconds": Count(),
	"effective_mode": Enum("automatic", "manual", "paused"), "next_due_at": Null(Time()), "last_started_at": Null(Time()),
	"last_finished_at": Null(Time()), "last_successful_at": Null(Time()), "active_run_id": Null(ID()),
	"scheduler_backoff": Null(Object(Fields{
		"consecutive_failures": Count(), "backoff_applied": Bool(), "next_run_at": Null(Time()), "reason_class": Null(Code()),
	})),
	"created_at": Time(), "updated_at": Time(),
}

var runGroup = group{
	"Schedule": Object(scheduleFields),
	"Run": Object(Fields{
		"run_id": ID(), "status": Enum("running", "succeeded", "failed", "cancelled", "abandoned", "surface_failed"),
		"started_at": Null(Time()), "finished_at": Null(Time()), "first_at": Time(), "last_at": Time(), "event_count": Count(),
		"failure_reason": Null(Code()), "terminal_reason": Null(Code()), "records_emitted": Null(Count()), "known_gaps": Null(Count()),
		"failure_text?": Text(),
	}),
	"Gap": Object(Fields{
		"gap_id": ID(), "stream": Null(ID()), "record_key": Null(Text()), "reason": Null(Code()),
		"status": Enum("pending", "in_progress", "recovered", "terminal"), "attempt_count": Count(), "next_attempt_after": Null(Time()),
		"created_at": Time(), "updated_at": Time(),
	}),
	"Attention": Object(Fields{
		"attention_id": ID(), "run_id": Null(ID()), "reason_code": Null(Code()), "owner_action": Null(Code()),
		"lifecycle":  Enum("open", "acknowledged", "in_progress", "resolved", "expired", "cancelled", "superseded"),
		"expires_at": Null(Time()), "created_at": Time(), "updated_at": Time(),
	}),
}
