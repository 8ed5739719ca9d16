-- Pending marks, resolved to the connections that they cover. connector_instance_id is null where a mark covers all.
-- A run's mark carries what the event said; it covers a connection if it names it, or its profile key, or if the run as
-- last derived did (an event that went away may have been what kept the run from it). In the backlog, run marks cover nothing:
-- whoever put them there put a mark of each connection beside them.
CREATE VIEW tidemark.connection_marks AS
SELECT m.connector_instance_id, m.component, m.recount, m.stream, m.marked_at, m.held,
       m.records_delta, m.record_bytes_delta, m.changes_delta, m.change_bytes_delta, m.blobs_delta, m.blob_bytes_delta,
       m.newest_gained, m.newest_lost
FROM tidemark.pending_marks m
WHERE m.scope = 'connection' OR m.scope = 'all' AND m.component <> 'manifest' -- a manifest makes no connection dirty
UNION ALL
SELECT m.connector_instance_id, 'runs', true, NULL, m.marked_at, m.held, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM tidemark.pending_marks m
WHERE m.scope = 'run' AND m.held = 'no' AND m.connector_instance_id IS NOT NULL
UNION ALL
SELECT c.connector_instance_id, 'runs', true, NULL, m.marked_at, m.held, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM tidemark.pending_marks m
JOIN public.connector_instances c ON c.source_binding ->> 'browser_profile_key' = m.profile_key COLLATE "default" -- the index's
WHERE m.scope = 'run' AND m.held = 'no' AND m.profile_key IS NOT NULL
UNION ALL
SELECT named.connector_instance_id, 'runs', true, NULL, m.marked_at, m.held, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM tidemark.pending_marks m
JOIN tidemark.run_evidence r ON r.run_id = m.run_id
CROSS JOIN LATERAL (
    SELECT unnest(r.connection_ids) AS connector_instance_id
    UNION ALL
    SELECT c.connector_instance_id FROM public.connector_instances c
    WHERE c.source_binding ->> 'browser_profile_key' = ANY (r.profile_keys COLLATE "default")
) named
WHERE m.scope = 'run' AND m.held = 'no' AND m.run_id IS NOT NULL;

-- For an operator in psql: the totals, dirty and dirty_since that the API gives. Where a mark asks for a recount the
-- totals are the last known ones; what rests on a table whose capture is not trusted may be wrong, and is named.
CREATE VIEW tidemark.connector_summary_overview AS
WITH pending AS MATERIALIZED (SELECT * FROM tidemark.connection_marks),
behind AS (
    SELECT connector_instance_id, min(marked_at) AS dirty_since,
           sum(records_delta) AS records, sum(record_bytes_delta) AS record_bytes,
           sum(change_bytes_delta) AS change_bytes, sum(blob_bytes_delta) AS blob_bytes
    FROM pending WHERE connector_instance_id IS NOT NULL GROUP BY connector_instance_id
),
broad AS (SELECT min(marked_at) AS dirty_since FROM pending WHERE connector_instance_id IS NULL),
lost AS (
    SELECT (SELECT array_agg(u.table_name ORDER BY u.table_name) FROM tidemark.capture u WHERE NOT u.trusted) AS tables,
           (SELECT array_agg(DISTINCT d.component ORDER BY d.component)
            FROM tidemark.capture u CROSS JOIN unnest(u.recount) AS d (component) WHERE NOT u.trusted) AS components
)
SELECT c.connector_instance_id, c.owner_subject_id, c.connector_id, c.display_name, c.status,
       coalesce(e.total_records, 0) + coalesce(b.records, 0) AS total_records, -- numeric: sums that fit no bigint are no error here
       coalesce(e.total_retained_bytes, 0) + coalesce(b.record_bytes, 0) + coalesce(b.change_bytes, 0)
        + coalesce(b.blob_bytes, 0) AS total_retained_bytes,
       e.last_record_updated_at,
       least(b.dirty_since, broad.dirty_since) IS NOT NULL AS dirty,
       least(b.dirty_since, broad.dirty_since) AS dirty_since,
       coalesce(e.state, 'unobserved') AS state, e.last_error, e.version, e.computed_at,
       coalesce(lost.components, '{}') AS untrusted_components, coalesce(lost.tables, '{}') AS untrusted_tables
FROM public.connector_instances c
CROSS JOIN broad CROSS JOIN lost
LEFT JOIN behind b USING (connector_instance_id)
LEFT JOIN LATERAL (
    SELECT * FROM tidemark.connector_summary_evidence v
    WHERE v.connector_instance_id = c.connector_instance_id ORDER BY v.version DESC LIMIT 1
) e ON true;
