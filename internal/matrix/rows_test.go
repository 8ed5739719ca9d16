package matrix

import (
	"testing"
	"time"
)

var fifth = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// What one statement does to rows.
func TestRows(t *testing.T) {
	const upsert = ` ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = excluded.record_json,
		emitted_at = excluded.emitted_at, version = records.version + 1, deleted = false, deleted_at = NULL`
	try(t, "insert", []shape{
		{name: "one row", write: []string{oneA}, changes: "a:records"},
		{name: "rows of several connections", write: []string{into + `('a', 's', 'n', '1', @05), ('b', 'new', 'n', NULL, @05), ('c', 's', 'n', '{}', @05)`}, changes: "a:records b:records c:records"},
		{name: "from a query", write: []string{`INSERT INTO records ` + columns + ` SELECT 'c', stream, record_key, record_json, emitted_at FROM records WHERE connector_instance_id = 'a' AND NOT deleted`}, changes: "c:records"},
		{name: "no row", write: []string{`INSERT INTO records ` + columns + ` SELECT 'c', 's', 'n', NULL, now() WHERE false`}},
		{name: "returning", write: []string{oneA + ` RETURNING record_bytes`}, changes: "a:records"},
		{name: "defaults", write: []string{`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('a', 's', 'n')`}, changes: "a:records"},
		{name: "many rows", write: []string{`INSERT INTO records ` + columns + ` SELECT (ARRAY['a', 'b'])[i % 2 + 1], 's' || i % 7, i, '{}', @05 FROM generate_series(1, 5000) i`}, changes: "a:records b:records"},
		{name: "deleted", write: []string{`INSERT INTO records (connector_instance_id, stream, record_key, deleted) VALUES ('a', 's', 'n', true), ('b', 's', 'n', true)`}},
		{name: "that is refused", write: []string{"!" + into + `('a', 's', 'n', '1', @05), ('a', 's', '1', '1', @05)`}},
		{name: "history", write: []string{`INSERT INTO record_changes (connector_instance_id, stream, record_key, version) VALUES ('a', 's', '1', 3), ('b', 'h', '1', 3)`}, changes: "a:retained_bytes b:retained_bytes"},
		{name: "event", write: []string{`INSERT INTO spine_events (event_seq, event_type, run_id, source_id, data) VALUES (7, 'run.started', 'new', 'shop', '{"browser_surface_profile_key":"pb"}')`}, changes: "b:runs"},
		{name: "event without a run", write: []string{`INSERT INTO spine_events (event_seq, event_type, data) VALUES (7, 'note', '{"connection_id":"b"}')`}},
	})
	try(t, "copy", []shape{
		{name: "text", do: copyText(`COPY records `+columns+` FROM STDIN`, "a\ts\tn\t12\t@05\nb\ts\tn\t\\N\t@05\n", false), changes: "a:records b:records"},
		{name: "one row", do: copyText(`COPY records `+columns+` FROM STDIN`, "a\ts\tn\t12\t@05\n", false), changes: "a:records"},
		{name: "nothing", do: copyText(`COPY records `+columns+` FROM STDIN`, "", false)},
		{name: "csv with a condition", do: copyText(`COPY records `+columns+` FROM STDIN (FORMAT csv) WHERE connector_instance_id <> 'b'`, "a,s,n,12,@05\nb,s,n,1,@05\n", false), changes: "a:records"},
		{name: "binary", do: copyBinary([][]any{{"a", "s", "n", "12", fifth}, {"d", "s", "n", nil, fifth}}), changes: "a:records d:records"},
		{name: "that fails in its last row", do: copyText(`COPY records `+columns+` FROM STDIN`, "a\ts\tn\t12\t@05\nnobody\ts\tn\t1\t@05\n", true)},
		{name: "that goes past bad rows", since: 17, do: copyText(`COPY records `+columns+` FROM STDIN (ON_ERROR ignore)`, "a\ts\tn\t12\tnever\nb\ts\tn\t1\t@05\n", false), changes: "b:records"},
		{name: "frozen after a truncate", super: true, unsafe: true, also: "*:*", write: []string{`BEGIN; TRUNCATE blobs; COPY blobs (blob_id, connector_instance_id, stream, size_bytes) FROM PROGRAM 'printf "9,c,s,9\n"' (FORMAT csv, FREEZE); COMMIT`}, changes: "a:retained_bytes b:retained_bytes c:retained_bytes"},
	})
	try(t, "on conflict", []shape{
		{name: "do nothing, there", write: []string{into + `('a', 's', '1', '12345', @09) ON CONFLICT DO NOTHING`}},
		{name: "do nothing, one there and one new", write: []string{into + `('a', 's', '1', '12345', @09), ('b', 's', 'n', '1', @05) ON CONFLICT DO NOTHING`}, changes: "b:records"},
		{name: "update to the same", write: []string{into + `('a', 's', '1', '12', @01), ('b', 's', '1', '54321', @04)` + upsert}},
		{name: "update", write: []string{into + `('a', 's', '1', '1234', @01)` + upsert}, changes: "a:records"},
		{name: "update and insert", write: []string{into + `('a', 's', '1', '1234', @01), ('a', 's', 'n', '1', @05), ('b', 's', 'n', '1', @05)` + upsert}, changes: "a:records b:records"},
		{name: "undelete", write: []string{into + `('a', 's', '9', '1', @08)` + upsert}, changes: "a:records"},
		{name: "update whose condition fails", write: []string{into + `('a', 's', '1', '1234', @01)` + upsert + ` WHERE records.version > 7`}},
		{name: "of another key", write: []string{`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('1', 'b', 't', 7) ON CONFLICT (blob_id) DO UPDATE SET connector_instance_id = excluded.connector_instance_id, stream = excluded.stream`}, changes: "a:retained_bytes b:retained_bytes"},
		{name: "schedule", write: []string{`INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('a', 60), ('b', 61) ON CONFLICT (connector_instance_id) DO UPDATE SET interval_seconds = excluded.interval_seconds`}, changes: "b:schedule"},
	})
	const merge = `MERGE INTO records r USING (VALUES ('a', 's', '1', '1234'), ('a', 't', '1', NULL), ('b', 's', 'n', '1')) v (c, s, k, j)
		ON r.connector_instance_id = v.c AND r.stream = v.s AND r.record_key = v.k `
	const inserts = `WHEN NOT MATCHED THEN INSERT ` + columns + ` VALUES (v.c, v.s, v.k, v.j::json, @05) `
	try(t, "merge", []shape{
		{name: "every branch", write: []string{merge + `WHEN MATCHED AND v.j IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET record_json = v.j::json ` + inserts}, changes: "a:records b:records"},
		{name: "insert alone", write: []string{merge + inserts}, changes: "b:records"},
		{name: "delete alone", write: []string{merge + `WHEN MATCHED THEN DELETE`}, changes: "a:records"},
		{name: "update that moves", write: []string{merge + `WHEN MATCHED THEN UPDATE SET connector_instance_id = 'c'`}, changes: "a:records c:records"},
		{name: "update to the same", write: []string{merge + `WHEN MATCHED THEN UPDATE SET record_json = r.record_json, version = r.version + 1`}},
		{name: "do nothing", write: []string{merge + `WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN DO NOTHING`}},
		{name: "in a common table", since: 17, write: []string{`WITH m AS (` + merge + `WHEN MATCHED THEN DELETE RETURNING r.*)
			INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json) SELECT connector_instance_id, stream, record_key, 77, record_json FROM m`}, changes: "a:records,retained_bytes"},
		{name: "returning", since: 17, write: []string{merge + inserts + `WHEN MATCHED THEN DELETE RETURNING merge_action(), r.record_key`}, changes: "a:records b:records"},
		{name: "delete what the source has not", since: 17, write: []string{merge + inserts + `WHEN NOT MATCHED BY SOURCE AND r.connector_instance_id = 'd' THEN DELETE`}, changes: "b:records d:records"},
		{name: "update what the source has not", since: 17, write: []string{merge + `WHEN NOT MATCHED BY SOURCE THEN UPDATE SET deleted = NOT deleted WHEN MATCHED THEN UPDATE SET version = 9`}, changes: "a:records b:records d:records"},
		{name: "refused", write: []string{"!" + `MERGE INTO records r USING (VALUES ('1'), ('1')) v (k) ON r.connector_instance_id = 'a' AND r.stream = 's' AND r.record_key = v.k WHEN MATCHED THEN UPDATE SET record_json = '1'`}},
	})
	try(t, "update", []shape{
		{name: "of the stream", write: []string{`UPDATE records SET stream = 'u' WHERE connector_instance_id = 'a' AND record_key = '1'`}, changes: "a:records", given: []string{`DELETE FROM records WHERE stream = 't'`}},
		{name: "of the connection", write: []string{`UPDATE records SET connector_instance_id = 'c' WHERE connector_instance_id = 'a'`}, changes: "a:records c:records"},
		{name: "of the key alone", write: []string{`UPDATE records SET record_key = record_key || 'x'`}},
		{name: "that lets siblings change places", write: []string{`UPDATE records SET connector_instance_id = CASE connector_instance_id WHEN 'a' THEN 'b' ELSE 'a' END, record_key = connector_instance_id || record_key WHERE connector_instance_id IN ('a', 'b')`}, changes: "a:records b:records"},
		{name: "soft delete", write: []string{`UPDATE records SET deleted = true, deleted_at = now(), record_json = NULL WHERE connector_instance_id = 'a' AND record_key = '2'`}, changes: "a:records"},
		{name: "soft delete of what is deleted", write: []string{`UPDATE records SET deleted = true, deleted_at = now() WHERE record_key = '9'`}},
		{name: "undelete", write: []string{`UPDATE records SET deleted = false WHERE record_key = '9'`}, changes: "a:records"},
		{name: "of a time", write: []string{`UPDATE records SET emitted_at = @01 WHERE stream = 't'`}, changes: "a:records"},
		{name: "of what no evidence holds", write: []string{`UPDATE records SET version = 8, deleted_at = now(); UPDATE blobs SET mime_type = 'x/y', sha256 = 'z'; UPDATE connector_instances SET updated_at = now(), source_binding_key = 'other' || connector_instance_id; UPDATE spine_events SET recorded_at = now(), status = 'x'; UPDATE connectors SET updated_at = now()`}},
		{name: "through a join", write: []string{`UPDATE records r SET record_json = '[1,2,3]' FROM connector_instances i WHERE i.connector_instance_id = r.connector_instance_id AND i.owner_subject_id = 'bob'`}, changes: "d:records"},
		{name: "of a cursor's row", write: []string{`BEGIN`, `DECLARE c CURSOR FOR SELECT * FROM records WHERE connector_instance_id = 'b' FOR UPDATE`, `FETCH c`, `UPDATE records SET record_json = '[]' WHERE CURRENT OF c`, `COMMIT`}, changes: "b:records"},
		{name: "of a connection's name", write: []string{`UPDATE connector_instances SET display_name = 'B' WHERE connector_instance_id = 'b'`}, changes: "b:identity"},
		{name: "of an empty connection's id", write: []string{`UPDATE connector_instances SET connector_instance_id = 'e' WHERE connector_instance_id = 'c'`}, changes: "c:identity e:identity"},
		{name: "of a binding", write: []string{`UPDATE connector_instances SET source_binding = '{"browser_profile_key":"px"}' WHERE connector_instance_id = 'a'`}, changes: "a:identity,runs"},
		{name: "that binds two to one profile", write: []string{`UPDATE connector_instances SET source_binding = '{"browser_profile_key":"pa"}' WHERE connector_instance_id = 'b'`}, changes: "a:runs b:identity", also: "b:runs"},
		{name: "of a manifest", write: []string{`UPDATE connectors SET manifest = '{"version":"2"}' WHERE connector_id = 'shop'`}, also: "none:manifest"},
		{name: "of a run's number", write: []string{`UPDATE spine_events SET run_id = 'other' WHERE event_seq = 3`}, changes: "b:runs"},
		{name: "of a run's connection", write: []string{`UPDATE spine_events SET data = '{"connection_id":"d"}', source_id = 'bank' WHERE event_seq = 3`}, changes: "b:runs d:runs"},
		{name: "of a gap's connection", write: []string{`UPDATE connector_detail_gaps SET connector_instance_id = 'c' WHERE gap_id = '1'`}, changes: "a:gaps c:gaps"},
		{name: "of closed attention", given: []string{`UPDATE connector_attention SET lifecycle = 'resolved'`}, write: []string{`UPDATE connector_attention SET reason_code = 'x', connector_instance_id = 'c'`}},
		{name: "of no row", write: []string{`UPDATE records SET deleted = true WHERE stream = 'none'`}},
	})
	try(t, "delete", []shape{
		{name: "one", write: []string{`DELETE FROM records WHERE stream = 't'`}, changes: "a:records"},
		{name: "everything", write: []string{`DELETE FROM records; DELETE FROM record_changes; DELETE FROM blobs`}, changes: "a:records,retained_bytes b:records,retained_bytes d:records"},
		{name: "what was deleted", write: []string{`DELETE FROM records WHERE deleted`}},
		{name: "a missing record", write: []string{`DELETE FROM records WHERE record_key = 'none'`}},
		{name: "through a join", write: []string{`DELETE FROM records r USING blobs b WHERE b.connector_instance_id = r.connector_instance_id AND b.blob_id = '3'`}, changes: "b:records"},
		{name: "events", write: []string{`DELETE FROM spine_events WHERE run_id = 'ra'`}, changes: "a:runs"},
		{name: "a connection, with all that is its", write: []string{`DELETE FROM connector_instances WHERE connector_instance_id = 'a'`}, changes: "a:identity"},
		{name: "an empty connection", write: []string{`DELETE FROM connector_instances WHERE connector_instance_id = 'c'`}, changes: "c:identity"},
		{name: "siblings", write: []string{`DELETE FROM connector_instances WHERE connector_id = 'shop'`}, changes: "a:identity b:identity c:identity"},
		{name: "a connector in use", write: []string{`!DELETE FROM connectors WHERE connector_id = 'shop'`}},
	})
	try(t, "truncate", []shape{
		{name: "records", write: []string{`TRUNCATE records`}, changes: "a:records b:records d:records", also: "*:records", unsafe: true},
		{name: "events", super: true, write: []string{`TRUNCATE spine_events RESTART IDENTITY`}, changes: "a:runs b:runs d:runs", also: "*:runs", unsafe: true},
		{name: "several", write: []string{`TRUNCATE records, record_changes, blobs, connector_detail_gaps`}, changes: "a:gaps,records,retained_bytes b:gaps,records,retained_bytes d:records", also: "*:gaps,records,retained_bytes", unsafe: true},
		{name: "everything, cascading", write: []string{`TRUNCATE connectors CASCADE`, `TRUNCATE spine_events`}, changes: "a:identity b:identity c:identity d:identity", also: "*:*", unsafe: true},
		{name: "connections, cascading", write: []string{`TRUNCATE connector_instances CASCADE`}, changes: "a:identity b:identity c:identity d:identity", also: "*:*", unsafe: true},
		{name: "and fill again", write: []string{`BEGIN; TRUNCATE records; ` + oneB + `; COMMIT`}, changes: "a:records b:records d:records", also: "*:records", unsafe: true},
		{name: "what was filled before it", write: []string{`BEGIN; ` + oneB + `; TRUNCATE records; COMMIT`}, changes: "a:records b:records d:records", also: "*:records", unsafe: true},
		{name: "rolled back", write: []string{`BEGIN; TRUNCATE connectors CASCADE; ROLLBACK`}},
		{name: "rolled back to a savepoint", write: []string{`BEGIN; SAVEPOINT s; TRUNCATE records; ROLLBACK TO s; ` + oneB + `; COMMIT`}, changes: "b:records"},
		{name: "as a replica", super: true, write: []string{`SET session_replication_role = replica; TRUNCATE blobs`}, changes: "a:retained_bytes b:retained_bytes", also: "*:retained_bytes", unsafe: true},
	})
}
