package triggers

import (
	"slices"

	"tidemark/summary"
)

// sources are all source tables. What their facts leave out (updated_at of a connection, mime_type of a blob, the reason of a
// gap …) is read live or not at all, so a change of it marks nothing (SPEC G4).
var sources = []source{
	{
		table:      "records",
		components: []summary.Component{summary.Records, summary.RetainedBytes},
		tally: &tally{
			component: summary.Records, rows: "records_delta", bytes: "record_bytes_delta", size: "record_bytes",
			live: "NOT $.deleted", newest: "emitted_at",
		},
	},
	{
		table:      "record_changes",
		components: []summary.Component{summary.RetainedBytes},
		tally: &tally{
			component: summary.RetainedBytes, rows: "changes_delta", bytes: "change_bytes_delta", size: "record_bytes",
		},
	},
	{
		table:      "blobs",
		components: []summary.Component{summary.RetainedBytes},
		tally: &tally{
			component: summary.RetainedBytes, rows: "blobs_delta", bytes: "blob_bytes_delta", size: "size_bytes", wide: true,
		},
	},
	{
		table:      "connector_instances",
		components: []summary.Component{summary.Identity, summary.Runs},
		watches: []watch{
			{
				scope: "connection", component: summary.Identity, names: columns("connector_instance_id"),
				facts: append(columns("owner_subject_id", "connector_id", "display_name", "status", "source_kind", "created_at",
					"revoked_at"), profileKey),
			},
			{ // which runs with this profile key belong to whom, siblings included (SPEC section 9.1)
				scope: "run", component: summary.Runs, names: []fact{profileKey},
				facts: columns("connector_instance_id", "connector_id"),
				where: profileKey.expr + " IS NOT NULL",
			},
		},
	},
	{
		table:      "connectors",
		components: []summary.Component{summary.Manifest},
		watches: []watch{{
			scope: "connector", component: summary.Manifest, names: columns("connector_id"),
			facts: append(columns("display_name"), fact{name: "manifest", expr: verbatim("manifest")}),
		}},
	},
	{
		table:      "spine_events",
		components: []summary.Component{summary.Runs},
		watches: []watch{{
			scope: "run", component: summary.Runs,
			names: []fact{
				{name: "run_id", expr: col("run_id")},
				{name: "profile_key", expr: col("browser_surface_profile_key"), generated: member("data", "browser_surface_profile_key")},
				{name: "connector_instance_id", expr: col("connector_instance_id"),
					generated: "COALESCE(" + member("data", "connector_instance_id") + ", " + member("data", "connection_id") + ")"},
				{name: "connector_id", expr: col("source_id")},
			},
			facts: append(columns("event_seq", "occurred_at"),
				fact{name: "event_type", expr: only(oneOf("event_type", tellingEvents()...), col("event_type"))},
				fact{name: "data", expr: only(oneOf("event_type", summary.TerminalEventTypes...), verbatim("data"))}),
			where: "$.run_id IS NOT NULL",
		}},
	},
	{
		table:      "connector_schedules",
		components: []summary.Component{summary.Schedule},
		watches: []watch{{
			scope: "connection", component: summary.Schedule, names: columns("connector_instance_id"),
			facts: columns("interval_seconds", "jitter_seconds", "enabled", "created_at", "updated_at"),
		}},
	},
	{
		table:      "connector_detail_gaps",
		components: []summary.Component{summary.Gaps},
		watches: []watch{{
			scope: "connection", component: summary.Gaps, names: columns("connector_instance_id"),
			facts: []fact{
				{name: "status", expr: col("status")},
				{name: "stream", expr: only(tellingGap, "$.stream")},
				{name: "attempt_count", expr: only(openGap, "$.attempt_count")},
				{name: "next_attempt_after", expr: only(openGap, "$.next_attempt_after")},
				{name: "updated_at", expr: only(oneOf("status", "terminal"), "$.updated_at")},
			},
		}},
	},
	{
		table:      "connector_attention",
		components: []summary.Component{summary.Attention},
		watches: []watch{{
			scope: "connection", component: summary.Attention, names: columns("connector_instance_id"),
			facts: columns("attention_id", "run_id", "reason_code", "owner_action", "lifecycle", "expires_at", "created_at",
				"updated_at"),
			where: oneOf("lifecycle", "open", "acknowledged", "in_progress"),
		}},
	},
	{
		table:      "device_heartbeats",
		components: []summary.Component{summary.Device},
		watches: []watch{{
			scope: "connection", component: summary.Device, names: columns("connector_instance_id"),
			facts: columns("device_id", "last_heartbeat_at", "status", "records_pending", "dead_letters", "last_ingest_at"),
		}},
	},
}

// profileKey is the browser profile that a connection's runs are expected to carry.
var profileKey = fact{name: "profile_key", expr: member("source_binding", "browser_profile_key")}

// openGap holds for the gaps whose attempts evidence counts.
var openGap = oneOf("status", "pending", "in_progress")

// tellingGap holds for those and for the ones lost for good: evidence counts both by stream.
var tellingGap = oneOf("status", "pending", "in_progress", "terminal")

// tellingEvents are the event types that say more of a run than that something happened.
func tellingEvents() []string {
	return append(slices.Clone(summary.TerminalEventTypes), summary.EventStarted)
}
