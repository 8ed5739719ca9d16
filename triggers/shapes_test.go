package triggers

import (
	"testing"
)

// shape is one way to write, and the marks that it must leave.
type shape struct {
	name  string
	given string // statements whose marks are forgotten
	write string
	want  []string
}

// odd are settings that a writer may have and that must make no difference.
const odd = `
	SET LOCAL plpgsql.extra_errors = 'all';
	SET LOCAL plpgsql.variable_conflict = 'use_variable';
	SET LOCAL plan_cache_mode = 'force_custom_plan';
	SET LOCAL transform_null_equals = on;
	SET LOCAL standard_conforming_strings = off;
	SET LOCAL quote_all_identifiers = on;
	SET LOCAL row_security = off;
	SET LOCAL enable_hashagg = off;
	SET LOCAL timezone = 'Asia/Kathmandu';
	SET LOCAL datestyle = 'German';
	SET LOCAL client_encoding = 'LATIN1';`

// check runs each shape twice, with the usual settings and with odd ones.
func (b *bench) check(shapes []shape) {
	for _, s := range shapes {
		b.Run(s.name, func(t *testing.T) {
			for _, settings := range []string{``, odd} {
				s.run(&session{t, b.Conn}, settings)
			}
		})
	}
}

// run runs the shape in a transaction that is rolled back.
func (s shape) run(on *session, settings string) {
	on.exec(`BEGIN;` + settings)
	defer on.exec(`ROLLBACK`)
	if s.given != "" {
		on.exec(s.given)
		on.exec(`DELETE FROM tidemark.marks`)
	}
	on.exec(s.write)
	on.want(s.want...)
}

// Some records: two streams of a, one of b, and a deleted one.
const someRecords = `
	INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, deleted) VALUES
		('a', 's', '1', '12', '2026-01-01Z', false), ('a', 's', '2', '123', '2026-01-02Z', false),
		('a', 't', '1', '1234', '2026-01-03Z', false), ('b', 's', '1', '12345', '2026-01-04Z', false),
		('a', 's', '9', '123456', '2026-01-09Z', true);
	INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json) VALUES
		('a', 's', '1', 1, '1'), ('a', 's', '1', 2, '12'), ('b', 's', '1', 1, '12');
	INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES
		('1', 'a', 's', 100), ('2', 'a', 's', 200), ('3', 'b', 's', 400);`

func TestRecords(t *testing.T) {
	open(t).check([]shape{
		{"insert one", ``,
			`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('a', 's', '1', '12', '2026-01-05Z')`,
			[]string{"records a /s n+1 b+2 gained 05"}},
		{"insert one without content", ``,
			`INSERT INTO records (connector_instance_id, stream, record_key, emitted_at) VALUES ('a', 's', '1', '2026-01-05Z')`,
			[]string{"records a /s n+1 b+0 gained 05"}},
		{"insert one deleted", ``,
			`INSERT INTO records (connector_instance_id, stream, record_key, record_json, deleted) VALUES ('a', 's', '1', '12', true)`,
			nil},
		{"insert several", ``, someRecords + `DELETE FROM tidemark.marks WHERE component <> 'records'`,
			[]string{"records a /s n+2 b+5 gained 02", "records a /t n+1 b+4 gained 03", "records b /s n+1 b+5 gained 04"}},
		{"insert several deleted", ``,
			`INSERT INTO records (connector_instance_id, stream, record_key, deleted) VALUES ('a', 's', '1', true), ('a', 's', '2', true)`,
			nil},
		{"insert nothing", someRecords, `INSERT INTO records (connector_instance_id, stream, record_key) SELECT 'a', 's', '5' WHERE false`, nil},
		{"conflict do nothing", someRecords,
			`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('a', 's', '1', '1', now())
			 ON CONFLICT DO NOTHING`,
			nil},
		{"conflict do nothing, one new", someRecords,
			`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at)
			 VALUES ('a', 's', '1', '1', now()), ('a', 's', '3', '1', '2026-01-05Z') ON CONFLICT DO NOTHING`,
			[]string{"records a /s n+1 b+1 gained 05"}},
		{"conflict do update, the same record", someRecords,
			`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('a', 's', '1', '12', '2026-01-01Z')
			 ON CONFLICT (connector_instance_id, stream, record_key)
			 DO UPDATE SET record_json = excluded.record_json, emitted_at = excluded.emitted_at, version = records.version + 1`,
			nil},
		{"conflict do update, one new and one changed", someRecords,
			`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at)
			 VALUES ('a', 's', '1', '1', '2026-01-05Z'), ('a', 's', '3', '1', '2026-01-06Z')
			 ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = excluded.record_json, emitted_at = excluded.emitted_at`,
			[]string{"records a /s n+1 b+1 gained 06", "records a /s n+0 b-1 gained 05 lost 01"}},
		{"merge with every action", someRecords,
			`MERGE INTO records r USING (VALUES ('1', '1234'), ('2', null), ('3', '1')) AS v (record_key, record_json)
			 ON r.connector_instance_id = 'a' AND r.stream = 's' AND r.record_key = v.record_key
			 WHEN MATCHED AND v.record_json IS NULL THEN DELETE
			 WHEN MATCHED THEN UPDATE SET record_json = v.record_json::json
			 WHEN NOT MATCHED THEN INSERT (connector_instance_id, stream, record_key, record_json, emitted_at)
			     VALUES ('a', 's', v.record_key, v.record_json::json, '2026-01-07Z')`,
			[]string{"records a /s n+1 b+1 gained 07", "records a /s n+0 b+2", "records a /s n-1 b-3 lost 02"}},
		{"merge that does nothing", someRecords,
			`MERGE INTO records r USING (VALUES ('1')) AS v (k) ON r.connector_instance_id = 'a' AND r.stream = 's' AND r.record_key = v.k
			 WHEN MATCHED THEN DO NOTHING`,
			nil},

		{"update one, more bytes", someRecords, `UPDATE records SET record_json = '1234' WHERE stream = 's' AND connector_instance_id = 'a' AND record_key = '1'`,
			[]string{"records a /s n+0 b+2"}},
		{"update one, other content of the same size", someRecords, `UPDATE records SET record_json = '99', version = 2 WHERE stream = 's' AND connector_instance_id = 'a' AND record_key = '1'`,
			nil},
		{"update one, later", someRecords, `UPDATE records SET emitted_at = '2026-01-05Z' WHERE stream = 's' AND connector_instance_id = 'a' AND record_key = '1'`,
			[]string{"records a /s n+0 b+0 gained 05 lost 01"}},
		{"update one, other key in the same stream", someRecords, `UPDATE records SET record_key = '7' WHERE stream = 's' AND connector_instance_id = 'a' AND record_key = '1'`,
			nil},
		{"update one, moved to another stream", someRecords, `UPDATE records SET stream = 'u' WHERE stream = 's' AND connector_instance_id = 'a' AND record_key = '1'`,
			[]string{"records a /s n-1 b-2 lost 01", "records a /u n+1 b+2 gained 01"}},
		{"update one, moved to another connection", someRecords, `UPDATE records SET connector_instance_id = 'c' WHERE connector_instance_id = 'b'`,
			[]string{"records b /s n-1 b-5 lost 04", "records c /s n+1 b+5 gained 04"}},
		{"update one deleted in place", someRecords, `UPDATE records SET record_json = '1', emitted_at = now() WHERE deleted`, nil},
		{"update one deleted", someRecords, `UPDATE records SET record_json = '1', emitted_at = now(), stream = 'u' WHERE deleted`, nil},
		{"soft delete one", someRecords, `UPDATE records SET deleted = true, deleted_at = now() WHERE connector_instance_id = 'b'`,
			[]string{"records b /s n-1 b-5 lost 04"}},
		{"soft delete and clear one", someRecords, `UPDATE records SET deleted = true, record_json = null WHERE connector_instance_id = 'b'`,
			[]string{"records b /s n-1 b-5 lost 04"}},
		{"soft delete and move one", someRecords, `UPDATE records SET deleted = true, stream = 'u' WHERE connector_instance_id = 'b'`,
			[]string{"records b /s n-1 b-5 lost 04"}},
		{"undelete one", someRecords, `UPDATE records SET deleted = false WHERE deleted`, []string{"records a /s n+1 b+6 gained 09"}},
		{"undelete one at another time", someRecords, `UPDATE records SET deleted = false, emitted_at = '2026-01-08Z', record_json = '1' WHERE deleted`,
			[]string{"records a /s n+1 b+1 gained 08"}},
		{"update several", someRecords, `UPDATE records SET record_json = '1' WHERE NOT deleted`,
			[]string{"records a /s n+0 b-3", "records a /t n+0 b-3", "records b /s n+0 b-4"}},
		{"update several, nothing relevant", someRecords, `UPDATE records SET version = version + 1, deleted_at = now()`, nil},
		{"update several, the times change places", someRecords,
			`UPDATE records SET emitted_at = CASE record_key WHEN '1' THEN '2026-01-02Z'::timestamptz ELSE '2026-01-01Z' END WHERE connector_instance_id = 'a' AND stream = 's' AND NOT deleted`,
			nil},
		{"update several, the sizes change places", someRecords,
			`UPDATE records SET record_json = CASE record_key WHEN '1' THEN '123'::json ELSE '12' END WHERE connector_instance_id = 'a' AND stream = 's' AND NOT deleted`,
			nil},
		{"update several, sums equal but not the times", someRecords,
			`UPDATE records SET emitted_at = '2026-01-01Z' WHERE connector_instance_id = 'a' AND stream = 's' AND NOT deleted`,
			[]string{"records a /s n+0 b+0 gained 01 lost 02"}},
		{"update several, streams change places", someRecords,
			`UPDATE records SET stream = CASE stream WHEN 's' THEN 't' ELSE 's' END, record_key = stream || record_key WHERE connector_instance_id = 'a'`,
			[]string{"records a /s n-1 b-1 gained 03 lost 02", "records a /t n+1 b+1 gained 02 lost 03"}},
		{"update several, keys shift", someRecords, `UPDATE records SET record_key = record_key || 'x' WHERE connector_instance_id = 'a'`, nil},
		{"update several, soft delete one and undelete another", someRecords,
			`UPDATE records SET deleted = NOT deleted WHERE connector_instance_id = 'a' AND stream = 's' AND record_key IN ('1', '9')`,
			[]string{"records a /s n+0 b+4 gained 09 lost 01"}},
		{"update nothing", someRecords, `UPDATE records SET emitted_at = now() WHERE record_key = 'none'`, nil},

		{"delete one", someRecords, `DELETE FROM records WHERE connector_instance_id = 'b'`, []string{"records b /s n-1 b-5 lost 04"}},
		{"delete one that was deleted", someRecords, `DELETE FROM records WHERE deleted`, nil},
		{"delete several", someRecords, `DELETE FROM records`,
			[]string{"records a /s n-2 b-5 lost 02", "records a /t n-1 b-4 lost 03", "records b /s n-1 b-5 lost 04"}},
		{"delete a missing record", someRecords, `DELETE FROM records WHERE record_key = 'none'`, nil},
		{"delete an empty stream", someRecords, `DELETE FROM records WHERE connector_instance_id = 'a' AND stream = 'none'`, nil},
		{"one statement that inserts, updates and deletes", someRecords,
			`WITH i AS (INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('c', 's', '1', '1', '2026-01-05Z')),
			      u AS (UPDATE records SET record_json = '1' WHERE connector_instance_id = 'b')
			 DELETE FROM records WHERE stream = 't'`,
			[]string{"records c /s n+1 b+1 gained 05", "records b /s n+0 b-4", "records a /t n-1 b-4 lost 03"}},
		{"the same table twice in one statement", ``,
			`WITH i AS (INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('a', 's', '1', '1', '2026-01-05Z'))
			 INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('a', 's', '2', '1', '2026-01-06Z')`,
			[]string{"records a /s n+2 b+2 gained 06"}},
		{"truncate", someRecords, `TRUNCATE records`, []string{"all records recount"}},
	})
}

func TestRetainedBytes(t *testing.T) {
	open(t).check([]shape{
		{"insert", ``, someRecords + `DELETE FROM tidemark.marks WHERE component = 'records'`,
			[]string{"retained_bytes a /s n+2 b+3", "retained_bytes b /s n+1 b+2", "retained_bytes a /s n+2 b+300", "retained_bytes b /s n+1 b+400"}},
		{"insert one change", ``,
			`INSERT INTO record_changes (connector_instance_id, stream, record_key, version, deleted) VALUES ('a', 's', '1', 1, true)`,
			[]string{"retained_bytes a /s n+1 b+0"}},
		{"insert one blob", ``,
			`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes, data) VALUES ('1', 'a', 's', 7, 'x')`,
			[]string{"retained_bytes a /s n+1 b+7"}},
		{"update one change", someRecords, `UPDATE record_changes SET record_json = '1234' WHERE connector_instance_id = 'b'`,
			[]string{"retained_bytes b /s n+0 b+2"}},
		{"update what no evidence holds", someRecords,
			`UPDATE record_changes SET emitted_at = now(), deleted = true; UPDATE blobs SET data = 'y', sha256 = 'z', record_key = 'k';
			 UPDATE blobs SET mime_type = 'text/plain' WHERE blob_id = '1'`, nil},
		{"update several changes", someRecords, `UPDATE record_changes SET record_json = '1234567'`,
			[]string{"retained_bytes a /s n+0 b+11", "retained_bytes b /s n+0 b+5"}},
		{"blobs move", someRecords, `UPDATE blobs SET connector_instance_id = 'c' WHERE connector_instance_id = 'a'`,
			[]string{"retained_bytes a /s n-2 b-300", "retained_bytes c /s n+2 b+300"}},
		{"blobs change places", someRecords,
			`UPDATE blobs SET connector_instance_id = CASE connector_instance_id WHEN 'a' THEN 'b' ELSE 'a' END`,
			[]string{"retained_bytes a /s n-1 b+100", "retained_bytes b /s n+1 b-100"}},
		{"delete", someRecords, `DELETE FROM record_changes; DELETE FROM blobs`,
			[]string{"retained_bytes a /s n-2 b-3", "retained_bytes b /s n-1 b-2", "retained_bytes a /s n-2 b-300", "retained_bytes b /s n-1 b-400"}},
		{"delete one", someRecords, `DELETE FROM record_changes WHERE connector_instance_id = 'b'; DELETE FROM blobs WHERE connector_instance_id = 'b'`,
			[]string{"retained_bytes b /s n-1 b-2", "retained_bytes b /s n-1 b-400"}},
		{"sizes that do not fit 64 bits", ``,
			`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes)
			 SELECT i::text, 'a', 's', 9007199254740991 FROM generate_series(1, 1025) i;
			 UPDATE blobs SET stream = 't'; DELETE FROM blobs`,
			[]string{"retained_bytes recount a /s", "retained_bytes recount a /s", "retained_bytes recount a /t", "retained_bytes recount a /t"}},
		{"sizes that just fit", ``,
			`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes)
			 SELECT i::text, 'a', 's', 9007199254740991 FROM generate_series(1, 1024) i`,
			[]string{"retained_bytes a /s n+1024 b+9223372036854774784"}},
		{"truncate", someRecords, `TRUNCATE record_changes, blobs`,
			[]string{"all retained_bytes recount", "all retained_bytes recount"}},
	})
}
