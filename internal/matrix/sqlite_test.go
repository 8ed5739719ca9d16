package matrix

import (
	"strings"
	"testing"

	"tidemark/internal/enginetest"
)

// What statements do on SQLite, in every way of running them.
func TestSQLite(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			e := enginetest.OpenSQLite(t, fleet)
			write := w.open(t, e)
			for i, s := range sqliteShapes() {
				if s.alone && !w.alone || s.keyed && w.keyless {
					continue
				}
				if i > 0 {
					again(t, e)
				}
				t.Run(s.name, func(t *testing.T) { s.playBy(t, e, w, write) })
			}
		})
	}
}

// playBy writes as the shape says, in one way.
func (s shape) playBy(t *testing.T, e *enginetest.Engine, way way, write writing) {
	t.Helper()
	for _, sql := range s.given {
		e.Foreign(t, dated(sql))
	}
	w := watching(t, e)
	statements, fails := make([]string, len(s.write)), make([]bool, len(s.write))
	for i, sql := range s.write {
		statements[i], fails[i] = strings.CutPrefix(dated(sql), "!")
	}
	for i, err := range write(t, statements) {
		if (err != "") != fails[i] {
			t.Fatalf("%s\n%s", statements[i], err)
		}
	}
	if way.foreign {
		s.also += " " + s.guarded
	} else if !way.alone {
		s.also += " " + s.doubted
	}
	if way.deep {
		s.also += " " + s.replaced
	}
	s.also = strings.TrimSpace(s.also)
	w.letGo()
	s.unsafe = true // the snapshot is let go: a program that vacuums waits for it
	w.wrote(s)
	if s.undo != "" {
		e.Foreign(t, s.undo)
	}
}

func sqliteShapes() []shape {
	const upsert = ` ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = excluded.record_json, emitted_at = excluded.emitted_at, version = records.version + 1, deleted = 0`
	half := func(how string) string {
		return strings.Replace(into, "INSERT", "INSERT "+how, 1) + `('a', 's', 'n', '1', @05), ('b', 's', '1', '[7,8]', @05), ('c', 's', 'n', '1', @05)`
	}
	return []shape{
		{name: "insert", write: []string{oneA}, changes: "a:records"},
		{name: "insert into several", write: []string{into + `('a', 's', 'n', '1', @05), ('b', 'new', 'n', NULL, @05), ('c', 's', 'n', '{}', @05)`}, changes: "a:records b:records c:records"},
		{name: "insert from a query", write: []string{`INSERT INTO records ` + columns + ` SELECT 'c', stream, record_key, record_json, emitted_at FROM records WHERE connector_instance_id = 'a' AND deleted = 0`}, changes: "c:records"},
		{name: "insert with a common table", write: []string{`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) SELECT CASE i % 2 WHEN 0 THEN 'a' ELSE 'c' END, 's' || (i % 7), 'n' || i, '{}', @05 FROM n`}, changes: "a:records c:records"},
		{name: "insert returning", write: []string{oneA + ` RETURNING record_bytes`}, changes: "a:records"},
		{name: "insert deleted", write: []string{`INSERT INTO records (connector_instance_id, stream, record_key, deleted) VALUES ('a', 's', 'n', 1), ('b', 's', 'n', 1)`}},
		{name: "insert defaults", write: []string{`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('a', 's', 'n')`}, changes: "a:records"},
		{name: "insert that is refused", write: []string{"!" + into + `('a', 's', 'n', '1', @05), ('a', 's', 'm', '{', @05)`}, doubted: "a:records"},
		{name: "insert without a parent", keyed: true, write: []string{"!" + into + `('a', 's', 'n', '1', @05), ('nobody', 's', 'n', '1', @05)`}, doubted: "a:records"},
		{name: "replace by the same", write: []string{`REPLACE INTO records ` + columns + ` VALUES ('a', 's', '1', '12', @01)`}, replaced: "a:records"},
		{name: "replace", write: []string{`REPLACE INTO records ` + columns + ` VALUES ('a', 's', '1', '1234', @01), ('b', 's', 'n', '1', @05)`}, changes: "a:records b:records"},
		{name: "replace of another's key", write: []string{`INSERT OR REPLACE INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('1', 'b', 's', 7)`}, changes: "a:retained_bytes b:retained_bytes"},
		{name: "replace of a connection by its other key", write: []string{`INSERT OR REPLACE INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding_key, created_at, updated_at) VALUES ('e', 'ada', 'shop', 'browser_collector', 'ka', @01, @01)`}, changes: "a:identity e:identity", also: "e:*"},
		{name: "replace of an event by its name", write: []string{`INSERT OR REPLACE INTO spine_events (event_seq, event_id, event_type, occurred_at, run_id, source_kind, source_id, data) VALUES (9, 'e3', 'run.started', @03, 'rn', 'connector', 'bank', '{"connection_id":"d"}')`}, changes: "b:runs d:runs"},
		{name: "or ignore", write: []string{half("OR IGNORE")}, changes: "a:records c:records", guarded: "b:records"},
		{name: "or replace", write: []string{half("OR REPLACE")}, changes: "a:records b:records c:records"},
		{name: "or fail", write: []string{"!" + half("OR FAIL")}, changes: "a:records", doubted: "b:records", guarded: "b:records"},
		{name: "or abort", write: []string{"!" + half("OR ABORT")}, doubted: "a:records b:records"},
		{name: "or rollback", write: []string{"!" + half("OR ROLLBACK")}, alone: true},
		{name: "or rollback in a transaction", write: []string{`BEGIN`, oneB, "!" + half("OR ROLLBACK"), `!COMMIT`, `DELETE FROM records WHERE connector_instance_id = 'd'`}, alone: true, changes: "d:records"},
		{name: "upsert of the same", write: []string{into + `('a', 's', '1', '12', @01)` + upsert}},
		{name: "upsert", write: []string{into + `('a', 's', '1', '1234', @01), ('b', 's', 'n', '1', @05)` + upsert}, changes: "a:records b:records"},
		{name: "upsert whose condition fails", write: []string{into + `('a', 's', '1', '1234', @01)` + upsert + ` WHERE records.version > 7`}, guarded: "a:records"},
		{name: "upsert that does nothing", write: []string{into + `('a', 's', '1', '1234', @09) ON CONFLICT DO NOTHING`}, guarded: "a:records"},
		{name: "update of the stream", write: []string{`UPDATE records SET stream = 'u' WHERE connector_instance_id = 'a' AND stream = 's'`}, changes: "a:records"},
		{name: "update of the connection", write: []string{`UPDATE records SET connector_instance_id = 'c' WHERE connector_instance_id = 'a'`}, changes: "a:records c:records"},
		{name: "update of the key", write: []string{`UPDATE records SET record_key = record_key || 'x'`}, guarded: "a:records b:records d:records"},
		{name: "update or replace of the key", write: []string{`UPDATE OR REPLACE records SET record_key = '2' WHERE connector_instance_id = 'a' AND stream = 's' AND record_key = '1'`}, changes: "a:records"},
		{name: "update or replace across connections", write: []string{`UPDATE OR REPLACE records SET connector_instance_id = 'b' WHERE connector_instance_id = 'd'`}, changes: "b:records d:records"},
		{name: "update or ignore", write: []string{`UPDATE OR IGNORE records SET stream = 'u', record_key = '1' WHERE connector_instance_id = 'a'`}, changes: "a:records"},
		{name: "update or fail", write: []string{`!UPDATE OR FAIL records SET record_key = '2' WHERE connector_instance_id = 'a' AND stream = 's'`}, doubted: "a:records", guarded: "a:records"},
		{name: "update through a join", write: []string{`UPDATE records SET record_json = '[1,2,3,4,5]' FROM connector_instances i WHERE i.connector_instance_id = records.connector_instance_id AND i.owner_subject_id = 'bob'`}, changes: "d:records"},
		{name: "soft deletion", write: []string{`UPDATE records SET deleted = 1, record_json = NULL WHERE connector_instance_id = 'a' AND record_key = '2'`}, changes: "a:records"},
		{name: "undelete", write: []string{`UPDATE records SET deleted = 0 WHERE record_key = '9'`}, changes: "a:records"},
		{name: "what no evidence holds", write: []string{`UPDATE records SET version = 8, deleted_at = @20`, `UPDATE blobs SET mime_type = 'x/y'`, `UPDATE connector_instances SET updated_at = @20`, `UPDATE spine_events SET recorded_at = @20, status = 'x'`, `UPDATE records SET deleted = 1 WHERE stream = 'none'`, `DELETE FROM records WHERE deleted = 1`}},
		{name: "identity", write: []string{`UPDATE connector_instances SET display_name = 'B', status = 'paused' WHERE connector_instance_id = 'b'`}, changes: "b:identity"},
		{name: "another id", write: []string{`UPDATE connector_instances SET connector_instance_id = 'e' WHERE connector_instance_id = 'c'`}, changes: "c:identity e:identity"},
		{name: "binding", write: []string{`UPDATE connector_instances SET source_binding = '{"browser_profile_key":"px"}' WHERE connector_instance_id = 'a'`}, changes: "a:identity,runs"},
		{name: "manifest", write: []string{`UPDATE connectors SET manifest = '{"version":"2"}' WHERE connector_id = 'shop'`}, also: "none:manifest"},
		{name: "events", write: []string{`UPDATE spine_events SET data = '{"connection_id":"d"}', source_id = 'bank' WHERE event_seq = 3`, `INSERT INTO spine_events (event_type, occurred_at, run_id, source_id, data) VALUES ('run.started', @05, 'new', 'shop', '{"browser_surface_profile_key":"pa"}')`}, changes: "a:runs b:runs d:runs"},
		{name: "an event's number, by its other names", write: []string{`UPDATE spine_events SET rowid = 9 WHERE event_id = 'e3'`, `UPDATE OR REPLACE spine_events SET _rowid_ = 4 WHERE event_id = 'e2'`}, changes: "b:runs d:runs", also: "a:runs"},
		{name: "all the others", write: []string{`UPDATE connector_schedules SET enabled = 0 WHERE connector_instance_id = 'a'`, `DELETE FROM connector_detail_gaps WHERE gap_id = '2'`, `UPDATE connector_attention SET lifecycle = 'resolved' WHERE attention_id = '1'`, `UPDATE device_heartbeats SET records_pending = 5 WHERE connector_instance_id = 'd'`, `UPDATE record_changes SET record_json = '[1,2]' WHERE connector_instance_id = 'b'`}, changes: "a:attention,schedule b:gaps,retained_bytes d:device"},
		{name: "unfiltered deletion", write: []string{`DELETE FROM records`, `DELETE FROM blobs`}, changes: "a:records,retained_bytes b:records,retained_bytes d:records"},
		{name: "deletion", write: []string{`DELETE FROM records WHERE stream = 't' RETURNING record_key`}, changes: "a:records"},
		{name: "a connection with all that is its", write: []string{`DELETE FROM connector_instances WHERE connector_instance_id = 'a'`}, changes: "a:identity"},
		{name: "every connection", write: []string{`DELETE FROM connector_instances`}, changes: "a:identity b:identity c:identity d:identity"},
		{name: "a trigger of the user's", given: []string{`CREATE TRIGGER h AFTER INSERT ON records BEGIN INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json) VALUES (NEW.connector_instance_id, NEW.stream, NEW.record_key, 70, NEW.record_json); END`}, undo: `DROP TRIGGER h`, write: []string{oneA}, changes: "a:records,retained_bytes"},
		{name: "a trigger that ignores", given: []string{`CREATE TRIGGER i BEFORE INSERT ON records WHEN NEW.connector_instance_id = 'b' BEGIN SELECT RAISE(IGNORE); END`}, undo: `DROP TRIGGER i`, write: []string{into + `('b', 's', 'n', '1', @05), ('c', 's', 'n', '1', @05)`}, changes: "c:records", guarded: "b:records"},
		{name: "a trigger that fails", given: []string{`CREATE TRIGGER f AFTER INSERT ON records WHEN NEW.connector_instance_id = 'b' BEGIN SELECT RAISE(FAIL, 'no'); END`}, undo: `DROP TRIGGER f`, write: []string{"!" + into + `('c', 's', 'n', '1', @05), ('b', 's', 'n', '1', @05)`}, changes: "b:records c:records"},
		{name: "a view", given: []string{`CREATE VIEW v AS SELECT * FROM records`, `CREATE TRIGGER vi INSTEAD OF DELETE ON v BEGIN UPDATE records SET deleted = 1 WHERE connector_instance_id = OLD.connector_instance_id AND stream = OLD.stream AND record_key = OLD.record_key; END`}, undo: `DROP VIEW v`, write: []string{`DELETE FROM v WHERE connector_instance_id = 'b'`}, changes: "b:records"},
		{name: "a temporary table of the same name", alone: true, write: []string{`CREATE TEMP TABLE blobs (blob_id TEXT, connector_instance_id TEXT, stream TEXT, size_bytes INTEGER)`, `INSERT INTO temp.blobs VALUES ('x', 'a', 's', 5)`, `DELETE FROM main.blobs WHERE blob_id = '3'`, `DROP TABLE temp.blobs`}, changes: "b:retained_bytes"},
		{name: "rolled back", alone: true, write: []string{`BEGIN`, oneA, `DELETE FROM records`, `ROLLBACK`}},
		{name: "savepoints", alone: true, write: []string{`BEGIN IMMEDIATE`, oneA, `SAVEPOINT x`, `DELETE FROM records`, `SAVEPOINT y`, `DELETE FROM blobs`, `RELEASE y`, `ROLLBACK TO x`, oneB, `RELEASE x`, `COMMIT`}, changes: "a:records b:records", also: "a:records,retained_bytes b:records,retained_bytes d:records"},
		{name: "a savepoint as transaction", alone: true, write: []string{`SAVEPOINT x`, oneA, `RELEASE x`}, changes: "a:records"},
		{name: "a deferred key that holds in the end", alone: true, keyed: true, write: []string{`BEGIN`, `PRAGMA defer_foreign_keys = on`, into + `('new', 's', '1', '1', @05)`, `!COMMIT`, `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, created_at, updated_at) VALUES ('new', 'ada', 'bank', @01, @01)`, `COMMIT`}, changes: "new:identity,records"},
		{name: "housekeeping", alone: true, write: []string{`ANALYZE`, `REINDEX`, `VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`, `PRAGMA integrity_check`}},
	}
}
