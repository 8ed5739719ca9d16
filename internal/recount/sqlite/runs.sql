-- Every run that belongs to a connection, newest first (SPEC section 9 rule 1). The terminal event's data comes as it is.
WITH binding AS (
    SELECT c.connector_instance_id, c.connector_id,
           (SELECT j.value FROM json_each(c.source_binding) j WHERE j.key = 'browser_profile_key' ORDER BY j.id DESC LIMIT 1) AS profile_key
    FROM connector_instances c
),
run AS (
    SELECT run_id, min(event_seq) AS first_seq, count(*) AS event_count, min(occurred_at) AS first_at, max(occurred_at) AS last_at,
           count(DISTINCT browser_surface_profile_key) AS keys, min(browser_surface_profile_key) AS profile_key,
           count(DISTINCT connector_instance_id) AS ids, min(connector_instance_id) AS named,
           count(DISTINCT source_id) AS sources, min(source_id) AS source
    FROM spine_events WHERE run_id IS NOT NULL GROUP BY run_id
),
owned AS (
    SELECT r.named AS owner, r.* FROM run r
    JOIN binding c ON c.connector_instance_id = r.named
    WHERE r.keys = 0 AND r.ids = 1
    UNION ALL
    SELECT m.owner, r.* FROM run r
    JOIN (SELECT min(connector_instance_id) AS owner, connector_id, profile_key
          FROM binding GROUP BY 2, 3 HAVING count(*) = 1) m ON m.profile_key = r.profile_key AND m.connector_id = r.source
    WHERE r.keys = 1 AND r.sources = 1
),
terminal AS (
    SELECT run_id, min(event_seq) AS event_seq FROM spine_events
    WHERE event_type IN ('run.completed', 'run.failed', 'run.cancelled', 'run.abandoned', 'surface.failed') GROUP BY run_id
)
SELECT o.owner, json_object(
    'run_id', o.run_id, 'first_seq', o.first_seq, 'event_count', o.event_count, 'first_at', o.first_at, 'last_at', o.last_at,
    'started_at', (SELECT s.occurred_at FROM spine_events s WHERE s.run_id = o.run_id AND s.event_type = 'run.started'
                   ORDER BY s.event_seq LIMIT 1),
    'finished_at', t.occurred_at, 'terminal_type', t.event_type, 'data', json(t.data))
FROM owned o
LEFT JOIN terminal e ON e.run_id = o.run_id
LEFT JOIN spine_events t ON t.event_seq = e.event_seq
ORDER BY o.owner, o.first_seq DESC
