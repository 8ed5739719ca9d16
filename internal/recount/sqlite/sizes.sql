-- The stored sizes of streams.
SELECT z.connector_instance_id, json_object(
    'stream', z.stream, 'record_count', z.record_count, 'record_bytes', z.record_bytes, 'change_count', z.change_count,
    'change_bytes', z.change_bytes, 'blob_count', z.blob_count, 'blob_bytes', z.blob_bytes, 'newest_emitted_at', z.newest_emitted_at)
FROM retained_size_stream z
ORDER BY z.connector_instance_id, z.stream
