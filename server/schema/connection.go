package schema

var connectionGroup = group{
	"Connection": Object(Fields{
		"object": Const("ref_connection"), "connector_instance_id": ID(), "connection_id": ID(), "connector_id": ID(),
		"display_name": Null(Text()), "status": connectionStatus,
		"source_kind": Enum("account", "local_device", "browser_collector", "manual"), "source_binding": Schema{"type": "object"},
		"created_at": Time(), "updated_at": Time(), "revoked_at": Null(Time()), "schedule": Null(Ref("Schedule")),
	}),
	"ConnectionList":     Either(ListOf("Connection"), wholeOf("Connection")).About("In pages where limit or cursor is given."),
	"ConnectionSchedule": Object(with(scheduleFields, Fields{"connector_instance_id": ID(), "connection_id": ID()})),
	"ScheduleList":       Either(ListOf("ConnectionSchedule"), wholeOf("ConnectionSchedule")).About("In pages where limit or cursor is given."),
	"RunList":            ListOf("Run"),
	"RunEvent": Object(Fields{
		"object": Const("run_event"), "event_seq": Integer(), "event_id": ID(), "event_type": Text(), "run_id": ID(), "connection_id": ID(),
		"occurred_at": Time(), "recorded_at": Time(), "status": Null(Text()),
		"run_status": Null(Enum("running", "succeeded", "failed", "cancelled", "abandoned", "surface_failed")),
		"reason":     Null(Code()), "reason_text?": Text(), "data": Null(Schema{"type": "object"}), "data_bytes": Count(),
	}).About("data is the event's own with whatever looks like a secret replaced; null where it is longer than 64 KiB."),
	"EventList": ListOf("RunEvent"),
}

// wholeOf is the envelope of a list that is not given in pages; closed.
func wholeOf(component string) Schema {
	return Object(Fields{"object": Const("list"), "data": Array(Ref(component))})
}
