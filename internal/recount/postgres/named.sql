-- What the events of each run name.
SELECT run_id, json_build_object(
    'profile_keys', coalesce(json_agg(DISTINCT browser_surface_profile_key COLLATE "C") FILTER (WHERE browser_surface_profile_key IS NOT NULL), '[]'),
    'connection_ids', coalesce(json_agg(DISTINCT connector_instance_id COLLATE "C") FILTER (WHERE connector_instance_id IS NOT NULL), '[]'),
    'source_ids', coalesce(json_agg(DISTINCT source_id COLLATE "C") FILTER (WHERE source_id IS NOT NULL), '[]'))::text
FROM public.spine_events WHERE run_id IS NOT NULL GROUP BY run_id ORDER BY 1
