-- Source tables whose capture is not trusted: on record as such, not on record, or touched by DDL that no installation has answered.
SELECT t.table_name, json_build_object('reason', coalesce(s.reason_code, d.reason_code))::text
FROM (VALUES ('blobs'), ('connector_attention'), ('connector_detail_gaps'), ('connector_instances'), ('connector_schedules'), ('connectors'),
             ('device_heartbeats'), ('record_changes'), ('records'), ('spine_events')) AS t (table_name)
LEFT JOIN tidemark.capture_state s ON s.table_name = t.table_name
LEFT JOIN (SELECT table_name, min(reason_code) AS reason_code FROM tidemark.capture_touched GROUP BY 1) d ON d.table_name = t.table_name
WHERE s.trusted IS NOT TRUE OR d.table_name IS NOT NULL
ORDER BY 1
