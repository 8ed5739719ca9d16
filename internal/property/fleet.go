package property

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"tidemark/internal/enginetest"
)

// beginning is what every sequence starts from.
var beginning = []string{
	`INSERT INTO connectors (connector_id, manifest, created_at, updated_at) VALUES
		('k1', '{"version":"0"}', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'),
		('k2', NULL, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z')`,
	`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding, created_at, updated_at) VALUES
		('c1', 'o1', 'k1', '{"browser_profile_key":"p1"}', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'),
		('c2', 'o1', 'k1', '{}', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'),
		('c3', 'o2', 'k2', '{"browser_profile_key":"p2"}', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z')`,
	`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES
		('c1', 's1', '1', '{}', '2026-01-01T00:00:00.000000Z'), ('c1', 's1', '2', '{"a": 1}', '2026-01-03T00:00:00.000000Z'),
		('c2', 's1', '1', '{}', '2026-01-02T00:00:00.000000Z'), ('c3', 'Ö', '3', '[]', '2026-01-05T00:00:00.000000Z')`,
}

func binding(t *rapid.T) string {
	if rapid.Bool().Draw(t, "bound") {
		return `'{"browser_profile_key":"` + pick(t, profiles) + `"}'`
	}
	return "'{}'"
}

func upsertConnection(t *rapid.T) enginetest.Statement {
	return same(`INSERT INTO connector_instances
		(connector_instance_id, owner_subject_id, connector_id, display_name, source_kind, source_binding, created_at, updated_at)
		VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (connector_instance_id) DO %s`,
		quoted(t, connections), quoted(t, owners), quoted(t, connectors), orNull(t, streams), quoted(t, kinds), binding(t), at(t), at(t),
		pick(t, []string{"NOTHING", "UPDATE SET display_name = excluded.display_name, source_binding = excluded.source_binding"}))
}

func editConnection(t *rapid.T) enginetest.Statement {
	return same("UPDATE connector_instances SET %s WHERE connector_instance_id = %s", pick(t, []string{
		"source_binding = " + binding(t), "source_binding = " + binding(t), "connector_id = " + quoted(t, connectors),
		"display_name = " + orNull(t, streams), "status = 'paused'", "status = 'revoked', revoked_at = " + at(t),
		"owner_subject_id = " + quoted(t, owners), "updated_at = " + at(t), "source_binding_key = 'x'",
	}), quoted(t, connections))
}

func deleteConnection(t *rapid.T) enginetest.Statement {
	return same("DELETE FROM connector_instances WHERE connector_instance_id = %s", quoted(t, connections))
}

// renameConnection fails where something refers to the connection, unless foreign keys are off.
func renameConnection(t *rapid.T) enginetest.Statement {
	return same("UPDATE connector_instances SET connector_instance_id = %s WHERE connector_instance_id = %s",
		quoted(t, connections), quoted(t, connections))
}

func upsertConnector(t *rapid.T) enginetest.Statement {
	return same("UPDATE connectors SET %s WHERE connector_id = %s", pick(t, []string{
		"manifest = " + pick(t, manifests), "display_name = " + orNull(t, streams), "updated_at = " + at(t),
	}), quoted(t, connectors))
}

// eventData draws what an event says: whom it names, its profile key, and more.
func eventData(t *rapid.T) string {
	var members []string
	if rapid.Bool().Draw(t, "keyed") {
		members = append(members, `"browser_surface_profile_key":"`+pick(t, profiles)+`"`)
	}
	if rapid.Bool().Draw(t, "names") {
		members = append(members, `"`+pick(t, []string{"connection_id", "connector_instance_id"})+`":"`+pick(t, connections)+`"`)
	}
	if rapid.Bool().Draw(t, "tells") {
		members = append(members, pick(t, details))
	}
	return "'{" + strings.Join(members, ",") + "}'"
}

func insertEvents(t *rapid.T) enginetest.Statement {
	return same(`INSERT INTO spine_events (event_seq, event_id, event_type, occurred_at, run_id, source_kind, source_id, data) VALUES %s
		ON CONFLICT DO NOTHING`, rows(t, func() []string {
		seq := rapid.IntRange(1, 40).Draw(t, "seq")
		return []string{
			fmt.Sprint(seq), fmt.Sprintf("'e%d'", seq), quoted(t, events), at(t), orNull(t, runs), "'connector'", orNull(t, connectors), eventData(t),
		}
	}))
}

func editEvents(t *rapid.T) enginetest.Statement {
	condition := pick(t, []string{
		"run_id = " + quoted(t, runs), fmt.Sprintf("event_seq %% 5 = %d", rapid.IntRange(0, 4).Draw(t, "residue")),
		"connector_instance_id = " + quoted(t, connections),
	})
	return pick(t, []enginetest.Statement{
		same("DELETE FROM spine_events WHERE %s", condition),
		same("UPDATE spine_events SET data = %s WHERE %s", eventData(t), condition),
		same("UPDATE spine_events SET run_id = %s WHERE %s", orNull(t, runs), condition),
		same("UPDATE spine_events SET event_type = %s WHERE %s", quoted(t, events), condition),
		same("UPDATE spine_events SET source_id = %s, occurred_at = %s WHERE %s", orNull(t, connectors), at(t), condition),
		same("UPDATE spine_events SET recorded_at = %s WHERE %s", at(t), condition),
		same("UPDATE spine_events SET event_seq = event_seq + 40 WHERE %s", condition),
	})
}

func upsertSchedule(t *rapid.T) enginetest.Statement {
	return same(`INSERT INTO connector_schedules (connector_instance_id, interval_seconds, enabled, created_at, updated_at)
		VALUES (%s, %d, %s, %s, %s) ON CONFLICT (connector_instance_id) DO UPDATE SET enabled = excluded.enabled, updated_at = excluded.updated_at`,
		quoted(t, connections), rapid.IntRange(1, 3).Draw(t, "interval"), boolean(t), at(t), at(t))
}

func upsertGap(t *rapid.T) enginetest.Statement {
	return same(`INSERT INTO connector_detail_gaps
		(gap_id, connector_instance_id, stream, status, attempt_count, next_attempt_after, created_at, updated_at)
		VALUES ('g%s', %s, %s, %s, %s, %s, %s, %s)
		ON CONFLICT (gap_id) DO UPDATE SET status = excluded.status, attempt_count = excluded.attempt_count`,
		small(t), quoted(t, connections), orNull(t, streams), quoted(t, gapStates), small(t), pick(t, []string{"NULL", at(t)}), at(t), at(t))
}

func editGap(t *rapid.T) enginetest.Statement {
	return same("UPDATE connector_detail_gaps SET %s WHERE %s", pick(t, []string{
		"reason = 'x'", "updated_at = " + at(t), "stream = " + orNull(t, streams), "connector_instance_id = " + quoted(t, connections),
		"next_attempt_after = " + at(t), "status = " + quoted(t, gapStates),
	}), where(t, recordColumns, "connector_instance_id", "stream"))
}

func upsertAttention(t *rapid.T) enginetest.Statement {
	return same(`INSERT INTO connector_attention
		(attention_id, connector_instance_id, run_id, reason_code, lifecycle, expires_at, created_at, updated_at)
		VALUES ('a%s', %s, %s, %s, %s, %s, %s, %s)
		ON CONFLICT (attention_id) DO UPDATE SET lifecycle = excluded.lifecycle, connector_instance_id = excluded.connector_instance_id`,
		small(t), quoted(t, connections), orNull(t, runs), orNull(t, streams), quoted(t, lifecycles), pick(t, []string{"NULL", at(t)}), at(t), at(t))
}

func upsertDevice(t *rapid.T) enginetest.Statement {
	return same(`INSERT INTO device_heartbeats
		(connector_instance_id, device_id, last_heartbeat_at, status, records_pending, dead_letters, last_ingest_at)
		VALUES (%s, 'd%s', %s, %s, %s, %s, %s) ON CONFLICT (connector_instance_id, device_id) DO UPDATE
		SET last_heartbeat_at = excluded.last_heartbeat_at, records_pending = excluded.records_pending`,
		quoted(t, connections), small(t), pick(t, []string{"NULL", at(t)}), orNull(t, streams), small(t), small(t), pick(t, []string{"NULL", at(t)}))
}

func deleteOther(t *rapid.T) enginetest.Statement {
	table := pick(t, []string{"connector_schedules", "connector_detail_gaps", "connector_attention", "device_heartbeats"})
	return same("DELETE FROM %s WHERE connector_instance_id = %s", table, quoted(t, connections))
}
