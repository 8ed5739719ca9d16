package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// sourceColumns are the columns of the source tables with their types, as format_type prints them.
var sourceColumns = map[string]map[string]string{
	"connectors": {
		"connector_id": text, "display_name": text, "manifest": "json", "created_at": instant, "updated_at": instant,
	},
	"connector_instances": {
		"connector_instance_id": text, "owner_subject_id": text, "connector_id": text, "display_name": text, "status": text,
		"source_kind": text, "source_binding_key": text, "source_binding": "json", "created_at": instant,
		"updated_at": instant, "revoked_at": instant,
	},
	"records": {
		"connector_instance_id": text, "stream": text, "record_key": text, "record_json": "json", "record_bytes": "integer",
		"emitted_at": instant, "version": "bigint", "deleted": "boolean", "deleted_at": instant,
	},
	"record_changes": {
		"connector_instance_id": text, "stream": text, "record_key": text, "version": "bigint", "record_json": "json",
		"record_bytes": "integer", "emitted_at": instant, "deleted": "boolean",
	},
	"blobs": {
		"blob_id": text, "connector_instance_id": text, "stream": text, "record_key": text, "mime_type": text,
		"size_bytes": "bigint", "sha256": text, "data": "bytea",
	},
	"spine_events": {
		"event_seq": "bigint", "event_id": text, "event_type": text, "occurred_at": instant, "recorded_at": instant,
		"run_id": text, "source_kind": text, "source_id": text, "status": text, "data": "json",
		"connector_instance_id": text, "browser_surface_profile_key": text,
	},
	"connector_schedules": {
		"connector_instance_id": text, "interval_seconds": "bigint", "jitter_seconds": "bigint", "enabled": "boolean",
		"created_at": instant, "updated_at": instant,
	},
	"connector_detail_gaps": {
		"gap_id": text, "connector_instance_id": text, "stream": text, "record_key": text, "reason": text, "status": text,
		"attempt_count": "bigint", "next_attempt_after": instant, "created_at": instant, "updated_at": instant,
	},
	"connector_attention": {
		"attention_id": text, "connector_instance_id": text, "run_id": text, "reason_code": text, "owner_action": text,
		"lifecycle": text, "expires_at": instant, "created_at": instant, "updated_at": instant,
	},
	"device_heartbeats": {
		"connector_instance_id": text, "device_id": text, "last_heartbeat_at": instant, "status": text,
		"records_pending": "bigint", "dead_letters": "bigint", "last_ingest_at": instant,
	},
}

const (
	text    = `text collate "C"`
	instant = "timestamp with time zone"
)

// refuseForeignTables is an error if a table that already has a source table's name lacks a column or has it with another
// type: CREATE TABLE IF NOT EXISTS would silently accept it. Additional columns are the operator's own.
func refuseForeignTables(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT c.relname::text, a.attname::text,
		       format_type(a.atttypid, a.atttypmod) || CASE WHEN k.collname = 'C' THEN ' collate "C"' ELSE '' END
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_collation k ON k.oid = a.attcollation
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`)
	if err != nil {
		return fmt.Errorf("read existing tables: %w", unreachable(err))
	}
	found := map[string]map[string]string{}
	var table, column, kind string
	_, err = pgx.ForEachRow(rows, []any{&table, &column, &kind}, func() error {
		if found[table] == nil {
			found[table] = map[string]string{}
		}
		found[table][column] = kind
		return nil
	})
	if err != nil {
		return fmt.Errorf("read existing tables: %w", unreachable(err))
	}
	for table, columns := range sourceColumns {
		have, exists := found[table]
		if !exists {
			continue
		}
		for column, want := range columns {
			switch got, ok := have[column]; {
			case !ok:
				return fmt.Errorf("existing table public.%s has no column %s (%s): rename the table or add the column, then migrate again", table, column, want)
			case got != want:
				return fmt.Errorf("existing column public.%s.%s is %s, Tidemark needs %s: alter it or rename the table, then migrate again", table, column, got, want)
			}
		}
	}
	return nil
}
