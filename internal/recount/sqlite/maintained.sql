-- What the runs, as last derived, named.
SELECT run_id, json_object('profile_keys', json(profile_keys), 'connection_ids', json(connection_ids), 'source_ids', json(source_ids))
FROM run_evidence ORDER BY 1
