-- Everything of a connection's evidence that one row of connector_instances and its neighbours say, but for streams and runs.
SELECT c.connector_instance_id, json_object(
    'identity', json_object(
        'connector_id', c.connector_id, 'owner_subject_id', c.owner_subject_id, 'display_name', c.display_name,
        'status', c.status, 'source_kind', c.source_kind,
        'browser_profile_key', (SELECT j.value FROM json_each(c.source_binding) j WHERE j.key = 'browser_profile_key' ORDER BY j.id DESC LIMIT 1),
        'created_at', c.created_at, 'revoked_at', c.revoked_at),
    'schedule', json((
        SELECT json_object(
            'interval_seconds', s.interval_seconds, 'jitter_seconds', s.jitter_seconds,
            'enabled', json(CASE WHEN s.enabled THEN 'true' ELSE 'false' END), 'created_at', s.created_at, 'updated_at', s.updated_at)
        FROM connector_schedules s WHERE s.connector_instance_id = c.connector_instance_id)),
    'gaps', json((
        SELECT json_object(
            'pending', count(*) FILTER (WHERE g.status = 'pending'),
            'in_progress', count(*) FILTER (WHERE g.status = 'in_progress'),
            'recovered', count(*) FILTER (WHERE g.status = 'recovered'),
            'terminal', count(*) FILTER (WHERE g.status = 'terminal'),
            'newest_terminal_at', max(g.updated_at) FILTER (WHERE g.status = 'terminal'),
            'next_attempt_after', min(g.next_attempt_after) FILTER (WHERE g.status IN ('pending', 'in_progress')),
            'max_attempt_count', coalesce(max(g.attempt_count) FILTER (WHERE g.status IN ('pending', 'in_progress')), 0),
            'streams', json((
                SELECT json_group_array(json(o.doc)) FROM (
                    SELECT json_object('stream', p.stream, 'pending', sum(CASE WHEN p.status = 'terminal' THEN 0 ELSE 1 END),
                                       'newest_terminal_at', max(CASE p.status WHEN 'terminal' THEN p.updated_at END)) AS doc
                    FROM connector_detail_gaps p
                    WHERE p.connector_instance_id = c.connector_instance_id AND p.stream IS NOT NULL
                      AND p.status IN ('pending', 'in_progress', 'terminal') GROUP BY p.stream ORDER BY p.stream) o)))
        FROM connector_detail_gaps g WHERE g.connector_instance_id = c.connector_instance_id)),
    'attention', json_object(
        'count', (SELECT count(*) FROM connector_attention a WHERE a.connector_instance_id = c.connector_instance_id
                  AND a.lifecycle IN ('open', 'acknowledged', 'in_progress')),
        'items', json((
            SELECT json_group_array(json(o.doc)) FROM (
                SELECT json_object(
                    'attention_id', a.attention_id, 'run_id', a.run_id, 'reason_code', a.reason_code, 'owner_action', a.owner_action,
                    'lifecycle', a.lifecycle, 'expires_at', a.expires_at, 'created_at', a.created_at, 'updated_at', a.updated_at) AS doc
                FROM connector_attention a WHERE a.connector_instance_id = c.connector_instance_id
                  AND a.lifecycle IN ('open', 'acknowledged', 'in_progress')
                ORDER BY CASE a.lifecycle WHEN 'in_progress' THEN 1 ELSE 0 END, CASE WHEN a.expires_at IS NULL THEN 0 ELSE 1 END,
                         a.expires_at DESC, a.created_at, a.attention_id
                LIMIT 10) o))),
    'device', json((
        SELECT CASE WHEN count(*) > 0 THEN json_object(
            'devices', count(*), 'newest_heartbeat_at', max(d.last_heartbeat_at), 'last_ingest_at', max(d.last_ingest_at),
            'records_pending', min(sum(d.records_pending), 9007199254740991),
            'dead_letters', min(sum(d.dead_letters), 9007199254740991),
            'status', (SELECT n.status FROM device_heartbeats n WHERE n.connector_instance_id = c.connector_instance_id
                       ORDER BY CASE WHEN n.last_heartbeat_at IS NULL THEN 1 ELSE 0 END, n.last_heartbeat_at DESC, n.device_id LIMIT 1)) END
        FROM device_heartbeats d WHERE d.connector_instance_id = c.connector_instance_id)))
FROM connector_instances c
ORDER BY 1
