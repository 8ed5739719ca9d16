-- Source tables whose capture is not trusted.
SELECT table_name, json_build_object('reason', reason_code)::text FROM tidemark.capture_state WHERE NOT trusted ORDER BY 1
