package db_test

import (
	"testing"

	"tidemark/db"
)

// The settings are there without a pooler. With them a server that hangs in the middle of a drain, or is cut off from the
// database, loses the drain lock.
func TestSessionSettings(t *testing.T) {
	b := open(t)
	for name, want := range map[string]string{
		"search_path": "pg_catalog", "jit": "off", "statement_timeout": "0", "row_security": "off", "idle_in_transaction_session_timeout": "6s",
		"tcp_keepalives_idle": "3", "tcp_user_timeout": "6000", "TimeZone": "UTC", "application_name": db.ApplicationName,
	} {
		var got string
		if err := b.Pool().QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
}

// What an operator sets for a whole database, or for a role, is for other programs: here it would garble text, or end drains.
func TestSettingsOfTheDatabase(t *testing.T) {
	owner := captured(t)
	name := owner.value(`SELECT current_database()`)
	want := map[string]string{"default_transaction_read_only": "off", "idle_session_timeout": "0", "client_encoding": "UTF8"}
	settings := []string{
		"client_encoding = 'LATIN1'", "default_transaction_read_only = on", "default_transaction_isolation = 'serializable'",
		"default_transaction_deferrable = on", "idle_session_timeout = '1s'", "lock_timeout = '1ms'", "session_replication_role = replica",
		"datestyle = 'German, DMY'", "intervalstyle = 'sql_standard'", "bytea_output = 'escape'", "extra_float_digits = -10", "timezone = 'Asia/Kathmandu'",
		"transform_null_equals = on", "quote_all_identifiers = on", "search_path = ''",
	}
	if owner.value(`SELECT coalesce(current_setting('transaction_timeout', true), 'unknown')`) != "unknown" {
		settings, want["transaction_timeout"] = append(settings, "transaction_timeout = '2s'"), "0"
	}
	for _, s := range settings {
		owner.exec(`ALTER DATABASE ` + name + ` SET ` + s)
	}
	b := attach(t, owner.dsn)
	owner.exec(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'ann', 'shop')`)
	owner.exec(`INSERT INTO connector_attention (attention_id, connector_instance_id, owner_action) VALUES ('☃', 'c1', 'é')`)
	owner.exec(`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('c1', '☃é', '1')`)
	b.dry()
	owner.want(`☃ é ☃é`, `SELECT concat_ws(' ', attention_json::json #>> '{items,0,attention_id}', attention_json::json #>> '{items,0,owner_action}', stream_records_json::json #>> '{0,stream}')
		FROM tidemark.connector_summary_evidence`)
	for name, want := range want {
		var got string
		if err := b.Pool().QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
	b.clean()
}
