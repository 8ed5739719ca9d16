-- The pending marks: all that are there, those of failed connections included.
SELECT coalesce(connector_instance_id, ''), json_object(
    'scope', scope, 'component', component, 'recount', json(CASE WHEN recount THEN 'true' ELSE 'false' END), 'stream', stream,
    'held', held, 'marked_at', marked_at, 'run_id', run_id, 'profile_key', profile_key, 'connector_id', connector_id,
    'record_count', records_delta, 'record_bytes', record_bytes_delta, 'change_count', changes_delta,
    'change_bytes', change_bytes_delta, 'blob_count', blobs_delta, 'blob_bytes', blob_bytes_delta,
    'gained', newest_gained, 'lost', newest_lost)
FROM (
    SELECT marked_at, scope, component, recount, connector_instance_id, stream, records_delta, record_bytes_delta, changes_delta,
           change_bytes_delta, blobs_delta, blob_bytes_delta, newest_gained, newest_lost, run_id, profile_key, connector_id, 'no' AS held
    FROM marks
    UNION ALL
    SELECT marked_at, 'connection', component, recount, connector_instance_id, stream, records_delta, record_bytes_delta, changes_delta,
           change_bytes_delta, blobs_delta, blob_bytes_delta, newest_gained, newest_lost, NULL, NULL, NULL, 'parked'
    FROM marks_parked)
ORDER BY marked_at
