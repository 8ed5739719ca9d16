package crash

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// beginning is what the writers find: four connections, of which told belongs to the writers' own account of what was committed.
var beginning = []string{
	`INSERT INTO connectors (connector_id) VALUES ('k')`,
	`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding_key, source_binding) VALUES
		('c1', 'o', 'k', 'browser_collector', '1', '{"browser_profile_key":"p1"}'), ('c2', 'o', 'k', 'account', '2', '{}'),
		('c3', 'o', 'k', 'local_device', '3', '{}'), ('told', 'o', 'k', 'account', '4', '{}')`,
}

// transaction draws what a writer does in its n-th transaction, in SQL of both engines, its account last.
func transaction(r *rand.Rand, writer string, n int) []string {
	var out []string
	for range 1 + r.IntN(3) {
		c, s := fmt.Sprintf("c%d", 1+r.IntN(3)), fmt.Sprintf("s%d", r.IntN(3))
		at := fmt.Sprintf("'2026-01-%02dT00:00:00.000000Z'", 1+r.IntN(28))
		k := r.IntN(60)
		out = append(out, []string{
			upsert(c, s, k, 1+r.IntN(3), at), upsert(c, s, k, 1+r.IntN(100), at), upsert(c, s, k, 1, at),
			fmt.Sprintf("UPDATE records SET deleted = NOT deleted WHERE connector_instance_id = '%s' AND stream = '%s' AND record_key = '%d'", c, s, k),
			fmt.Sprintf("UPDATE records SET emitted_at = %s WHERE connector_instance_id = '%s' AND stream = '%s'", at, c, s),
			fmt.Sprintf("DELETE FROM records WHERE connector_instance_id = '%s' AND stream = '%s' AND emitted_at < %s", c, s, at),
			fmt.Sprintf("UPDATE records SET stream = 'moved' WHERE connector_instance_id = '%s' AND stream = '%s' AND record_key = '%d' AND NOT EXISTS (SELECT 1 FROM records m WHERE m.connector_instance_id = '%[1]s' AND m.stream = 'moved' AND m.record_key = '%[3]d')", c, s, k),
			fmt.Sprintf("INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json) VALUES ('%s', '%s', '%d', %d, '{}') ON CONFLICT DO NOTHING", c, s, k, n),
			fmt.Sprintf("INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b%d', '%s', '%s', %d) ON CONFLICT (blob_id) DO UPDATE SET size_bytes = excluded.size_bytes, stream = excluded.stream", k, c, s, n),
			fmt.Sprintf("INSERT INTO spine_events (event_seq, event_type, occurred_at, run_id, source_id, data) VALUES (%d, '%s', %s, 'r%d', 'k', '{\"connection_id\":\"%s\"}') ON CONFLICT DO NOTHING",
				r.IntN(1_000_000)+1, []string{"run.started", "run.progress", "run.completed", "run.failed"}[r.IntN(4)], at, k%7, c),
			fmt.Sprintf("INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream, status) VALUES ('g%d', '%s', '%s', 'pending') ON CONFLICT (gap_id) DO UPDATE SET status = 'terminal'", k, c, s),
			fmt.Sprintf("INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('%s', %d) ON CONFLICT (connector_instance_id) DO UPDATE SET interval_seconds = excluded.interval_seconds", c, 1+k),
			fmt.Sprintf("UPDATE connector_instances SET display_name = '%d' WHERE connector_instance_id = '%s'", n, c),
		}[r.IntN(13)])
	}
	return append(out, fmt.Sprintf("INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('told', '%s', '%d', '%d')", writer, n, n))
}

func upsert(c, s string, from, n int, at string) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("('%s', '%s', '%d', '%s', %s)", c, s, from+i, `{"x":"`+strings.Repeat("x", (from+i)%17)+`"}`, at)
	}
	return "INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES " + strings.Join(rows, ", ") +
		" ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = excluded.record_json, emitted_at = excluded.emitted_at, version = records.version + 1"
}
