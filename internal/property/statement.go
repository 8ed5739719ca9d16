package property

import (
	"fmt"

	"pgregory.net/rapid"

	"tidemark/internal/enginetest"
)

// generator draws one statement.
type generator func(t *rapid.T) enginetest.Statement

func same(format string, args ...any) enginetest.Statement {
	return enginetest.Same(fmt.Sprintf(format, args...))
}

// statements are all generators, with how often they are drawn. Some draw statements that fail: that must leave nothing behind,
// either.
var statements = map[string]struct {
	weight     int
	generators []generator
}{
	"records": {10, []generator{
		upsertRecords, insertRecords, replaceRecords, editRecords, editRecords, editRecords, moveRecords, deleteRecords, copyRecords, failHalfway,
	}},
	"history":   {2, []generator{insertChange, insertChange, editChanges}},
	"blobs":     {2, []generator{upsertBlobs, editBlobs, floodBlobs}},
	"events":    {4, []generator{insertEvents, insertEvents, editEvents}},
	"instances": {3, []generator{upsertConnection, upsertConnection, editConnection, editConnection, deleteConnection, renameConnection}},
	"others":    {3, []generator{upsertConnector, upsertSchedule, upsertGap, editGap, upsertAttention, upsertDevice, deleteOther}},
}

var recordColumns = map[string][]string{
	"connector_instance_id": connections, "stream": streams, "record_key": recordKeys, "run_id": runs,
}

func recordTuple(t *rapid.T) func() []string {
	return func() []string {
		return []string{
			quoted(t, connections), quoted(t, streams), quoted(t, recordKeys), pick(t, bodies), at(t), boolean(t),
		}
	}
}

const insertInto = `INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, deleted) VALUES `

func upsertRecords(t *rapid.T) enginetest.Statement {
	return same(insertInto+`%s ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE
		SET record_json = excluded.record_json, emitted_at = excluded.emitted_at, deleted = excluded.deleted, version = records.version + 1`,
		rows(t, recordTuple(t)))
}

func insertRecords(t *rapid.T) enginetest.Statement {
	return same(insertInto+"%s%s", rows(t, recordTuple(t)), pick(t, []string{"", " ON CONFLICT DO NOTHING"}))
}

// replaceRecords merges on Postgres; SQLite replaces, ignores or fails, which fires other hooks and triggers.
func replaceRecords(t *rapid.T) enginetest.Statement {
	values := rows(t, recordTuple(t))
	return enginetest.Statement{
		Postgres: `MERGE INTO records r USING (
				SELECT DISTINCT ON (c, s, k) c, s, k, j::json AS j, e::timestamptz AS e, d FROM (VALUES ` + values + `) v (c, s, k, j, e, d)
			) v ON r.connector_instance_id = v.c AND r.stream = v.s AND r.record_key = v.k
			WHEN MATCHED AND v.d THEN DELETE
			WHEN MATCHED THEN UPDATE SET record_json = v.j, emitted_at = v.e, deleted = NOT r.deleted
			WHEN NOT MATCHED THEN INSERT (connector_instance_id, stream, record_key, record_json, emitted_at, deleted)
				VALUES (v.c, v.s, v.k, v.j, v.e, v.d)`,
		SQLite: `INSERT OR ` + pick(t, []string{"REPLACE", "REPLACE", "IGNORE", "FAIL"}) + insertInto[len("INSERT"):] + values,
	}
}

func editRecords(t *rapid.T) enginetest.Statement {
	return same("UPDATE records SET %s WHERE %s", pick(t, []string{
		"record_json = " + pick(t, bodies), "deleted = NOT deleted", "deleted = " + boolean(t), "emitted_at = " + at(t), "emitted_at = " + at(t),
		"version = version + 1, deleted_at = " + at(t) + ", record_json = record_json",
		"deleted = NOT deleted, emitted_at = " + at(t) + ", record_json = " + pick(t, bodies),
	}), where(t, recordColumns, "stream", "connector_instance_id", "record_key"))
}

func moveRecords(t *rapid.T) enginetest.Statement {
	column := pick(t, []string{"connector_instance_id", "stream", "record_key"})
	return same("UPDATE records SET %s = %s WHERE %s", column, quoted(t, recordColumns[column]),
		where(t, recordColumns, "record_key", "stream", "connector_instance_id"))
}

func deleteRecords(t *rapid.T) enginetest.Statement {
	return same("DELETE FROM records WHERE %s", where(t, recordColumns, "connector_instance_id", "stream", "record_key"))
}

func copyRecords(t *rapid.T) enginetest.Statement {
	return same(`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, deleted)
		SELECT connector_instance_id, %s, record_key, record_json, emitted_at, deleted FROM records WHERE stream = %s
		ON CONFLICT DO NOTHING`, quoted(t, streams), quoted(t, streams))
}

// failHalfway breaks a CHECK with its last row, after others went in.
func failHalfway(t *rapid.T) enginetest.Statement {
	return same(insertInto+`%s, (%s, '', '1', NULL, %s, false) ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE
		SET deleted = NOT records.deleted`, rows(t, recordTuple(t)), quoted(t, connections), at(t))
}

func insertChange(t *rapid.T) enginetest.Statement {
	return same(`INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json, emitted_at, deleted) VALUES %s
		ON CONFLICT DO NOTHING`, rows(t, func() []string {
		return []string{quoted(t, connections), quoted(t, streams), quoted(t, recordKeys), small(t), pick(t, bodies), at(t), boolean(t)}
	}))
}

func editChanges(t *rapid.T) enginetest.Statement {
	condition := where(t, recordColumns, "stream", "connector_instance_id", "record_key")
	return pick(t, []enginetest.Statement{
		same("DELETE FROM record_changes WHERE %s", condition),
		same("UPDATE record_changes SET record_json = %s WHERE %s", pick(t, bodies), condition),
		same("UPDATE record_changes SET stream = %s WHERE %s", quoted(t, streams), condition),
		same("UPDATE record_changes SET deleted = NOT deleted WHERE %s", condition),
	})
}

func upsertBlobs(t *rapid.T) enginetest.Statement {
	return same(`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES %s
		ON CONFLICT (blob_id) DO UPDATE SET size_bytes = excluded.size_bytes, stream = excluded.stream`, rows(t, func() []string {
		return []string{"'b" + small(t) + "'", quoted(t, connections), quoted(t, streams), pick(t, []string{"0", "7", "9007199254740991"})}
	}))
}

func editBlobs(t *rapid.T) enginetest.Statement {
	condition := where(t, recordColumns, "stream", "connector_instance_id")
	return pick(t, []enginetest.Statement{
		same("DELETE FROM blobs WHERE %s", condition),
		same("UPDATE blobs SET connector_instance_id = %s WHERE %s", quoted(t, connections), condition),
		same("UPDATE blobs SET mime_type = 'image/png' WHERE %s", condition),
		same("UPDATE blobs SET size_bytes = 8 WHERE %s", condition),
	})
}

// floodBlobs retains more octets than 64 bits count, or takes them away again: the recompute of that connection fails.
func floodBlobs(t *rapid.T) enginetest.Statement {
	if rapid.Bool().Draw(t, "ebb") {
		return same("DELETE FROM blobs WHERE blob_id LIKE 'flood%%'")
	}
	return same(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1025)
		INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes)
		SELECT 'flood' || i, %s, %s, 9007199254740991 FROM n WHERE i > %d ON CONFLICT DO NOTHING`,
		quoted(t, connections), quoted(t, streams), pick(t, []int{0, 0, 512}))
}
