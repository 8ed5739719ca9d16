package sqlitecompat

import (
	"slices"

	"tidemark/summary"
)

// hook says how the pre-update hook takes in the rows of one source table.
type hook struct {
	columns []string // the first ones of the table, which it reads
	// row takes in a row that came (sign 1) or went (-1); an update is a row that went and one that came.
	row func(c *capture, row []any, sign int64)
}

// maxHookColumns is the most that a hook reads.
const maxHookColumns = 9

// hooks are the source tables. The columns are those of migrations/sqlite/001_source_tables.sql, in its
// order; a table that differs is noticed by their names.
var hooks = map[string]*hook{
	"connectors": {[]string{"connector_id", "display_name", "manifest"}, func(c *capture, r []any, sign int64) {
		c.changed(subject{scope: "connector", component: "manifest", connectorID: text(r[0])}, c.digest(r[1], r[2]), sign)
	}},
	"connector_instances": {[]string{
		"connector_instance_id", "owner_subject_id", "connector_id", "display_name", "status", "source_kind",
		"browser_profile_key", "created_at", "revoked_at",
	}, func(c *capture, r []any, sign int64) {
		id, key := text(r[0]), text(r[6])
		c.changed(subject{scope: "connection", component: "identity", connection: id}, c.encode(r...), sign)
		if key != "" { // whoever else expects the key may gain or lose runs by it
			c.changed(subject{scope: "run", component: "runs", profileKey: key}, c.encode(r[0], r[2]), sign)
		}
	}},
	"records": {[]string{"connector_instance_id", "stream", "record_bytes", "emitted_at", "deleted"}, func(c *capture, r []any, sign int64) {
		if r[4] == int64(0) { // live
			c.record(text(r[0]), text(r[1]), integer(r[2]), text(r[3]), sign)
		}
	}},
	"record_changes": {[]string{"connector_instance_id", "stream", "record_bytes"}, func(c *capture, r []any, sign int64) {
		if t := c.tally(text(r[0]), text(r[1])); t != nil {
			t.sum(&t.delta.Changes, sign)
			t.sum(&t.delta.ChangeBytes, sign*integer(r[2]))
		}
	}},
	"blobs": {[]string{"connector_instance_id", "stream", "size_bytes"}, func(c *capture, r []any, sign int64) {
		if t := c.tally(text(r[0]), text(r[1])); t != nil {
			t.sum(&t.delta.Blobs, sign)
			t.sum(&t.delta.BlobBytes, sign*integer(r[2]))
		}
	}},
	"spine_events": {[]string{
		"event_seq", "run_id", "connector_instance_id", "browser_surface_profile_key", "event_type", "occurred_at",
		"source_id", "data",
	}, func(c *capture, r []any, sign int64) {
		if r[1] == nil { // not an event of a run
			return
		}
		kind, data := r[4], r[7]
		if !slices.Contains(summary.TerminalEventTypes, text(kind)) {
			if data = nil; kind != summary.EventStarted {
				kind = nil // it only counts
			}
		}
		s := subject{scope: "run", component: "runs", run: text(r[1]), connection: text(r[2]), profileKey: text(r[3])}
		c.changed(s, c.digest(r[0], kind, r[5], r[6], data), sign)
	}},
	"connector_schedules": {[]string{
		"connector_instance_id", "interval_seconds", "jitter_seconds", "enabled", "created_at", "updated_at",
	}, func(c *capture, r []any, sign int64) {
		c.changed(subject{scope: "connection", component: "schedule", connection: text(r[0])}, c.encode(r...), sign)
	}},
	"connector_detail_gaps": {[]string{
		"connector_instance_id", "stream", "status", "attempt_count", "next_attempt_after", "updated_at",
	}, func(c *capture, r []any, sign int64) {
		var stream, attempts, next, updated any
		switch r[2] {
		case "pending", "in_progress":
			stream, attempts, next = r[1], r[3], r[4]
		case "terminal":
			stream, updated = r[1], r[5]
		}
		s := subject{scope: "connection", component: "gaps", connection: text(r[0])}
		c.changed(s, c.encode(stream, r[2], attempts, next, updated), sign)
	}},
	"connector_attention": {[]string{
		"connector_instance_id", "attention_id", "run_id", "reason_code", "owner_action", "lifecycle", "expires_at",
		"created_at", "updated_at",
	}, func(c *capture, r []any, sign int64) {
		switch r[5] {
		case "open", "acknowledged", "in_progress":
			c.changed(subject{scope: "connection", component: "attention", connection: text(r[0])}, c.encode(r...), sign)
		}
	}},
	"device_heartbeats": {[]string{
		"connector_instance_id", "device_id", "last_heartbeat_at", "status", "records_pending", "dead_letters",
		"last_ingest_at",
	}, func(c *capture, r []any, sign int64) {
		c.changed(subject{scope: "connection", component: "device", connection: text(r[0])}, c.encode(r...), sign)
	}},
}

// text is a TEXT value; empty for NULL, which no id is.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// integer is an INTEGER value.
func integer(v any) int64 {
	n, _ := v.(int64)
	return n
}
