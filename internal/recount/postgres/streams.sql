-- What each stream of each connection retains, from the stored text itself. Blob bytes come in two halves: SQLite's sum
-- must not overflow.
SELECT connector_instance_id, json_build_object(
    'stream', stream, 'record_count', sum(records), 'record_bytes', sum(record_bytes), 'change_count', sum(changes),
    'change_bytes', sum(change_bytes), 'blob_count', sum(blobs), 'blob_high', sum(blob_high), 'blob_low', sum(blob_low),
    'newest_emitted_at', to_char(max(newest), :iso))::text
FROM (
    SELECT connector_instance_id, stream, count(*) AS records, sum(coalesce(octet_length(record_json::text), 0)) AS record_bytes,
           0 AS changes, 0 AS change_bytes, 0 AS blobs, 0 AS blob_high, 0 AS blob_low, max(emitted_at) AS newest
    FROM public.records WHERE NOT deleted GROUP BY 1, 2
    UNION ALL
    SELECT connector_instance_id, stream, 0, 0, count(*), sum(coalesce(octet_length(record_json::text), 0)), 0, 0, 0, NULL
    FROM public.record_changes GROUP BY 1, 2
    UNION ALL
    SELECT connector_instance_id, stream, 0, 0, 0, 0, count(*), sum(size_bytes >> 26), sum(size_bytes & 67108863), NULL
    FROM public.blobs GROUP BY 1, 2
) s
WHERE connector_instance_id IN (SELECT connector_instance_id FROM public.connector_instances)
GROUP BY connector_instance_id, stream
ORDER BY connector_instance_id, stream
