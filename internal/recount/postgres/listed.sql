-- By what runs are listed as nobody's.
SELECT connector_id, json_build_object('kind', kind, 'name', name)::text FROM tidemark.unattributed ORDER BY connector_id, kind, name
