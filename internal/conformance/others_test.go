package conformance

import (
	"testing"

	"tidemark/internal/enginetest"
)

func TestSchedules(t *testing.T) {
	t.Parallel()
	play(t, []step{
		does("new", "ci_work", "INSERT INTO connector_schedules (connector_instance_id, interval_seconds, created_at, updated_at) VALUES ('ci_work', 60, '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')"),
		does("disabled", "ci_work", "UPDATE connector_schedules SET enabled = false WHERE connector_instance_id = 'ci_work'"),
		nothing("the same again", "UPDATE connector_schedules SET enabled = false, interval_seconds = 60 WHERE connector_instance_id = 'ci_work'"),
		does("another interval", "ci_home ci_work", "UPDATE connector_schedules SET interval_seconds = interval_seconds * 2, jitter_seconds = 1 WHERE connector_instance_id IN ('ci_home', 'ci_work')"),
		does("moved", "ci_phone ci_work", "UPDATE connector_schedules SET connector_instance_id = 'ci_phone' WHERE connector_instance_id = 'ci_work'"),
		{name: "no interval", do: enginetest.Same("UPDATE connector_schedules SET interval_seconds = 0"), refused: true},
		does("deleted", "ci_phone", "DELETE FROM connector_schedules WHERE connector_instance_id = 'ci_phone'"),
		{name: "an emptied table", do: enginetest.Empty("connector_schedules"), dirty: everyone, changed: "ci_chase ci_home"},
	})
}

func TestGaps(t *testing.T) {
	t.Parallel()
	insert := "INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream, status, attempt_count, next_attempt_after, created_at, updated_at) VALUES "
	play(t, []step{
		does("new", "ci_work", insert+`('n1', 'ci_work', 'orders', 'pending', 3, '2026-06-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')`),
		nothing("columns that evidence does not hold", "UPDATE connector_detail_gaps SET reason = 'r', record_key = 'k', created_at = '2020-05-01T00:00:00.000000Z'"),
		nothing("an open gap is looked at", "UPDATE connector_detail_gaps SET updated_at = '2026-05-02T00:00:00.000000Z' WHERE gap_id = 'n1'"),
		does("tried", "ci_work", "UPDATE connector_detail_gaps SET status = 'in_progress', attempt_count = 4 WHERE gap_id = 'n1'"),
		does("put off", "ci_work", "UPDATE connector_detail_gaps SET status = 'pending', next_attempt_after = '2026-07-01T00:00:00.000000Z' WHERE gap_id = 'n1'"),
		does("of another stream", "ci_work", "UPDATE connector_detail_gaps SET stream = 'items' WHERE gap_id = 'n1'"),
		does("moved", "ci_home ci_work", "UPDATE connector_detail_gaps SET connector_instance_id = 'ci_home' WHERE gap_id = 'n1'"),
		does("given up", "ci_home", "UPDATE connector_detail_gaps SET status = 'terminal', updated_at = '2026-05-03T00:00:00.000000Z' WHERE gap_id = 'n1'"),
		does("given up later", "ci_home", "UPDATE connector_detail_gaps SET updated_at = '2026-05-04T00:00:00.000000Z' WHERE gap_id = 'n1'"),
		does("recovered", "ci_home", "UPDATE connector_detail_gaps SET status = 'recovered' WHERE gap_id = 'n1'"),
		nothing("a recovered one is counted only", "UPDATE connector_detail_gaps SET attempt_count = 77, stream = 'x', updated_at = '2027-01-01T00:00:00.000000Z' WHERE gap_id = 'n1'"),
		does("deleted", "ci_home", "DELETE FROM connector_detail_gaps WHERE gap_id = 'n1'"),
		{name: "an emptied table", do: enginetest.Empty("connector_detail_gaps"), dirty: everyone, changed: "ci_chase ci_home"},
	})
}

func TestAttention(t *testing.T) {
	t.Parallel()
	insert := "INSERT INTO connector_attention (attention_id, connector_instance_id, reason_code, lifecycle, expires_at, created_at, updated_at) VALUES "
	play(t, []step{
		does("asked", "ci_chase", insert+`('n1', 'ci_chase', 'otp_required', 'open', NULL, '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')`),
		nothing("closed from the beginning", insert+`('n2', 'ci_chase', 'x', 'cancelled', NULL, '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')`),
		nothing("a closed one changes", "UPDATE connector_attention SET lifecycle = 'superseded', reason_code = 'y', updated_at = '2026-05-02T00:00:00.000000Z' WHERE attention_id = 'n2'"),
		does("acknowledged", "ci_chase", "UPDATE connector_attention SET lifecycle = 'acknowledged', updated_at = '2026-05-02T00:00:00.000000Z' WHERE attention_id = 'n1'"),
		does("an expiry", "ci_chase", "UPDATE connector_attention SET expires_at = '2026-05-19T00:00:00.000000Z' WHERE attention_id = 'n1'"),
		does("moved", "ci_chase ci_phone", "UPDATE connector_attention SET connector_instance_id = 'ci_phone' WHERE attention_id = 'n1'"),
		does("resolved", "ci_phone", "UPDATE connector_attention SET lifecycle = 'resolved' WHERE attention_id = 'n1'"),
		does("more than evidence lists", "ci_chase", `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 13) `+
			"INSERT INTO connector_attention (attention_id, connector_instance_id, lifecycle, created_at, updated_at) "+
			"SELECT 'many' || i, 'ci_chase', CASE WHEN i < 5 THEN 'in_progress' ELSE 'open' END, '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z' FROM n"),
		does("all deleted", "ci_chase", "DELETE FROM connector_attention WHERE connector_instance_id = 'ci_chase'"),
		{name: "an emptied table", do: enginetest.Empty("connector_attention"), dirty: everyone, changed: "ci_home ci_work"},
	})
}

func TestDevices(t *testing.T) {
	t.Parallel()
	insert := "INSERT INTO device_heartbeats (connector_instance_id, device_id, last_heartbeat_at, status, records_pending, last_ingest_at) VALUES "
	play(t, []step{
		does("new", "ci_phone", insert+`('ci_phone', 'd9', '2026-05-01T00:00:00.000000Z', 'ok', 1, '2026-05-01T00:00:00.000000Z')`),
		does("beats", "ci_phone", "UPDATE device_heartbeats SET last_heartbeat_at = '2026-05-02T00:00:00.000000Z', status = 'low' WHERE device_id = 'd9'"),
		nothing("the same beat again", "UPDATE device_heartbeats SET last_heartbeat_at = '2026-05-02T00:00:00.000000Z', status = 'low' WHERE device_id = 'd9'"),
		does("dead letters", "ci_phone", "UPDATE device_heartbeats SET dead_letters = 3 WHERE device_id = 'd9'"),
		does("moved", "ci_chase ci_phone", "UPDATE device_heartbeats SET connector_instance_id = 'ci_chase' WHERE device_id = 'd9'"),
		does("the last one of a connection", "ci_chase", "DELETE FROM device_heartbeats WHERE connector_instance_id = 'ci_chase'"),
		{name: "an emptied table", do: enginetest.Empty("device_heartbeats"), dirty: everyone, changed: "ci_phone"},
	})
}
