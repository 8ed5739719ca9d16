-- Every run that belongs to a connection, newest first (SPEC section 9 rule 1). The terminal event's data comes as it is.
WITH run AS (
    SELECT run_id, min(event_seq) AS first_seq, count(*) AS event_count, min(occurred_at) AS first_at, max(occurred_at) AS last_at,
           count(DISTINCT browser_surface_profile_key) AS keys, min(browser_surface_profile_key) AS profile_key,
           count(DISTINCT connector_instance_id) AS ids, min(connector_instance_id) AS named,
           count(DISTINCT source_id) AS sources, min(source_id) AS source
    FROM public.spine_events WHERE run_id IS NOT NULL GROUP BY run_id
),
owned AS (
    SELECT r.named AS owner, r.* FROM run r
    JOIN public.connector_instances c ON c.connector_instance_id = r.named
    WHERE r.keys = 0 AND r.ids = 1
    UNION ALL
    SELECT m.owner, r.* FROM run r
    JOIN (SELECT min(connector_instance_id) AS owner, connector_id, source_binding ->> 'browser_profile_key' AS profile_key
          FROM public.connector_instances GROUP BY 2, 3 HAVING count(*) = 1) m ON m.profile_key = r.profile_key AND m.connector_id = r.source
    WHERE r.keys = 1 AND r.sources = 1
)
SELECT o.owner, json_build_object(
    'run_id', o.run_id, 'first_seq', o.first_seq, 'event_count', o.event_count,
    'first_at', to_char(o.first_at, :iso), 'last_at', to_char(o.last_at, :iso),
    'started_at', to_char((SELECT s.occurred_at FROM public.spine_events s WHERE s.run_id = o.run_id AND s.event_type = 'run.started'
                           ORDER BY s.event_seq LIMIT 1), :iso),
    'finished_at', to_char(t.occurred_at, :iso), 'terminal_type', t.event_type, 'data', t.data)::text
FROM owned o
LEFT JOIN LATERAL (
    SELECT e.occurred_at, e.event_type, e.data FROM public.spine_events e
    WHERE e.run_id = o.run_id
      AND e.event_type IN ('run.completed', 'run.failed', 'run.cancelled', 'run.abandoned', 'surface.failed')
    ORDER BY e.event_seq LIMIT 1) t ON true
ORDER BY o.owner, o.first_seq DESC
