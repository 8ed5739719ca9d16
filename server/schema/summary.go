package schema

// identityFields are what every shape of a connection begins with.
var identityFields = Fields{
	"connection_id": ID(), "connector_instance_id": ID(), "connector_id": ID(),
	"connector_display_name": Null(Text()), "display_name": Null(Text()),
}

var connectionStatus = Enum("active", "paused", "revoked", "draft")

var countState = Enum("known", "known_zero", "unobserved", "stale", "unknown")

// summaryFields are SUMMARY of API.md, but for what differs between a list row and a scoped read.
var summaryFields = with(identityFields, Fields{
	"status": connectionStatus, "source_kind": Enum("account", "local_device", "browser_collector", "manual"), "revoked_at": Null(Time()),
	"manifest_version?": Text(), "refresh_policy": Ref("RefreshPolicy"), "stream_count": Count(),
	"total_records?": Count(), "total_records_state": countState,
	"retained_bytes": Null(Ref("RetainedBytes")), "total_retained_bytes": Null(Count()), "last_record_updated_at": Null(Time()),
	"last_run": Null(Ref("Run")), "last_successful_run": Null(Ref("Run")), "schedule": Null(Ref("Schedule")),
	"freshness": Ref("Freshness"), "connection_health": Ref("Health"), "next_action": Null(Ref("NextAction")),
	"record_snapshot": Ref("ComponentState"), "terminal_facts": Ref("TerminalFacts"), "manifest_declaration": Ref("ComponentState"),
	"retained_bytes_evidence": Ref("ComponentState"), "local_device_progress": Null(Ref("DeviceProgress")),
	"owner_state": Ref("OwnerState"), "source_work": Enum("needs_owner", "review", "system_issue", "working", "not_measured", "none"),
	"evidence": Ref("Evidence"),
})

// streamFields are told per stream: at most so many in a list row, however many there are.
func streamFields(most int) Fields {
	return Fields{
		"streams": Array(ID()).AtMost(most), "stream_records": Array(Ref("StreamRecord")).AtMost(most),
		"collection_report": Array(Ref("StreamReport")).AtMost(most),
	}
}

const (
	listStreams   = 50
	scopedStreams = 100_000 // no bound that matters here
)

var componentFields = Fields{
	"state": Enum("current", "unobserved", "stale", "unavailable", "failed"), "as_of": Null(Time()), "reason_code": Null(Code()),
}

var summaryGroup = group{
	"Summary": Object(with(summaryFields, streamFields(listStreams), Fields{"rendered_verdict": Ref("Verdict")})),
	"ScopedSummary": Object(with(summaryFields, streamFields(scopedStreams), Fields{
		"rendered_verdict": Ref("ScopedVerdict"),
		"recent_runs":      Array(Ref("Run")).AtMost(20), "gaps": Array(Ref("Gap")).AtMost(50),
		"attention": Array(Ref("Attention")).AtMost(50), "unattributed_run_count": Count(),
		// Only where streams were asked for in pages.
		"streams_next_cursor?": Null(Schema{"type": "string", "minLength": 1}),
	})),
	"SummaryInventory": Object(inventoryFields),
	"SummaryCounts": Object(with(inventoryFields, Fields{
		"status": connectionStatus, "revoked_at": Null(Time()), "total_records?": Count(), "total_records_state": countState,
		"acquisition_coverage": Schema{"type": "null"},
	})),
	"SummaryList": Either(
		listOfEither(Ref("Summary")), listOfEither(Ref("ScopedSummary")), listOfEither(Ref("SummaryInventory")), listOfEither(Ref("SummaryCounts")),
	).About("Summaries; scoped ones with connection, reduced ones with profile."),
	"RefreshPolicy": Object(Fields{
		"recommended_mode": Enum("automatic", "manual", "assisted"), "maximum_staleness_seconds": Null(Count()),
	}),
	"RetainedBytes": Object(Fields{
		"record_json_bytes": Count(), "record_changes_json_bytes": Count(), "blob_bytes": Count(), "total_bytes": Count(),
	}),
	"StreamRecord": Object(Fields{
		"stream": ID(), "record_count": Null(Count()), "count_state": countState,
		"declaration_state": Enum("declared", "dormant", "unavailable"), "last_updated": Null(Time()), "retained_bytes": Null(Count()),
	}),
	"Freshness": Object(Fields{
		"status": Enum("current", "stale", "unknown"), "captured_at?": Time(), "last_attempted_at?": Time(),
	}),
	"ComponentState": Object(componentFields),
	"TerminalFacts":  Object(with(componentFields, Fields{"event_seq": Null(Integer())})),
	"DeviceProgress": Object(Fields{
		"source_count": Count(), "last_heartbeat_at": Null(Time()), "last_heartbeat_status": Null(Code()), "last_ingest_at": Null(Time()),
		"records_pending": Count(), "dead_letters": Count(),
	}),
	"OwnerState": Object(Fields{
		"resolver": Enum("healthy", "collecting", "refresh_due", "needs_owner", "owner_paused", "setup_in_progress", "system_degraded",
			"blocked_maintainer", "not_measured", "retired"),
		"owner_of_state": Enum("owner", "system", "maintainer"), "posture": Enum("observed", "frozen-since-last-run"),
		"evidence_as_of": Null(Time()),
	}),
	"Evidence": Object(Fields{
		"version": Count(), "computed_at": Null(Time()), "dirty": Bool(), "dirty_since": Null(Time()), "stale_components": Array(Ref("Component")),
	}),
}

var inventoryFields = with(identityFields, Fields{"streams": Array(ID()), "membership_state": Enum("complete", "pending")})

func listOfEither(item Schema) Schema {
	return Object(Fields{
		"object": Const("list"), "data": Array(item).AtMost(100), "has_more": Bool(),
		"next_cursor": Null(Schema{"type": "string", "minLength": 1}), "fleet_health?": Ref("FleetHealth"),
	})
}
