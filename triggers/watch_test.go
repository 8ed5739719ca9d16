package triggers

import "testing"

// A connection p with a browser profile beside a, b and c, and a run of it.
const someProfile = `
	INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding_key, source_binding)
	VALUES ('p', 'ann', 'shop', 'browser_collector', '9', '{"browser_profile_key": "x"}');`

func TestConnections(t *testing.T) {
	open(t).check([]shape{
		{"insert", ``,
			`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding_key) VALUES ('d', 'ann', 'shop', '4'), ('e', 'ann', 'shop', '5')`,
			[]string{"identity recount d", "identity recount e"}},
		{"insert with a profile", ``, someProfile, []string{"identity recount p", "run runs recount profile=x"}},
		{"delete with a profile", someProfile, `DELETE FROM connector_instances WHERE connector_instance_id = 'p'`,
			[]string{"identity recount p", "run runs recount profile=x"}},
		{"rename", ``, `UPDATE connector_instances SET display_name = 'A' WHERE connector_instance_id = 'a'`, []string{"identity recount a"}},
		{"pause one of two", ``, `UPDATE connector_instances SET status = CASE connector_instance_id WHEN 'a' THEN 'paused' ELSE 'active' END`,
			[]string{"identity recount a"}},
		{"revoke with a profile", someProfile, `UPDATE connector_instances SET status = 'revoked', revoked_at = now() WHERE connector_instance_id = 'p'`,
			[]string{"identity recount p"}},
		{"other owner", ``, `UPDATE connector_instances SET owner_subject_id = 'eve' WHERE connector_instance_id = 'c'`, []string{"identity recount c"}},
		{"other connector", ``, `UPDATE connector_instances SET connector_id = 'bank' WHERE connector_instance_id = 'a'`, []string{"identity recount a"}},
		{"other connector, with a profile", someProfile, `UPDATE connector_instances SET connector_id = 'bank' WHERE connector_instance_id = 'p'`,
			[]string{"identity recount p", "run runs recount profile=x"}},
		{"other kind and time", ``, `UPDATE connector_instances SET source_kind = 'manual', created_at = '2026-01-01Z' WHERE connector_instance_id = 'a'`,
			[]string{"identity recount a"}},
		{"other profile", someProfile, `UPDATE connector_instances SET source_binding = '{"browser_profile_key": "y"}' WHERE connector_instance_id = 'p'`,
			[]string{"identity recount p", "run runs recount profile=x", "run runs recount profile=y"}},
		{"first profile", ``, `UPDATE connector_instances SET source_binding = '{"browser_profile_key": "y"}' WHERE connector_instance_id = 'a'`,
			[]string{"identity recount a", "run runs recount profile=y"}},
		{"no profile any more", someProfile, `UPDATE connector_instances SET source_binding = '{"browser_profile_key": null}' WHERE connector_instance_id = 'p'`,
			[]string{"identity recount p", "run runs recount profile=x"}},
		{"profiles change places", someProfile,
			`UPDATE connector_instances SET source_binding = CASE connector_instance_id WHEN 'p' THEN '{}'::json ELSE '{"browser_profile_key": "x"}' END
			 WHERE connector_instance_id IN ('a', 'p')`,
			[]string{"identity recount a", "identity recount p", "run runs recount profile=x"}},
		{"other id", ``, `UPDATE connector_instances SET connector_instance_id = 'z' WHERE connector_instance_id = 'a'`,
			[]string{"identity recount a", "identity recount z"}},
		{"what no evidence holds", someProfile,
			`UPDATE connector_instances SET updated_at = now(), source_binding_key = connector_instance_id;
			 UPDATE connector_instances SET source_binding = '{ "browser_profile_key": "x", "device": 1 }' WHERE connector_instance_id = 'p'`, nil},
		{"nothing", ``, `UPDATE connector_instances SET status = 'paused' WHERE false; DELETE FROM connector_instances WHERE false`, nil},
	})
}

func TestConnectors(t *testing.T) {
	open(t).check([]shape{
		{"insert", ``, `INSERT INTO connectors (connector_id) VALUES ('mail'), ('news')`,
			[]string{"connector manifest recount connector=mail", "connector manifest recount connector=news"}},
		{"manifest", ``, `UPDATE connectors SET manifest = '{"version": "1"}'`,
			[]string{"connector manifest recount connector=bank", "connector manifest recount connector=shop"}},
		{"name", ``, `UPDATE connectors SET display_name = 'Shop' WHERE connector_id = 'shop'`, []string{"connector manifest recount connector=shop"}},
		{"the same manifest again", `UPDATE connectors SET manifest = '{"version": "1"}'`, `UPDATE connectors SET manifest = '{"version": "1"}', updated_at = now()`, nil},
		{"delete", `INSERT INTO connectors (connector_id) VALUES ('mail')`, `DELETE FROM connectors WHERE connector_id IN ('mail', 'none')`,
			[]string{"connector manifest recount connector=mail"}},
	})
}

// A run of a by its id, one of a profile, and an event without a run.
const someEvents = `
	INSERT INTO spine_events (event_seq, event_id, event_type, run_id, source_id, data, occurred_at) VALUES
		(1, 'e1', 'run.started', 'r1', 'shop', '{"connection_id": "a"}', '2026-01-01Z'),
		(2, 'e2', 'progress', 'r1', 'shop', '{"connection_id": "a"}', '2026-01-02Z'),
		(3, 'e3', 'run.completed', 'r2', 'shop', '{"browser_surface_profile_key": "x"}', '2026-01-03Z'),
		(4, 'e4', 'progress', null, 'shop', '{"connection_id": "a"}', '2026-01-04Z');`

func TestEvents(t *testing.T) {
	r1, r2 := "run runs recount a run=r1 connector=shop", "run runs recount run=r2 profile=x connector=shop"
	open(t).check([]shape{
		{"insert", ``, someEvents, []string{r1, r2}},
		{"insert without a run", ``, `INSERT INTO spine_events (event_type, data) VALUES ('note', '{"connector_instance_id": "a"}')`, nil},
		{"insert without anything but a run", ``, `INSERT INTO spine_events (event_type, run_id) VALUES ('note', 'r9')`, []string{"run runs recount run=r9"}},
		{"delete", someEvents, `DELETE FROM spine_events`, []string{r1, r2}},
		{"delete without a run", someEvents, `DELETE FROM spine_events WHERE run_id IS NULL`, nil},
		{"other status of the run", someEvents, `UPDATE spine_events SET event_type = 'run.failed' WHERE event_seq = 3`, []string{r2}},
		{"other facts of the end", someEvents, `UPDATE spine_events SET data = '{"browser_surface_profile_key": "x", "records_emitted": 3}' WHERE event_seq = 3`, []string{r2}},
		{"other time", someEvents, `UPDATE spine_events SET occurred_at = '2026-01-05Z' WHERE event_seq = 2`, []string{r1}},
		{"other order", someEvents, `UPDATE spine_events SET event_seq = 9 WHERE event_seq = 2`, []string{r1}},
		{"another run", someEvents, `UPDATE spine_events SET run_id = 'r3' WHERE event_seq = 2`, []string{r1, "run runs recount a run=r3 connector=shop"}},
		{"no run any more", someEvents, `UPDATE spine_events SET run_id = null WHERE event_seq = 3`, []string{r2}},
		{"a run at last", someEvents, `UPDATE spine_events SET run_id = 'r1' WHERE event_seq = 4`, []string{r1}},
		{"another connector", someEvents, `UPDATE spine_events SET source_id = 'bank' WHERE event_seq = 3`,
			[]string{r2, "run runs recount run=r2 profile=x connector=bank"}},
		{"another connection", someEvents, `UPDATE spine_events SET data = '{"connection_id": "b"}' WHERE event_seq = 1`,
			[]string{r1, "run runs recount b run=r1 connector=shop"}},
		{"what no evidence holds", someEvents,
			`UPDATE spine_events SET status = 'x', source_kind = 'y', recorded_at = now(), event_id = event_id || 'x';
			 UPDATE spine_events SET event_type = 'other', data = '{"connection_id": "a", "step": 2}' WHERE event_seq = 2`, nil},
		{"two events change places", someEvents,
			`INSERT INTO spine_events (event_seq, event_id, event_type, run_id, source_id, data, occurred_at)
			 VALUES (5, 'e5', 'progress', 'r1', 'shop', '{"connection_id": "a"}', '2026-01-02Z');
			 DELETE FROM tidemark.marks;
			 UPDATE spine_events SET event_id = CASE event_seq WHEN 2 THEN 'f5' ELSE 'f2' END WHERE event_seq IN (2, 5)`, nil},
	})
}

func TestSchedules(t *testing.T) {
	const given = `INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('a', 60), ('b', 60)`
	open(t).check([]shape{
		{"insert", ``, given, []string{"schedule recount a", "schedule recount b"}},
		{"pause", given, `UPDATE connector_schedules SET enabled = false WHERE connector_instance_id = 'a'`, []string{"schedule recount a"}},
		{"other times", given, `UPDATE connector_schedules SET interval_seconds = 120; UPDATE connector_schedules SET jitter_seconds = 1`,
			[]string{"schedule recount a", "schedule recount a", "schedule recount b", "schedule recount b"}},
		{"touched", given, `UPDATE connector_schedules SET updated_at = updated_at + interval '1 s' WHERE connector_instance_id = 'b'`, []string{"schedule recount b"}},
		{"the same again", given, `UPDATE connector_schedules SET interval_seconds = 60, enabled = true`, nil},
		{"moved", given, `UPDATE connector_schedules SET connector_instance_id = 'c' WHERE connector_instance_id = 'a'`,
			[]string{"schedule recount a", "schedule recount c"}},
		{"delete", given, `DELETE FROM connector_schedules WHERE connector_instance_id = 'a'`, []string{"schedule recount a"}},
	})
}

func TestGaps(t *testing.T) {
	const given = `
		INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream, status) VALUES
		('1', 'a', 's', 'pending'), ('2', 'a', 's', 'terminal'), ('3', 'b', 's', 'recovered'), ('4', 'b', null, 'in_progress')`
	open(t).check([]shape{
		{"insert", ``, given, []string{"gaps recount a", "gaps recount b"}},
		{"tried again", given, `UPDATE connector_detail_gaps SET attempt_count = 1 WHERE gap_id IN ('1', '3')`, []string{"gaps recount a"}},
		{"to be tried later", given, `UPDATE connector_detail_gaps SET next_attempt_after = now() WHERE gap_id IN ('2', '4')`, []string{"gaps recount b"}},
		{"terminal, again", given, `UPDATE connector_detail_gaps SET updated_at = updated_at + interval '1 s'`, []string{"gaps recount a"}},
		{"recovered", given, `UPDATE connector_detail_gaps SET status = 'recovered' WHERE gap_id IN ('3', '4')`, []string{"gaps recount b"}},
		{"other stream", given, `UPDATE connector_detail_gaps SET stream = 'x' WHERE gap_id IN ('1', '2', '3')`, []string{"gaps recount a"}},
		{"moved", given, `UPDATE connector_detail_gaps SET connector_instance_id = 'c' WHERE gap_id = '3'`, []string{"gaps recount b", "gaps recount c"}},
		{"what no evidence holds", given,
			`UPDATE connector_detail_gaps SET reason = 'x', record_key = 'y', created_at = now() + interval '1 s';
			 UPDATE connector_detail_gaps SET attempt_count = 9, next_attempt_after = now() WHERE status IN ('recovered', 'terminal');
			 UPDATE connector_detail_gaps SET stream = 'z' WHERE status = 'recovered';
			 UPDATE connector_detail_gaps SET updated_at = now() + interval '1 s' WHERE status <> 'terminal'`, nil},
		{"delete", given, `DELETE FROM connector_detail_gaps WHERE gap_id = '3'`, []string{"gaps recount b"}},
	})
}

func TestAttention(t *testing.T) {
	const given = `
		INSERT INTO connector_attention (attention_id, connector_instance_id, lifecycle) VALUES
		('1', 'a', 'open'), ('2', 'b', 'acknowledged'), ('3', 'b', 'in_progress'), ('4', 'c', 'resolved')`
	open(t).check([]shape{
		{"insert", ``, given, []string{"attention recount a", "attention recount b"}},
		{"insert closed", ``, `INSERT INTO connector_attention (attention_id, connector_instance_id, lifecycle) VALUES ('1', 'a', 'expired')`, nil},
		{"acknowledge", given, `UPDATE connector_attention SET lifecycle = 'acknowledged' WHERE attention_id = '1'`, []string{"attention recount a"}},
		{"resolve", given, `UPDATE connector_attention SET lifecycle = 'resolved'`, []string{"attention recount a", "attention recount b"}},
		{"reopen", given, `UPDATE connector_attention SET lifecycle = 'open' WHERE attention_id = '4'`, []string{"attention recount c"}},
		{"closed otherwise", given, `UPDATE connector_attention SET lifecycle = 'superseded', reason_code = 'x', expires_at = now() WHERE attention_id = '4'`, nil},
		{"what to do", given, `UPDATE connector_attention SET owner_action = 'x' WHERE connector_instance_id = 'b'`, []string{"attention recount b"}},
		{"expiry", given, `UPDATE connector_attention SET expires_at = now() WHERE attention_id = '3'`, []string{"attention recount b"}},
		{"the same again", given, `UPDATE connector_attention SET lifecycle = lifecycle, updated_at = updated_at`, nil},
		{"delete", given, `DELETE FROM connector_attention WHERE attention_id IN ('2', '4')`, []string{"attention recount b"}},
	})
}

func TestDevices(t *testing.T) {
	const given = `INSERT INTO device_heartbeats (connector_instance_id, device_id, last_heartbeat_at) VALUES ('a', '1', '2026-01-01Z'), ('a', '2', '2026-01-01Z'), ('b', '1', null)`
	open(t).check([]shape{
		{"insert", ``, given, []string{"device recount a", "device recount b"}},
		{"heartbeat", given, `UPDATE device_heartbeats SET last_heartbeat_at = now() WHERE connector_instance_id = 'b'`, []string{"device recount b"}},
		{"backlog", given, `UPDATE device_heartbeats SET records_pending = 3 WHERE device_id = '2'`, []string{"device recount a"}},
		{"dead letters", given, `UPDATE device_heartbeats SET dead_letters = 3, status = 'x', last_ingest_at = now() WHERE device_id = '2'`, []string{"device recount a"}},
		{"the same again", given, `UPDATE device_heartbeats SET records_pending = 0, status = null`, nil},
		{"delete", given, `DELETE FROM device_heartbeats WHERE device_id = '2'`, []string{"device recount a"}},
	})
}
