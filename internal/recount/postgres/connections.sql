-- Everything of a connection's evidence that one row of connector_instances and its neighbours say, but for streams and runs.
SELECT c.connector_instance_id, json_build_object(
    'identity', json_build_object(
        'connector_id', c.connector_id, 'owner_subject_id', c.owner_subject_id, 'display_name', c.display_name,
        'status', c.status, 'source_kind', c.source_kind, 'browser_profile_key', c.source_binding ->> 'browser_profile_key',
        'created_at', to_char(c.created_at, :iso), 'revoked_at', to_char(c.revoked_at, :iso)),
    'schedule', (
        SELECT json_build_object(
            'interval_seconds', s.interval_seconds, 'jitter_seconds', s.jitter_seconds, 'enabled', s.enabled,
            'created_at', to_char(s.created_at, :iso), 'updated_at', to_char(s.updated_at, :iso))
        FROM public.connector_schedules s WHERE s.connector_instance_id = c.connector_instance_id),
    'gaps', (
        SELECT json_build_object(
            'pending', count(*) FILTER (WHERE g.status = 'pending'),
            'in_progress', count(*) FILTER (WHERE g.status = 'in_progress'),
            'recovered', count(*) FILTER (WHERE g.status = 'recovered'),
            'terminal', count(*) FILTER (WHERE g.status = 'terminal'),
            'newest_terminal_at', to_char(max(g.updated_at) FILTER (WHERE g.status = 'terminal'), :iso),
            'next_attempt_after', to_char(min(g.next_attempt_after) FILTER (WHERE g.status IN ('pending', 'in_progress')), :iso),
            'max_attempt_count', coalesce(max(g.attempt_count) FILTER (WHERE g.status IN ('pending', 'in_progress')), 0),
            'streams', coalesce((
                SELECT json_agg(json_build_object('stream', o.stream, 'pending', o.n, 'newest_terminal_at', to_char(o.lost, :iso)) ORDER BY o.stream)
                FROM (SELECT p.stream, sum(CASE WHEN p.status = 'terminal' THEN 0 ELSE 1 END) AS n,
                             max(CASE p.status WHEN 'terminal' THEN p.updated_at END) AS lost
                      FROM public.connector_detail_gaps p
                      WHERE p.connector_instance_id = c.connector_instance_id AND p.stream IS NOT NULL
                        AND p.status IN ('pending', 'in_progress', 'terminal') GROUP BY p.stream) o), '[]'))
        FROM public.connector_detail_gaps g WHERE g.connector_instance_id = c.connector_instance_id),
    'attention', json_build_object(
        'count', (SELECT count(*) FROM public.connector_attention a WHERE a.connector_instance_id = c.connector_instance_id
                  AND a.lifecycle IN ('open', 'acknowledged', 'in_progress')),
        'items', coalesce((
            SELECT json_agg(json_build_object(
                'attention_id', o.attention_id, 'run_id', o.run_id, 'reason_code', o.reason_code, 'owner_action', o.owner_action,
                'lifecycle', o.lifecycle, 'expires_at', to_char(o.expires_at, :iso), 'created_at', to_char(o.created_at, :iso),
                'updated_at', to_char(o.updated_at, :iso)) ORDER BY o.place)
            FROM (SELECT a.*, row_number() OVER (
                      ORDER BY CASE a.lifecycle WHEN 'in_progress' THEN 1 ELSE 0 END,
                               CASE WHEN a.expires_at IS NULL THEN 0 ELSE 1 END, a.expires_at DESC, a.created_at, a.attention_id) AS place
                  FROM public.connector_attention a WHERE a.connector_instance_id = c.connector_instance_id
                  AND a.lifecycle IN ('open', 'acknowledged', 'in_progress')) o
            WHERE o.place <= 10), '[]')),
    'device', (
        SELECT CASE WHEN count(*) > 0 THEN json_build_object(
            'devices', count(*), 'newest_heartbeat_at', to_char(max(d.last_heartbeat_at), :iso),
            'last_ingest_at', to_char(max(d.last_ingest_at), :iso),
            'records_pending', least(sum(d.records_pending), 9007199254740991),
            'dead_letters', least(sum(d.dead_letters), 9007199254740991),
            'status', (SELECT n.status FROM public.device_heartbeats n WHERE n.connector_instance_id = c.connector_instance_id
                       ORDER BY CASE WHEN n.last_heartbeat_at IS NULL THEN 1 ELSE 0 END, n.last_heartbeat_at DESC, n.device_id LIMIT 1)) END
        FROM public.device_heartbeats d WHERE d.connector_instance_id = c.connector_instance_id))::text
FROM public.connector_instances c
ORDER BY 1
