-- The evidence as it is stored; a connection with two rows comes twice.
SELECT e.connector_instance_id, json_build_object(
    'identity', json_build_object(
        'connector_id', e.connector_id, 'owner_subject_id', e.owner_subject_id, 'display_name', e.display_name,
        'status', e.status, 'source_kind', e.source_kind, 'browser_profile_key', e.browser_profile_key,
        'created_at', to_char(e.created_at, :iso), 'revoked_at', to_char(e.revoked_at, :iso)),
    'streams', e.stream_records_json,
    'totals', json_build_object(
        'total_records', e.total_records, 'stream_count', e.stream_count,
        'last_record_updated_at', to_char(e.last_record_updated_at, :iso),
        'retained_bytes_json', e.retained_bytes_json, 'total_retained_bytes', e.total_retained_bytes),
    'runs', json_build_object(
        'last', e.last_run_json, 'last_successful', e.last_successful_run_json, 'last_finished', e.last_finished_run_json,
        'open', e.open_runs_json, 'consecutive_failures', e.consecutive_failures),
    'schedule', e.schedule_json, 'gaps', e.gaps_json, 'attention', e.attention_json, 'device', e.device_json,
    'state', e.state, 'last_error', e.last_error, 'version', e.version, 'computed_at', to_char(e.computed_at, :iso))::text
FROM tidemark.connector_summary_evidence e
ORDER BY 1
