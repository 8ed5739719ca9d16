package conformance

import (
	"testing"

	"tidemark/internal/enginetest"
)

func TestRecords(t *testing.T) {
	t.Parallel()
	insert := "INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, deleted) VALUES "
	play(t, []step{
		does("insert", "ci_home", insert+`('ci_home', 'orders', '7', '{"id":7}', '2026-02-07T00:00:00.000000Z', false)`),
		nothing("insert that finds its row", insert+`('ci_home', 'orders', '7', '{"id":8}', '2026-02-08T00:00:00.000000Z', false) ON CONFLICT DO NOTHING`).guardedBy("ci_home"),
		nothing("re-ingest of the same record", upsert(`('ci_home', 'orders', '7', '{"id":7}', '2026-02-07T00:00:00.000000Z', 9)`)),
		does("re-ingest of a longer one", "ci_home", upsert(`('ci_home', 'orders', '7', '{"id":7777}', '2026-02-07T00:00:00.000000Z', 9)`)),
		does("re-ingest of a later one", "ci_home", upsert(`('ci_home', 'orders', '7', '{"id":7777}', '2026-02-08T00:00:00.000000Z', 9)`)),
		nothing("another text of the same length", `UPDATE records SET record_json = '{"id":9999}' WHERE connector_instance_id = 'ci_home' AND record_key = '7'`),
		nothing("columns that evidence does not hold", "UPDATE records SET version = version + 1, deleted_at = '2026-02-08T00:00:00.000000Z'"),
		nothing("zero rows", "UPDATE records SET deleted = true WHERE record_key = 'no such key'"),
		nothing("insert of a deleted record", insert+`('ci_home', 'orders', '8', '{}', '2026-03-01T00:00:00.000000Z', true)`),
		nothing("change of a deleted record", "UPDATE records SET record_json = '{\"long\":1}', emitted_at = '2026-03-02T00:00:00.000000Z' WHERE connector_instance_id = 'ci_home' AND record_key = '8'"),
		nothing("deletion of a deleted record", "DELETE FROM records WHERE connector_instance_id = 'ci_home' AND record_key = '8'"),
		does("soft deletion of the newest", "ci_home", "UPDATE records SET deleted = true WHERE connector_instance_id = 'ci_home' AND stream = 'orders' AND record_key = '7'"),
		does("undelete", "ci_home", "UPDATE records SET deleted = false WHERE connector_instance_id = 'ci_home' AND stream = 'orders' AND record_key = '7'"),
		does("the newest becomes older", "ci_home", "UPDATE records SET emitted_at = '2020-01-01T00:00:00.000000Z' WHERE connector_instance_id = 'ci_home' AND stream = 'orders' AND record_key = '7'"),
		does("the oldest becomes the newest", "ci_home", "UPDATE records SET emitted_at = '2027-01-01T00:00:00.000000Z' WHERE connector_instance_id = 'ci_home' AND stream = 'orders' AND record_key = '1'"),
		nothing("a key changes within its stream", "UPDATE records SET record_key = 'seven' WHERE connector_instance_id = 'ci_home' AND record_key = '7'").guardedBy("ci_home"),
		does("moved to another stream", "ci_home", "UPDATE records SET stream = 'items' WHERE connector_instance_id = 'ci_home' AND record_key = 'seven'"),
		does("moved to another connection", "ci_home ci_work", "UPDATE records SET connector_instance_id = 'ci_work' WHERE connector_instance_id = 'ci_home' AND record_key = 'seven'"),
		does("moved there and back, with a change", "ci_home ci_work", "UPDATE records SET connector_instance_id = CASE connector_instance_id WHEN 'ci_home' THEN 'ci_work' ELSE 'ci_home' END WHERE stream IN ('items', 'Zebra')"),
		does("many rows of several connections", "ci_chase ci_manual ci_phone", insert+`
			('ci_chase', 'transactions', 'x1', '{}', '2026-05-01T00:00:00.000000Z', false), ('ci_chase', 'transactions', 'x2', '{}', '2026-05-02T00:00:00.000000Z', true),
			('ci_phone', 'photos', 'x1', '[]', '2026-05-01T00:00:00.000000Z', false), ('ci_manual', 'notes', 'x1', '[]', '2026-05-01T00:00:00.000000Z', false)`),
		{name: "a duplicate key in the middle", do: enginetest.Same(insert + `
			('ci_chase', 'transactions', 'y1', '{}', '2026-05-01T00:00:00.000000Z', false), ('ci_chase', 'transactions', 'x2', '{}', '2026-05-02T00:00:00.000000Z', false)`), refused: true},
		{name: "a stream without a name", do: enginetest.Same(insert + `
			('ci_chase', 'transactions', 'y1', '{}', '2026-05-01T00:00:00.000000Z', false), ('ci_chase', '', 'x2', '{}', '2026-05-02T00:00:00.000000Z', false)`), refused: true},
		does("a stream copied", "ci_home", "INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) SELECT connector_instance_id, 'copy', record_key, record_json, emitted_at FROM records WHERE connector_instance_id = 'ci_home' AND stream = 'orders' AND NOT deleted"),
		nothing("deletion of a missing record", "DELETE FROM records WHERE connector_instance_id = 'ci_home' AND record_key = 'no such key'"),
		nothing("deletion of an empty stream", "DELETE FROM records WHERE connector_instance_id = 'ci_home' AND stream = 'no such stream'"),
		does("deletion of one record", "ci_manual", "DELETE FROM records WHERE connector_instance_id = 'ci_manual' AND record_key = 'l'"),
		does("deletion of a stream", "ci_home", "DELETE FROM records WHERE connector_instance_id = 'ci_home' AND stream = 'orders'"),
		does("deletion of everything of one connection", "ci_manual", "DELETE FROM records WHERE connector_instance_id = 'ci_manual'"),
		{
			name: "an emptied table", do: enginetest.Empty("records"), dirty: everyone,
			changed: "ci/é%?# ci_chase ci_home ci_phone ci_work",
		},
		nothing("deletion of everything where nothing is", "DELETE FROM records"),
	})
}

// upsert is how a connector ingests.
func upsert(rows string) string {
	return `INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, version) VALUES ` + rows + `
		ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = excluded.record_json,
		emitted_at = excluded.emitted_at, version = records.version + 1, deleted = false, deleted_at = NULL`
}

// What MERGE does on Postgres, OR REPLACE does on SQLite; there, and only there, a foreign writer's replacement by the same
// row is in doubt.
func TestReplacement(t *testing.T) {
	t.Parallel()
	merge := func(values string) string {
		return `MERGE INTO records r USING (SELECT c, s, k, j::json AS j, e::timestamptz AS e FROM (VALUES ` + values + `) v (c, s, k, j, e)) v
			ON r.connector_instance_id = v.c AND r.stream = v.s AND r.record_key = v.k
			WHEN MATCHED THEN UPDATE SET record_json = v.j, emitted_at = v.e
			WHEN NOT MATCHED THEN INSERT (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES (v.c, v.s, v.k, v.j, v.e)`
	}
	replace := func(values string) enginetest.Statement {
		return enginetest.Statement{Postgres: merge(values), SQLite: `INSERT OR REPLACE INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ` + values}
	}
	play(t, []step{
		{
			name: "new and old", dirty: "ci_home ci_work", changed: "=",
			do: replace(`('ci_home', 'orders', '1', '{"a":1}', '2026-02-01T00:00:00.000000Z'), ('ci_work', 'orders', '9', '{}', '2026-02-01T00:00:00.000000Z')`),
		},
		{
			name: "the newest gives way to an older one", dirty: "ci_home", changed: "=",
			do: replace(`('ci_home', 'items', '1', '{"id":1}', '2025-02-01T00:00:00.000000Z')`),
		},
		{
			name: "unique keys of a blob", dirty: "ci_chase ci_home", changed: "=",
			do: enginetest.Statement{
				Postgres: `INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b1', 'ci_chase', 's', 5)
					ON CONFLICT (blob_id) DO UPDATE SET connector_instance_id = excluded.connector_instance_id, stream = excluded.stream, size_bytes = excluded.size_bytes`,
				SQLite: `INSERT OR REPLACE INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b1', 'ci_chase', 's', 5)`,
			},
		},
	})
}

func TestRecordChanges(t *testing.T) {
	t.Parallel()
	insert := "INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json, emitted_at, deleted) VALUES "
	play(t, []step{
		does("insert", "ci_home ci_work", insert+`('ci_home', 'orders', '1', 7, '{"id":7}', '2026-02-07T00:00:00.000000Z', false), ('ci_work', 'orders', '1', 7, NULL, '2026-02-07T00:00:00.000000Z', true)`),
		nothing("insert that finds its row", insert+`('ci_home', 'orders', '1', 7, '{"id":8}', '2026-02-08T00:00:00.000000Z', false) ON CONFLICT DO NOTHING`).guardedBy("ci_home"),
		nothing("the same length, another time, another key", `UPDATE record_changes SET record_json = '{"id":8}', emitted_at = '2026-03-01T00:00:00.000000Z', deleted = true, version = 8 WHERE version = 7 AND connector_instance_id = 'ci_home'`),
		does("longer", "ci_home", `UPDATE record_changes SET record_json = '{"id":8000}' WHERE version = 8`),
		does("moved to another stream", "ci_home", "UPDATE record_changes SET stream = 'items' WHERE version = 8"),
		does("moved to another connection", "ci_chase ci_home", "UPDATE record_changes SET connector_instance_id = 'ci_chase' WHERE version = 8"),
		does("deletion", "ci_home", "DELETE FROM record_changes WHERE stream = 'history only'"),
		nothing("deletion of nothing", "DELETE FROM record_changes WHERE stream = 'history only'"),
		{name: "an emptied table", do: enginetest.Empty("record_changes"), dirty: everyone, changed: "ci_chase ci_home ci_work"},
	})
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	insert := "INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES "
	play(t, []step{
		does("insert", "ci_home ci_work", insert+`('n1', 'ci_home', 'pictures', 10), ('n2', 'ci_work', 'pictures', 0)`),
		nothing("columns that evidence does not hold", "UPDATE blobs SET mime_type = 'image/gif', sha256 = 'x', record_key = 'k', blob_id = 'renamed' WHERE blob_id = 'n1'"),
		nothing("the same size", "UPDATE blobs SET size_bytes = 10 WHERE blob_id = 'renamed'"),
		nothing("two swap their sizes within a stream", "UPDATE blobs SET size_bytes = 10 - size_bytes WHERE connector_instance_id = 'ci_home' AND stream = 'pictures'").guardedBy("ci_home"),
		does("another size", "ci_home", "UPDATE blobs SET size_bytes = 11 WHERE blob_id = 'renamed'"),
		does("moved", "ci_chase ci_home", "UPDATE blobs SET connector_instance_id = 'ci_chase', stream = 'moved' WHERE blob_id = 'renamed'"),
		{name: "a negative size", do: enginetest.Same(insert + "('n3', 'ci_home', 'pictures', -1)"), refused: true},
		does("deletion", "ci_work", "DELETE FROM blobs WHERE blob_id = 'n2'"),
		{name: "an emptied table", do: enginetest.Empty("blobs"), dirty: everyone, changed: "ci_chase ci_home"},
	})
}
