-- The pending marks: those whose transaction the drain's cursor does not see as finished, and all that were set aside.
WITH cursor AS (
    SELECT coalesce((
        SELECT CASE WHEN c.system_identifier = (SELECT system_identifier FROM pg_control_system()) THEN c.snap END
        FROM tidemark.drain_cursor c ORDER BY c.seq DESC LIMIT 1), '1:1:'::pg_snapshot) AS snap
),
pending AS (
    SELECT m.*, 'no' AS held FROM tidemark.marks m, cursor c WHERE NOT pg_visible_in_snapshot(m.xid, c.snap)
    UNION ALL SELECT b.*, 'backlog' FROM tidemark.marks_backlog b
    UNION ALL SELECT p.*, 'parked' FROM tidemark.marks_parked p
)
SELECT coalesce(connector_instance_id, ''), json_build_object(
    'scope', scope, 'component', component, 'recount', recount, 'stream', stream, 'held', held,
    'marked_at', to_char(marked_at, :iso), 'run_id', run_id, 'profile_key', profile_key, 'connector_id', connector_id,
    'record_count', records_delta, 'record_bytes', record_bytes_delta, 'change_count', changes_delta,
    'change_bytes', change_bytes_delta, 'blob_count', blobs_delta, 'blob_bytes', blob_bytes_delta,
    'gained', to_char(newest_gained, :iso), 'lost', to_char(newest_lost, :iso))::text
FROM pending
ORDER BY marked_at
