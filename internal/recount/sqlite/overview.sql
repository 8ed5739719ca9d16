-- What the operator's view says.
SELECT connector_instance_id, json_object(
    'total_records', total_records, 'total_retained_bytes', total_retained_bytes, 'dirty', dirty, 'dirty_since', dirty_since)
FROM connector_summary_overview ORDER BY 1
