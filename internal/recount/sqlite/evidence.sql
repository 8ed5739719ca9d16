-- The evidence as it is stored.
SELECT e.connector_instance_id, json_object(
    'identity', json_object(
        'connector_id', e.connector_id, 'owner_subject_id', e.owner_subject_id, 'display_name', e.display_name,
        'status', e.status, 'source_kind', e.source_kind, 'browser_profile_key', e.browser_profile_key,
        'created_at', e.created_at, 'revoked_at', e.revoked_at),
    'streams', json(e.stream_records_json),
    'totals', json_object(
        'total_records', e.total_records, 'stream_count', e.stream_count, 'last_record_updated_at', e.last_record_updated_at,
        'retained_bytes_json', json(e.retained_bytes_json), 'total_retained_bytes', e.total_retained_bytes),
    'runs', json_object(
        'last', json(e.last_run_json), 'last_successful', json(e.last_successful_run_json),
        'last_finished', json(e.last_finished_run_json), 'open', json(e.open_runs_json), 'consecutive_failures', e.consecutive_failures),
    'schedule', json(e.schedule_json), 'gaps', json(e.gaps_json), 'attention', json(e.attention_json), 'device', json(e.device_json),
    'state', e.state, 'last_error', e.last_error, 'version', e.version, 'computed_at', e.computed_at)
FROM connector_summary_evidence e
ORDER BY 1
