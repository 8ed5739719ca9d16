-- Source tables whose capture is not trusted.
SELECT table_name, json_object('reason', reason_code) FROM capture_state WHERE NOT trusted ORDER BY 1
