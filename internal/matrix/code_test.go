package matrix

import "testing"

// history is a trigger function that keeps history of what is inserted into records, as a user might have it.
const history = `CREATE FUNCTION history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json)
	VALUES (NEW.connector_instance_id, NEW.stream, NEW.record_key, 70, NEW.record_json);
	RETURN NEW;
END $$;`

// What users keep in their database writes, too.
func TestCode(t *testing.T) {
	try(t, "trigger", []shape{
		{name: "after each row", undo: `DROP FUNCTION history CASCADE`, given: []string{history + `CREATE TRIGGER h AFTER INSERT ON records FOR EACH ROW EXECUTE FUNCTION history()`}, write: []string{oneA}, changes: "a:records,retained_bytes"},
		{name: "before each row", undo: `DROP FUNCTION history CASCADE`, given: []string{history + `CREATE TRIGGER h BEFORE INSERT ON records FOR EACH ROW EXECUTE FUNCTION history()`}, write: []string{oneA}, changes: "a:records,retained_bytes"},
		{name: "that fires before Tidemark's, after each statement", undo: `DROP FUNCTION move CASCADE`, given: []string{
			`CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE records SET connector_instance_id = 'c' WHERE record_key = 'n'; RETURN NULL; END $$`,
			`CREATE TRIGGER a_move AFTER INSERT ON records FOR EACH STATEMENT EXECUTE FUNCTION move()`,
		}, write: []string{oneA}, changes: "c:records", also: "a:records"}, // two marks that cancel out
		{name: "that writes the same table again", undo: `DROP FUNCTION twice CASCADE`, given: []string{
			`CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				IF pg_trigger_depth() < 3 THEN INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) SELECT 'b', stream, record_key || 'x', record_json, emitted_at FROM n; END IF; RETURN NULL; END $$`,
			`CREATE TRIGGER z_twice AFTER INSERT ON records REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION twice()`,
		}, write: []string{oneA}, changes: "a:records b:records"},
		{name: "that changes the row", undo: `DROP FUNCTION other CASCADE`, given: []string{
			`CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.connector_instance_id := 'd'; NEW.record_key := 'o' || NEW.record_key; NEW.record_json := '[1,2,3]'; RETURN NEW; END $$`,
			`CREATE TRIGGER other BEFORE INSERT OR UPDATE ON records FOR EACH ROW EXECUTE FUNCTION other()`,
		}, write: []string{oneA, `UPDATE records SET deleted = false WHERE connector_instance_id = 'b' AND record_key = '1'`}, changes: "b:records d:records"},
		{name: "that drops the row", undo: `DROP FUNCTION nothing CASCADE`, given: []string{
			`CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`,
			`CREATE TRIGGER nothing BEFORE INSERT OR UPDATE OR DELETE ON records FOR EACH ROW EXECUTE FUNCTION nothing()`,
		}, write: []string{oneA, `UPDATE records SET deleted = NOT deleted`, `DELETE FROM records`}},
		{name: "that breaks off the cascade", undo: `DROP FUNCTION keep CASCADE`, given: []string{
			`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.stream = 't' THEN NULL ELSE OLD END; END $$`,
			`CREATE TRIGGER keep BEFORE DELETE ON records FOR EACH ROW EXECUTE FUNCTION keep()`,
		}, write: []string{`DELETE FROM records WHERE connector_instance_id = 'a'`}, changes: "a:records"},
	})
	try(t, "function", []shape{
		{name: "of SQL", undo: `DROP FUNCTION f CASCADE`, given: []string{`CREATE FUNCTION f(c text) RETURNS bigint LANGUAGE sql AS 'DELETE FROM records WHERE connector_instance_id = c; SELECT count(*) FROM records'`},
			write: []string{`SELECT f(connector_instance_id) FROM connector_instances WHERE owner_subject_id = 'ada'`}, changes: "a:records b:records"},
		{name: "with another owner's rights and path", undo: `DROP FUNCTION f CASCADE`, given: []string{`CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$ BEGIN UPDATE public.records SET deleted = true WHERE stream OPERATOR(pg_catalog.=) 't'; END $$`},
			write: []string{`SELECT f()`}, changes: "a:records"},
		{name: "that catches what fails", write: []string{`DO $$ BEGIN
			BEGIN ` + oneA + `; INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('nobody', 's', '1'); EXCEPTION WHEN foreign_key_violation THEN NULL; END;
			` + oneB + `; END $$`}, changes: "b:records"},
		{name: "that fails", write: []string{`!DO $$ BEGIN ` + oneA + `; RAISE EXCEPTION 'no'; END $$`}},
		{name: "that loops", write: []string{`DO $$ BEGIN FOR i IN 1..200 LOOP INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('a', 's', 'l' || i) ON CONFLICT DO NOTHING; UPDATE records SET deleted = NOT deleted WHERE record_key = 'l' || i; END LOOP; END $$`}, also: "a:records"},
		{name: "of dynamic statements", write: []string{`DO $$ BEGIN EXECUTE format('DELETE FROM %I WHERE %I = %L', 'records', 'stream', 't'); END $$`}, changes: "a:records"},
		{name: "that commits and rolls back", write: []string{`DO $$ BEGIN ` + oneA + `; COMMIT; ` + oneB + `; ROLLBACK; UPDATE records SET deleted = true WHERE connector_instance_id = 'd'; END $$`}, changes: "a:records d:records"},
		{name: "procedure", undo: `DROP PROCEDURE p CASCADE`, given: []string{`CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('p' || i, 'c', 's', i); COMMIT; END LOOP; END $$`}, write: []string{`CALL p()`}, changes: "c:retained_bytes"},
	})
	try(t, "common table", []shape{
		{name: "that inserts, updates and deletes", write: []string{`WITH i AS (` + into + `('c', 's', 'n', '1', @05) RETURNING *), u AS (UPDATE records SET record_json = '[]' WHERE connector_instance_id = 'b' RETURNING *)
			DELETE FROM records USING i WHERE records.stream = 't'`}, changes: "a:records b:records c:records"},
		{name: "that moves to history", write: []string{`WITH gone AS (DELETE FROM records WHERE connector_instance_id = 'a' RETURNING *)
			INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json) SELECT connector_instance_id, stream, record_key, 99, record_json FROM gone`}, changes: "a:records,retained_bytes"},
		{name: "that nobody reads", write: []string{`WITH x AS (DELETE FROM blobs WHERE connector_instance_id = 'b') SELECT 1`}, changes: "b:retained_bytes"},
		{name: "that updates what another deletes", write: []string{`WITH d AS (DELETE FROM records WHERE connector_instance_id = 'a' AND stream = 't') UPDATE records SET deleted = true WHERE connector_instance_id = 'a' AND stream = 't'`}, changes: "a:records"},
		{name: "twice the same table", write: []string{`WITH x AS (` + oneA + `) ` + oneB}, changes: "a:records b:records"},
	})
	try(t, "view", []shape{
		{name: "that is simple", undo: `DROP VIEW v CASCADE`, given: []string{`CREATE VIEW v AS SELECT * FROM records WHERE NOT deleted WITH CHECK OPTION; GRANT ALL ON v TO enginetest_writer`},
			write: []string{`INSERT INTO v ` + columns + ` VALUES ('a', 's', 'n', '1', @05)`, `UPDATE v SET connector_instance_id = 'c' WHERE stream = 't'`, `DELETE FROM v WHERE connector_instance_id = 'b'`, `!UPDATE v SET deleted = true`}, changes: "a:records b:records c:records"},
		{name: "that is copied into", undo: `DROP VIEW v CASCADE; DROP FUNCTION put CASCADE`, given: []string{
			`CREATE VIEW v AS SELECT connector_instance_id AS c, record_key AS k FROM records`, `GRANT ALL ON v TO enginetest_writer`,
			`CREATE FUNCTION put() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO records (connector_instance_id, stream, record_key) VALUES (NEW.c, 's', NEW.k); RETURN NEW; END $$`,
			`CREATE TRIGGER put INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION put()`,
		}, do: copyText(`COPY v FROM STDIN`, "a\tn\nb\tn\n", false), changes: "a:records b:records"},
		{name: "that is merged into", since: 17, undo: `DROP VIEW v CASCADE`, given: []string{`CREATE VIEW v AS SELECT * FROM records; GRANT ALL ON v TO enginetest_writer`},
			write: []string{`MERGE INTO v USING (VALUES ('t')) s (s) ON v.stream = s.s WHEN MATCHED THEN DELETE`}, changes: "a:records"},
	})
	try(t, "rule", []shape{
		{name: "that does more", undo: `DROP RULE more ON records`, given: []string{`CREATE RULE more AS ON INSERT TO records DO ALSO INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('of ' || NEW.record_key, 'c', NEW.stream, 5)`}, write: []string{oneA}, changes: "a:records c:retained_bytes"},
		{name: "that does something else", undo: `DROP RULE soft ON records`, given: []string{`CREATE RULE soft AS ON DELETE TO records DO INSTEAD UPDATE records SET deleted = true WHERE connector_instance_id = OLD.connector_instance_id AND stream = OLD.stream AND record_key = OLD.record_key`},
			write: []string{`DELETE FROM records WHERE connector_instance_id = 'b'`}, changes: "b:records"},
		{name: "that does nothing", undo: `DROP RULE never ON records`, given: []string{`CREATE RULE never AS ON DELETE TO records DO INSTEAD NOTHING`}, write: []string{`DELETE FROM records`}},
	})
	try(t, "surroundings", []shape{
		{name: "row security", undo: `DROP POLICY p ON records; ALTER TABLE records DISABLE ROW LEVEL SECURITY`, given: []string{`ALTER TABLE records ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON records USING (connector_instance_id <> 'b')`}, write: []string{`UPDATE records SET deleted = true`, "!" + oneB}, changes: "a:records d:records"},
		{name: "temporary tables of the same names", write: []string{`CREATE TEMP TABLE records (LIKE public.records INCLUDING ALL); CREATE TEMP TABLE marks (x int); CREATE TEMP TABLE new_rows (x int)`, into + `('a', 's', '1', '1', @05)`, `INSERT INTO public.blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('n', 'b', 's', 1)`}, changes: "b:retained_bytes"},
		{name: "an empty search path", write: []string{`SET search_path = ''`, `DELETE FROM public.records WHERE stream = 't'`}, changes: "a:records"},
		{name: "as a replica, every table", super: true, write: []string{`SET session_replication_role = replica`, `DELETE FROM records WHERE connector_instance_id = 'b'; UPDATE record_changes SET record_json = '[1,2]' WHERE connector_instance_id = 'b'; UPDATE blobs SET connector_instance_id = 'c' WHERE connector_instance_id = 'b'`,
			`UPDATE connector_schedules SET enabled = false WHERE connector_instance_id = 'a'; DELETE FROM connector_detail_gaps WHERE gap_id = '2'; UPDATE connector_attention SET lifecycle = 'resolved' WHERE attention_id = '1'; UPDATE device_heartbeats SET records_pending = 5 WHERE connector_instance_id = 'd'`,
			`UPDATE connector_instances SET display_name = 'C' WHERE connector_instance_id = 'c'; UPDATE spine_events SET event_type = 'run.failed' WHERE event_seq = 2`},
			changes: "a:attention,runs,schedule b:gaps,records,retained_bytes c:identity,retained_bytes d:device"},
		{name: "as a replica, nothing relevant", super: true, write: []string{`SET session_replication_role = replica`, `UPDATE records SET version = 9; UPDATE blobs SET mime_type = 'x/y'; UPDATE spine_events SET status = 'x'; UPDATE connector_instances SET updated_at = now()`, into + `('a', 's', '1', '1', @05) ON CONFLICT DO NOTHING`}},
		{name: "as a replica, a copy", super: true, do: copyText(`SET session_replication_role = replica; COPY records `+columns+` FROM STDIN`, "a\ts\tn\t12\t@05\nb\ts\tn\t\\N\t@05\n", false), changes: "a:records b:records"},
		{name: "as a replica, a merge", super: true, write: []string{`SET session_replication_role = replica`, `MERGE INTO records r USING (VALUES ('t'), ('n')) v (s) ON r.stream = v.s WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (connector_instance_id, stream, record_key) VALUES ('c', v.s, '1')`}, changes: "a:records c:records"},
		{name: "as local", super: true, write: []string{`SET session_replication_role = local`, oneA}, changes: "a:records"},
		{name: "partly as a replica", super: true, write: []string{`BEGIN; ` + oneA + `; SET LOCAL session_replication_role = replica; ` + oneB + `; SET LOCAL session_replication_role = origin; DELETE FROM records WHERE connector_instance_id = 'd'; COMMIT`}, changes: "a:records b:records d:records"},
	})
}
