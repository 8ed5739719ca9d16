-- What the events of each run name.
WITH name (run_id, kind, value) AS (
    SELECT run_id, 1, browser_surface_profile_key FROM spine_events WHERE run_id IS NOT NULL
    UNION SELECT run_id, 2, connector_instance_id FROM spine_events WHERE run_id IS NOT NULL
    UNION SELECT run_id, 3, source_id FROM spine_events WHERE run_id IS NOT NULL
    ORDER BY 1, 2, 3
)
SELECT run_id, json_object(
    'profile_keys', json_group_array(value) FILTER (WHERE kind = 1 AND value IS NOT NULL),
    'connection_ids', json_group_array(value) FILTER (WHERE kind = 2 AND value IS NOT NULL),
    'source_ids', json_group_array(value) FILTER (WHERE kind = 3 AND value IS NOT NULL))
FROM name GROUP BY run_id ORDER BY 1
