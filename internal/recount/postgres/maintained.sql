-- What the runs, as last derived, named.
SELECT run_id, json_build_object('profile_keys', array_to_json(profile_keys), 'connection_ids', array_to_json(connection_ids),
                                 'source_ids', array_to_json(source_ids))::text
FROM tidemark.run_evidence ORDER BY 1
