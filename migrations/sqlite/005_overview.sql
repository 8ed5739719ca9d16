-- Pending marks, resolved to the connections that they cover. connector_instance_id is null where a mark covers all.
-- A run's mark carries what the event said; it covers a connection if it names it, or its profile key, or if the run as
-- last derived did (an event that went away may have been what kept the run from it).
CREATE VIEW connection_marks AS
SELECT m.connector_instance_id, m.component, m.recount, m.stream, m.marked_at, 0 AS parked,
       m.records_delta, m.record_bytes_delta, m.changes_delta, m.change_bytes_delta, m.blobs_delta, m.blob_bytes_delta,
       m.newest_gained, m.newest_lost
FROM marks m
WHERE m.scope = 'connection' OR m.scope = 'all' AND m.component <> 'manifest' -- a manifest makes no connection dirty
UNION ALL
SELECT p.connector_instance_id, p.component, p.recount, p.stream, p.marked_at, 1,
       p.records_delta, p.record_bytes_delta, p.changes_delta, p.change_bytes_delta, p.blobs_delta, p.blob_bytes_delta,
       p.newest_gained, p.newest_lost
FROM marks_parked p
UNION ALL
SELECT m.connector_instance_id, 'runs', 1, NULL, m.marked_at, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM marks m
WHERE m.scope = 'run' AND m.connector_instance_id IS NOT NULL
UNION ALL
SELECT c.connector_instance_id, 'runs', 1, NULL, m.marked_at, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM marks m
JOIN connector_instances c ON c.browser_profile_key = m.profile_key
WHERE m.scope = 'run'
UNION ALL
SELECT n.name, 'runs', 1, NULL, m.marked_at, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM marks m
JOIN run_names n ON n.run_id = m.run_id AND n.kind = 'connection'
WHERE m.scope = 'run'
UNION ALL
SELECT c.connector_instance_id, 'runs', 1, NULL, m.marked_at, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM marks m
JOIN run_names n ON n.run_id = m.run_id AND n.kind = 'profile'
JOIN connector_instances c ON c.browser_profile_key = n.name
WHERE m.scope = 'run';

-- For an operator in the sqlite3 shell: the totals, dirty and dirty_since that the API gives. Where a mark asks for a
-- recount the totals are the last known ones; what rests on a table whose capture is not trusted may be wrong, and is named. Sums are taken in halves of 32 bits: sum() fails the whole query on overflow.
CREATE VIEW connector_summary_overview AS
WITH pending AS MATERIALIZED (SELECT * FROM connection_marks),
behind AS (
    SELECT connector_instance_id, min(marked_at) AS dirty_since,
           (sum(coalesce(records_delta, 0) >> 32) << 32) + sum(coalesce(records_delta, 0) & 4294967295) AS records,
           ((sum(coalesce(record_bytes_delta, 0) >> 32) + sum(coalesce(change_bytes_delta, 0) >> 32)
             + sum(coalesce(blob_bytes_delta, 0) >> 32)) << 32)
           + sum(coalesce(record_bytes_delta, 0) & 4294967295) + sum(coalesce(change_bytes_delta, 0) & 4294967295)
           + sum(coalesce(blob_bytes_delta, 0) & 4294967295) AS bytes
    FROM pending WHERE connector_instance_id IS NOT NULL GROUP BY connector_instance_id
),
broad AS (SELECT min(marked_at) AS dirty_since FROM pending WHERE connector_instance_id IS NULL),
lost AS ( -- JSON arrays
    SELECT (SELECT coalesce(json_group_array(table_name), '[]') FROM (SELECT table_name FROM capture_state WHERE NOT trusted ORDER BY 1)) AS tables,
           (SELECT coalesce(json_group_array(value), '[]') FROM (
                SELECT DISTINCT d.value FROM capture_state u, json_each(u.recount) d WHERE NOT u.trusted ORDER BY 1)) AS components
)
SELECT c.connector_instance_id, c.owner_subject_id, c.connector_id, c.display_name, c.status,
       coalesce(e.total_records, 0) + coalesce(b.records, 0) AS total_records,
       coalesce(e.total_retained_bytes, 0) + coalesce(b.bytes, 0) AS total_retained_bytes,
       e.last_record_updated_at,
       coalesce(b.dirty_since, broad.dirty_since) IS NOT NULL AS dirty,
       min(coalesce(b.dirty_since, broad.dirty_since), coalesce(broad.dirty_since, b.dirty_since)) AS dirty_since,
       coalesce(e.state, 'unobserved') AS state, e.last_error, e.version, e.computed_at,
       lost.components AS untrusted_components, lost.tables AS untrusted_tables
FROM connector_instances c
CROSS JOIN broad CROSS JOIN lost
LEFT JOIN behind b ON b.connector_instance_id = c.connector_instance_id
LEFT JOIN connector_summary_evidence e ON e.connector_instance_id = c.connector_instance_id;
