package sqlitecompat

import (
	"slices"
	"strings"

	"tidemark/summary"
)

// guardPrefix begins the name of every guard trigger.
const guardPrefix = "tidemark_guard_"

// guardSet is the version of the guard triggers below. Raise it whenever what is rendered changes.
const guardSet = 4

// guard describes the guard triggers of one source table. In its expressions @ stands for a row: NEW, OLD or a row that is
// about to be replaced.
type guard struct {
	table     string
	component string // that is recounted when the guards were not in order
	// keys are the unique keys, the primary one first: OR REPLACE deletes, without firing a trigger, whatever has one of them.
	keys [][]string
	// others are the conditions by which a row e has one of the other unique keys of NEW; opaque: one of these cannot be told.
	others []string
	opaque bool
	// rowid: the table has one. An UPDATE can name it rowid, _rowid_ or oid, and no UPDATE OF finds its key by these names.
	rowid bool
	// defaults are those of key columns: OR REPLACE puts them where a BEFORE trigger still sees NULL.
	defaults map[string]string
	// columns are those whose update may matter, the keys aside.
	columns []string
	marks   []guardMark
}

// guardMark is one mark that a row may leave: if it is live, and was not there before with the same values.
type guardMark struct {
	scope, component                            string
	live                                        string   // empty: every row
	same                                        []string // what evidence holds of the row, and whose it is
	connection, stream, run, profile, connector string   // NULL where empty
}

const (
	connectionColumn = "@.connector_instance_id"
	unfinished       = "@.status IN ('pending', 'in_progress')"
)

// terminal holds for the events that end a run: of others the data does not matter.
var terminal = "@.event_type IN ('" + strings.Join(summary.TerminalEventTypes, "', '") + "')"

// guards are the source tables.
var guards = []guard{
	{
		table: "connectors", component: "manifest", keys: [][]string{{"connector_id"}}, columns: []string{"display_name", "manifest"},
		marks: []guardMark{{
			scope: "connector", component: "manifest", connector: "@.connector_id",
			same: []string{"@.connector_id", "@.display_name", "@.manifest"},
		}},
	},
	{
		table: "connector_instances", component: "all",
		keys: [][]string{
			{"connector_instance_id"}, {"owner_subject_id", "connector_id", "source_kind", "source_binding_key"},
		},
		defaults: map[string]string{"source_kind": "'account'"},
		columns:  []string{"display_name", "status", "source_binding", "created_at", "revoked_at"},
		marks: []guardMark{
			{
				scope: "connection", component: "identity", connection: connectionColumn,
				same: []string{
					connectionColumn, "@.owner_subject_id", "@.connector_id", "@.display_name", "@.status", "@.source_kind",
					"@.browser_profile_key", "@.created_at", "@.revoked_at",
				},
			},
			{
				scope: "run", component: "runs", profile: "@.browser_profile_key", live: "@.browser_profile_key IS NOT NULL",
				same: []string{connectionColumn, "@.connector_id", "@.browser_profile_key"},
			},
		},
	},
	{
		table: "records", component: "records", keys: [][]string{{"connector_instance_id", "stream", "record_key"}},
		columns: []string{"emitted_at", "deleted", "record_json"},
		marks: []guardMark{{
			scope: "connection", component: "records", connection: connectionColumn, stream: "@.stream", live: "@.deleted = 0",
			same: []string{connectionColumn, "@.stream", "@.record_bytes", "@.emitted_at"},
		}},
	},
	{
		table: "record_changes", component: "retained_bytes",
		keys: [][]string{{"connector_instance_id", "stream", "record_key", "version"}}, columns: []string{"record_json"},
		marks: []guardMark{{
			scope: "connection", component: "retained_bytes", connection: connectionColumn, stream: "@.stream",
			same: []string{connectionColumn, "@.stream", "@.record_bytes"},
		}},
	},
	{
		table: "blobs", component: "retained_bytes", keys: [][]string{{"blob_id"}},
		columns: []string{"connector_instance_id", "stream", "size_bytes"},
		marks: []guardMark{{
			scope: "connection", component: "retained_bytes", connection: connectionColumn, stream: "@.stream",
			same: []string{connectionColumn, "@.stream", "@.size_bytes"},
		}},
	},
	{
		table: "spine_events", component: "runs", keys: [][]string{{"event_seq"}, {"event_id"}}, rowid: true,
		columns: []string{"run_id", "event_type", "occurred_at", "source_id", "data"},
		marks: []guardMark{{
			scope: "run", component: "runs", run: "@.run_id", profile: "@.browser_surface_profile_key", connection: connectionColumn,
			live: "@.run_id IS NOT NULL",
			same: []string{
				"@.event_seq", "@.run_id", "@.browser_surface_profile_key", connectionColumn, "@.occurred_at", "@.source_id",
				"CASE WHEN " + terminal + " OR @.event_type = '" + summary.EventStarted + "' THEN @.event_type END",
				"CASE WHEN " + terminal + " THEN @.data END",
			},
		}},
	},
	{
		table: "connector_schedules", component: "schedule", keys: [][]string{{"connector_instance_id"}},
		columns: []string{"interval_seconds", "jitter_seconds", "enabled", "created_at", "updated_at"},
		marks: []guardMark{{
			scope: "connection", component: "schedule", connection: connectionColumn,
			same: []string{connectionColumn, "@.interval_seconds", "@.jitter_seconds", "@.enabled", "@.created_at", "@.updated_at"},
		}},
	},
	{
		table: "connector_detail_gaps", component: "gaps", keys: [][]string{{"gap_id"}},
		columns: []string{"connector_instance_id", "stream", "status", "attempt_count", "next_attempt_after", "updated_at"},
		marks: []guardMark{{
			scope: "connection", component: "gaps", connection: connectionColumn,
			same: []string{
				connectionColumn, "@.status", "CASE WHEN " + unfinished + " OR @.status = 'terminal' THEN @.stream END", "CASE WHEN " + unfinished + " THEN @.attempt_count END",
				"CASE WHEN " + unfinished + " THEN @.next_attempt_after END", "CASE WHEN @.status = 'terminal' THEN @.updated_at END",
			},
		}},
	},
	{
		table: "connector_attention", component: "attention", keys: [][]string{{"attention_id"}},
		columns: []string{
			"connector_instance_id", "run_id", "reason_code", "owner_action", "lifecycle", "expires_at", "created_at", "updated_at",
		},
		marks: []guardMark{{
			scope: "connection", component: "attention", connection: connectionColumn,
			live: "@.lifecycle IN ('open', 'acknowledged', 'in_progress')",
			same: []string{
				connectionColumn, "@.attention_id", "@.run_id", "@.reason_code", "@.owner_action", "@.lifecycle", "@.expires_at",
				"@.created_at", "@.updated_at",
			},
		}},
	},
	{
		table: "device_heartbeats", component: "device", keys: [][]string{{"connector_instance_id", "device_id"}},
		columns: []string{"last_heartbeat_at", "status", "records_pending", "dead_letters", "last_ingest_at"},
		marks: []guardMark{{
			scope: "connection", component: "device", connection: connectionColumn,
			same: []string{
				connectionColumn, "@.device_id", "@.last_heartbeat_at", "@.status", "@.records_pending", "@.dead_letters",
				"@.last_ingest_at",
			},
		}},
	},
}

// row puts a row's name in the place of @.
func row(expression, name string) string { return strings.ReplaceAll(expression, "@", name) }

// equal compares two rows by the expressions. It is never null.
func equal(expressions []string, a, b string) string {
	terms := make([]string, len(expressions))
	for i, e := range expressions {
		terms[i] = row(e, a) + " IS " + row(e, b)
	}
	return strings.Join(terms, " AND ")
}

// keyed compares a row that is there with NEW or OLD by a unique key. Null keys are not equal.
func (g guard) keyed(key []string, there, name string) string {
	terms := make([]string, len(key))
	for i, c := range key {
		value := name + "." + c
		if d := g.defaults[c]; d != "" && name == "NEW" {
			value = "coalesce(" + value + ", " + d + ")"
		}
		terms[i] = there + "." + c + " = " + value
	}
	return strings.Join(terms, " AND ")
}

// conflicts are the conditions by which OR REPLACE deletes a row e for NEW.
func (g guard) conflicts() []string {
	var out []string
	for _, key := range g.keys {
		out = append(out, g.keyed(key, "e", "NEW"))
	}
	return append(out, g.others...)
}

// is says that the row is surely live, may that it could be: a BEFORE trigger sees a NULL where OR REPLACE will put a default.
func (m guardMark) is(name string) string {
	if m.live == "" {
		return ""
	}
	return "(" + row(m.live, name) + ") IS 1"
}

func (m guardMark) may(name string) string {
	if m.live == "" {
		return ""
	}
	return "(" + row(m.live, name) + ") IS NOT 0"
}

// all joins conditions, leaving out empty ones.
func all(conditions ...string) string {
	return strings.Join(slices.DeleteFunc(conditions, func(c string) bool { return c == "" }), " AND ")
}
