-- A fleet that has something of everything, in SQL that both engines understand. One statement ends at each ;; line.
INSERT INTO connectors (connector_id, display_name, manifest, created_at, updated_at) VALUES
 ('amazon', 'Amazon', '{"version":"1.2.0","streams":[{"name":"orders","required":true},{"name":"items"}],"refresh_policy":{"recommended_mode":"automatic","maximum_staleness_seconds":86400,"recommended_interval_seconds":3600}}', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'),
 ('chase', 'Chase', '{"version":"2","streams":[{"name":"transactions","required":true}],"refresh_policy":{"recommended_mode":"assisted","maximum_staleness_seconds":604800}}', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'),
 ('phone', NULL, NULL, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'),
 ('odd', 'Odd', '["no","manifest"]', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'),
 ('Émile', 'naïve ‮ name', '{"streams":"none"}', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z');;
INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, display_name, status, source_kind, source_binding_key, source_binding, created_at, updated_at, revoked_at) VALUES
 ('ci_home', 'ada', 'amazon', 'Amazon (home)', 'active', 'browser_collector', 'home', '{"browser_profile_key":"profile-home"}', '2026-01-02T00:00:00.000001Z', '2026-01-02T00:00:00.000000Z', NULL),
 ('ci_work', 'ada', 'amazon', 'Amazon (work)', 'active', 'browser_collector', 'work', '{"browser_profile_key":"profile-work"}', '2026-01-02T00:00:00.000002Z', '2026-01-02T00:00:00.000000Z', NULL),
 ('ci_twin_a', 'ada', 'amazon', NULL, 'paused', 'browser_collector', 'twin-a', '{"browser_profile_key":"profile-twin"}', '2026-01-03T00:00:00.000000Z', '2026-01-03T00:00:00.000000Z', NULL),
 ('ci_twin_b', 'ada', 'amazon', NULL, 'draft', 'browser_collector', 'twin-b', '{"browser_profile_key":"profile-twin"}', '2026-01-03T00:00:00.000000Z', '2026-01-03T00:00:00.000000Z', NULL),
 ('ci_chase', 'ada', 'chase', 'Chase', 'active', 'account', 'chase', '{}', '2026-01-04T00:00:00.000000Z', '2026-01-04T00:00:00.000000Z', NULL),
 ('ci_chase_home', 'ada', 'chase', 'Chase by the home profile', 'active', 'browser_collector', 'chase-home', '{"browser_profile_key":"profile-home"}', '2026-01-04T00:00:00.000000Z', '2026-01-04T00:00:00.000000Z', NULL),
 ('ci_phone', 'ada', 'phone', 'Phone', 'active', 'local_device', 'phone', '{"browser_profile_key":null}', '2026-01-05T00:00:00.000000Z', '2026-01-05T00:00:00.000000Z', NULL),
 ('ci_gone', 'ada', 'chase', 'Old', 'revoked', 'account', 'old', '{}', '2025-01-05T00:00:00.000000Z', '2026-01-05T00:00:00.000000Z', '2026-01-05T00:00:00.123456Z'),
 ('ci_manual', 'bob', 'odd', 'Bob''s "odd" one', 'active', 'manual', NULL, '{"note":"none"}', '2026-01-06T00:00:00.000000Z', '2026-01-06T00:00:00.000000Z', NULL),
 ('ci_empty', 'bob', 'amazon', '', 'active', 'account', NULL, '{}', '2026-01-07T00:00:00.000000Z', '2026-01-07T00:00:00.000000Z', NULL),
 ('ci/é%?#', 'bob', 'Émile', 'Zoë ☃', 'active', 'account', 'x', '{}', '2026-01-07T00:00:00.000000Z', '2026-01-07T00:00:00.000000Z', NULL);;
INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, version, deleted, deleted_at) VALUES
 ('ci_home', 'orders', '1', '{"id": 1,  "name": "Überraschung"}', '2026-02-01T00:00:00.000000Z', 1, false, NULL),
 ('ci_home', 'orders', '2', '{"id":2}', '2026-02-02T00:00:00.000000Z', 1, false, NULL),
 ('ci_home', 'orders', '3', '{"id":3}', '2026-02-03T00:00:00.000000Z', 2, true, '2026-02-04T00:00:00.000000Z'),
 ('ci_home', 'items', '1', '{"id":1}', '2026-02-05T00:00:00.000005Z', 1, false, NULL),
 ('ci_home', 'Zebra', 'z', 'null', '2026-02-01T00:00:00.000000Z', 1, false, NULL),
 ('ci_home', 'été', 'z', '"☃"', '2026-02-01T00:00:00.000000Z', 1, false, NULL),
 ('ci_home', 'only deleted', 'd', '{}', '2026-02-09T00:00:00.000000Z', 1, true, NULL),
 ('ci_work', 'orders', '1', NULL, '2026-02-01T00:00:00.000000Z', 1, false, NULL),
 ('ci_chase', 'transactions', 'a b', '[1, 2.50, 1e3]', '2026-03-01T12:00:00.654321Z', 1, false, NULL),
 ('ci_manual', 'notes', 'k', '{"n":9007199254740993}', '0001-01-01T00:00:00.000000Z', 1, false, NULL),
 ('ci_manual', 'notes', 'l', '{"n":1}', '9999-12-31T23:59:59.999999Z', 1, false, NULL),
 ('ci/é%?#', 's "q" '' % _', 'k', '{"a":"\ud83d\ude00"}', '2026-03-01T12:00:00.000000Z', 1, false, NULL);;
INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json, emitted_at, deleted) VALUES
 ('ci_home', 'orders', '1', 1, '{"id": 1,  "name": "Überraschung"}', '2026-02-01T00:00:00.000000Z', false),
 ('ci_home', 'orders', '3', 1, '{"id":3}', '2026-02-03T00:00:00.000000Z', false),
 ('ci_home', 'orders', '3', 2, NULL, '2026-02-04T00:00:00.000000Z', true),
 ('ci_home', 'history only', 'h', 1, '{}', '2026-02-04T00:00:00.000000Z', false);;
INSERT INTO blobs (blob_id, connector_instance_id, stream, record_key, mime_type, size_bytes, sha256, data) VALUES
 ('b1', 'ci_home', 'orders', '1', 'image/png', 1000, 'ab', NULL),
 ('b2', 'ci_home', 'orders', '1', NULL, 9007199254740991, NULL, NULL),
 ('b3', 'ci_home', 'pictures', NULL, 'image/png', 0, NULL, NULL),
 ('b4', 'ci_chase', 'pictures', NULL, 'image/png', 7, NULL, NULL);;
INSERT INTO spine_events (event_seq, event_id, event_type, occurred_at, recorded_at, run_id, source_kind, source_id, status, data) VALUES
 (10, 'e10', 'run.started', '2026-04-01T00:00:00.000000Z', '2026-04-01T00:00:00.000000Z', 'r_home_1', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-home"}'),
 (11, 'e11', 'run.progress', '2026-04-01T00:01:00.000000Z', '2026-04-01T00:01:00.000000Z', 'r_home_1', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-home","n":1}'),
 (12, 'e12', 'run.completed', '2026-04-01T00:02:00.000000Z', '2026-04-01T00:02:00.000000Z', 'r_home_1', 'connector', 'amazon', 'ok', '{"records_emitted":4,"known_gaps":["g1","g2"],"terminal_reason":"all_done","streams":[{"stream":"orders","considered":4,"covered":4,"collected":3,"checkpoint":"page:3","skipped":0},{"stream":"items","considered":"many","covered":1.5,"collected":-1,"checkpoint":"token: hunter2hunter2","skipped":null},{"stream":" "},{"considered":1}]}'),
 (13, 'e13', 'run.failed', '2026-04-01T00:03:00.000000Z', '2026-04-01T00:03:00.000000Z', 'r_home_1', 'connector', 'amazon', NULL, '{"failure_reason":"too_late"}'),
 (20, 'e20', 'run.started', '2026-04-02T00:00:00.000000Z', '2026-04-02T00:00:00.000000Z', 'r_home_2', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-home"}'),
 (21, 'e21', 'surface.failed', '2026-04-02T00:01:00.000000Z', '2026-04-02T00:01:00.000000Z', 'r_home_2', 'connector', 'amazon', NULL, '{"browser_surface_wait_reason":"otp_required","browser_surface_status":"crashed"}'),
 (22, 'e22', 'surface.failed', '2026-04-02T01:01:00.000000Z', '2026-04-02T01:01:00.000000Z', 'r_home_3', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-home","browser_surface_status":"crashed","failure_reason":" "}'),
 (23, 'e23', 'surface.failed', '2026-04-02T02:01:00.000000Z', '2026-04-02T02:01:00.000000Z', 'r_home_4', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-home"}'),
 (24, 'e24', 'run.abandoned', '2026-04-02T03:01:00.000000Z', '2026-04-02T03:01:00.000000Z', 'r_home_5', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-home","failure_reason":"password is hunter2"}'),
 (25, 'e25', 'run.cancelled', '2026-04-02T04:01:00.000000Z', '2026-04-02T04:01:00.000000Z', 'r_home_6', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-home","failure_reason":"by_hand"}'),
 (26, 'e26', 'run.started', '2026-04-02T05:01:00.000000Z', '2026-04-02T05:01:00.000000Z', 'r_home_7', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-home"}'),
 (30, 'e30', 'run.started', '2026-04-03T00:00:00.000000Z', '2026-04-03T00:00:00.000000Z', 'r_work_1', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-work","connection_id":"ci_home"}'),
 (31, 'e31', 'run.failed', '2026-04-03T00:01:00.000000Z', '2026-04-03T00:01:00.000000Z', 'r_work_1', 'connector', 'amazon', NULL, '{"failure_reason":"ghp_0123456789abcdef0123"}'),
 (32, 'e32', 'run.failed', '2026-04-03T00:02:00.000000Z', '2026-04-03T00:02:00.000000Z', 'r_work_2', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-work"}'),
 (40, 'e40', 'run.completed', '2026-04-04T00:00:00.000000Z', '2026-04-04T00:00:00.000000Z', 'r_twin', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-twin"}'),
 (41, 'e41', 'run.completed', '2026-04-04T00:00:00.000000Z', '2026-04-04T00:00:00.000000Z', 'r_two_keys', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-home"}'),
 (42, 'e42', 'run.progress', '2026-04-04T00:00:00.000000Z', '2026-04-04T00:00:00.000000Z', 'r_two_keys', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-work"}'),
 (43, 'e43', 'run.completed', '2026-04-04T00:00:00.000000Z', '2026-04-04T00:00:00.000000Z', 'r_nobody', 'connector', 'amazon', NULL, '{}'),
 (44, 'e44', 'run.completed', '2026-04-04T00:00:00.000000Z', '2026-04-04T00:00:00.000000Z', 'r_stranger', 'connector', 'amazon', NULL, '{"browser_surface_profile_key":"profile-unknown"}'),
 (45, 'e45', 'run.completed', '2026-04-04T00:00:00.000000Z', '2026-04-04T00:00:00.000000Z', NULL, 'connector', 'amazon', NULL, '{"connection_id":"ci_home"}'),
 (50, 'e50', 'run.started', '2026-04-05T00:00:00.000000Z', '2026-04-05T00:00:00.000000Z', 'r_chase_1', 'connector', 'chase', NULL, '{"connection_id":"ci_chase"}'),
 (51, 'e51', 'run.completed', '2026-04-05T00:02:00.000000Z', '2026-04-05T00:02:00.000000Z', 'r_chase_1', 'connector', 'chase', NULL, '{"connector_instance_id":"ci_chase","records_emitted":0}'),
 (52, 'e52', 'run.started', '2026-04-05T00:03:00.000000Z', '2026-04-05T00:03:00.000000Z', 'r_chase_2', 'connector', 'chase', NULL, '{"connector_instance_id":"ci_chase","connection_id":"ci_home"}'),
 (53, 'e53', 'run.completed', '2026-04-05T00:04:00.000000Z', '2026-04-05T00:04:00.000000Z', 'r_chase_3', 'connector', 'chase', NULL, '{"browser_surface_profile_key":"profile-home","connection_id":"ci_chase"}'),
 (54, 'e54', 'run.completed', '2026-04-05T00:05:00.000000Z', '2026-04-05T00:05:00.000000Z', 'r_both', 'connector', 'chase', NULL, '{"connection_id":"ci_chase"}'),
 (55, 'e55', 'run.progress', '2026-04-05T00:05:00.000000Z', '2026-04-05T00:05:00.000000Z', 'r_both', 'connector', 'chase', NULL, '{"connection_id":"ci_gone"}'),
 (56, 'e56', 'run.completed', '2026-04-05T00:06:00.000000Z', '2026-04-05T00:06:00.000000Z', 'r_orphan', 'connector', 'chase', NULL, '{"connection_id":"ci_never"}');;
INSERT INTO connector_schedules (connector_instance_id, interval_seconds, jitter_seconds, enabled, created_at, updated_at) VALUES
 ('ci_home', 3600, 60, true, '2026-01-02T00:00:00.000000Z', '2026-01-02T00:00:00.000000Z'),
 ('ci_chase', 86400, 0, false, '2026-01-04T00:00:00.000000Z', '2026-01-05T00:00:00.000000Z');;
INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream, record_key, reason, status, attempt_count, next_attempt_after, created_at, updated_at) VALUES
 ('g1', 'ci_home', 'orders', '9', 'timeout', 'pending', 2, '2026-05-01T00:00:00.000000Z', '2026-04-01T00:00:00.000000Z', '2026-04-01T00:00:00.000000Z'),
 ('g2', 'ci_home', 'orders', '10', 'timeout', 'in_progress', 5, '2026-05-02T00:00:00.000000Z', '2026-04-01T00:00:00.000000Z', '2026-04-01T00:00:00.000000Z'),
 ('g3', 'ci_home', 'items', NULL, NULL, 'pending', 0, NULL, '2026-04-01T00:00:00.000000Z', '2026-04-01T00:00:00.000000Z'),
 ('g4', 'ci_home', NULL, NULL, NULL, 'pending', 0, NULL, '2026-04-01T00:00:00.000000Z', '2026-04-01T00:00:00.000000Z'),
 ('g5', 'ci_home', 'orders', '11', 'gone', 'terminal', 99, '2020-05-02T00:00:00.000000Z', '2026-04-01T00:00:00.000000Z', '2026-04-03T00:00:00.000000Z'),
 ('g6', 'ci_home', 'orders', '12', 'gone', 'recovered', 1, NULL, '2026-04-01T00:00:00.000000Z', '2026-04-04T00:00:00.000000Z'),
 ('g7', 'ci_chase', 'transactions', '1', 'gone', 'terminal', 1, NULL, '2026-04-01T00:00:00.000000Z', '2026-04-04T00:00:00.000000Z');;
INSERT INTO connector_attention (attention_id, connector_instance_id, run_id, reason_code, owner_action, lifecycle, expires_at, created_at, updated_at) VALUES
 ('a1', 'ci_home', 'r_home_2', 'otp_required', 'provide_value', 'open', '2026-06-01T00:00:00.000000Z', '2026-04-02T00:01:00.000000Z', '2026-04-02T00:01:00.000000Z'),
 ('a2', 'ci_home', NULL, NULL, NULL, 'in_progress', NULL, '2026-04-02T00:01:00.000000Z', '2026-04-02T00:01:00.000000Z'),
 ('a3', 'ci_home', NULL, 'check', NULL, 'acknowledged', NULL, '2026-04-02T00:01:00.000000Z', '2026-04-02T00:01:00.000000Z'),
 ('a4', 'ci_home', NULL, 'check', NULL, 'resolved', NULL, '2026-04-02T00:01:00.000000Z', '2026-04-02T00:01:00.000000Z'),
 ('a5', 'ci_work', NULL, 'check', 'act_elsewhere', 'open', '2026-05-01T00:00:00.000000Z', '2026-04-02T00:01:00.000000Z', '2026-04-02T00:01:00.000000Z');;
INSERT INTO device_heartbeats (connector_instance_id, device_id, last_heartbeat_at, status, records_pending, dead_letters, last_ingest_at) VALUES
 ('ci_phone', 'd1', '2026-04-02T00:01:00.000000Z', 'ok', 5, 0, '2026-04-02T00:00:30.000000Z'),
 ('ci_phone', 'd2', '2026-04-02T00:02:00.000000Z', 'busy', 9007199254740991, 2, NULL),
 ('ci_phone', 'd3', '2026-04-02T00:02:00.000000Z', 'tied', 1, 0, NULL),
 ('ci_phone', 'd0', NULL, NULL, 0, 0, NULL);;
