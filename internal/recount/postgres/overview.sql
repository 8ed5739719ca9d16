-- What the operator's view says.
SELECT connector_instance_id, json_build_object(
    'total_records', total_records, 'total_retained_bytes', total_retained_bytes, 'dirty', dirty,
    'dirty_since', to_char(dirty_since, :iso))::text
FROM tidemark.connector_summary_overview ORDER BY 1
