-- By what runs are listed as nobody's.
SELECT connector_id, json_object('kind', kind, 'name', name) FROM unattributed ORDER BY connector_id, kind, name
