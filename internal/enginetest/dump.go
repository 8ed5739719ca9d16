package enginetest

import "context"

// Row is one row of a derived table as text: a table and key, and its columns.
type Row struct {
	Table, Key string
	Columns    map[string]string // NULL is "NULL"
}

// table says which columns of a derived table are compared. Versions and computed_at differ between engines (SPEC G7).
type table struct {
	name    string
	key     []string
	columns []string
	times   []string
}

var derived = []table{
	{
		name: "connector_summary_evidence", key: []string{"connector_instance_id"},
		columns: []string{
			"connector_id", "owner_subject_id", "display_name", "status", "source_kind", "browser_profile_key", "total_records",
			"stream_count", "stream_records_json", "retained_bytes_json", "total_retained_bytes", "last_run_json",
			"last_successful_run_json", "last_finished_run_json", "open_runs_json", "consecutive_failures", "schedule_json",
			"gaps_json", "attention_json", "device_json", "state", "last_error",
		},
		times: []string{"created_at", "revoked_at", "last_record_updated_at"},
	},
	{
		name: "retained_size_stream", key: []string{"connector_instance_id", "stream"},
		columns: []string{"record_count", "record_bytes", "change_count", "change_bytes", "blob_count", "blob_bytes"},
		times:   []string{"newest_emitted_at"},
	},
	{name: "run_evidence", key: []string{"run_id"}, columns: []string{"first_seq", "status", "run_json"}},
}

// Dump reads everything that is derived, but for versions and computed_at.
func (e *Engine) Dump(ctx context.Context) ([]Row, error) { return e.dump(ctx) }
