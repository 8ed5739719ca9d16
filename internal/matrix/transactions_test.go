package matrix

import "testing"

func TestTransactions(t *testing.T) {
	const deferred = `ALTER TABLE records DROP CONSTRAINT records_connector_instance_id_fkey,
		ADD FOREIGN KEY (connector_instance_id) REFERENCES connector_instances ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED`
	const immediate = `ALTER TABLE records DROP CONSTRAINT records_connector_instance_id_fkey,
		ADD FOREIGN KEY (connector_instance_id) REFERENCES connector_instances ON DELETE CASCADE`
	const function = `DROP FUNCTION late CASCADE`
	try(t, "transaction", []shape{
		{name: "committed", write: []string{`BEGIN`, oneA, oneB, `COMMIT`}, changes: "a:records b:records"},
		{name: "rolled back", write: []string{`BEGIN`, oneA, `DELETE FROM connector_instances`, `ROLLBACK`}},
		{name: "failed", write: []string{`BEGIN`, oneA, `!SELECT 1/0`, `COMMIT`}}, // which rolls back
		{name: "whose effects cancel out", write: []string{`BEGIN`, oneA, `DELETE FROM records WHERE record_key = 'n'`, `COMMIT`}, also: "a:records"},
		{name: "rolled back in part", write: []string{`BEGIN`, oneA, `SAVEPOINT x`, `DELETE FROM records`, `SAVEPOINT y`, `DELETE FROM blobs`, `RELEASE y`, `ROLLBACK TO x`, oneB, `COMMIT`}, changes: "a:records b:records"},
		{name: "that goes back to where it began", write: []string{`BEGIN`, `SAVEPOINT x`, oneA, oneB, `ROLLBACK TO x`, `COMMIT`}},
		{name: "that goes on after a failure", write: []string{`BEGIN`, oneA, `SAVEPOINT x`, `!` + oneA, `ROLLBACK TO x`, oneB, `COMMIT`}, changes: "a:records b:records"},
		{name: "of a hundred savepoints", write: []string{`DO $$ BEGIN FOR i IN 1..100 LOOP BEGIN
			INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('a', 's', 'x' || i); IF i % 3 = 0 THEN RAISE EXCEPTION 'no'; END IF;
			EXCEPTION WHEN raise_exception THEN NULL; END; END LOOP; END $$`}, changes: "a:records"},
		{name: "chained", write: []string{`BEGIN`, oneA, `COMMIT AND CHAIN`, oneB, `ROLLBACK`}, changes: "a:records"},
		{name: "repeatable read", write: []string{`BEGIN ISOLATION LEVEL REPEATABLE READ`, oneA, `UPDATE records SET deleted = true WHERE connector_instance_id = 'b'`, `COMMIT`}, changes: "a:records b:records"},
		{name: "serializable", write: []string{`BEGIN ISOLATION LEVEL SERIALIZABLE`, oneA, `UPDATE records SET deleted = true WHERE connector_instance_id = 'b'`, `COMMIT`}, changes: "a:records b:records"},
		{name: "read only", write: []string{`BEGIN READ ONLY`, `SELECT * FROM records`, `!` + oneA, `ROLLBACK`}},
		{name: "that creates and deletes a connection", write: []string{`BEGIN`, `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('new', 'ada', 'bank')`, into + `('new', 's', '1', '1', @05)`, `DELETE FROM connector_instances WHERE connector_instance_id = 'new'`, `COMMIT`}, also: "new:*"},
		{name: "that creates a connection with records", write: []string{`BEGIN`, `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('new', 'ada', 'bank')`, into + `('new', 's', '1', '1', @05)`, `COMMIT`}, changes: "new:identity,records"},
		{name: "that ends with its session", write: []string{`BEGIN`, oneA, `!SELECT pg_terminate_backend(pg_backend_pid())`}, super: true, lost: true},
	})
	try(t, "deferred", []shape{
		{name: "a foreign key that holds in the end", undo: immediate, given: []string{deferred}, write: []string{`BEGIN`, into + `('new', 's', '1', '1', @05)`, `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('new', 'ada', 'bank')`, `COMMIT`}, changes: "new:identity,records"},
		{name: "a foreign key that does not", undo: immediate, given: []string{deferred}, write: []string{`BEGIN`, into + `('nobody', 's', '1', '1', @05)`, oneA, `!COMMIT`}},
		{name: "an id that changes in cascade", undo: immediate, given: []string{deferred, `DELETE FROM device_heartbeats`}, write: []string{`UPDATE connector_instances SET connector_instance_id = 'e' WHERE connector_instance_id = 'd'`}, changes: "d:identity e:identity,records"},
		{name: "a trigger at commit", undo: function, given: []string{
			`CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM blobs WHERE connector_instance_id = OLD.connector_instance_id; RETURN NULL; END $$`,
			`CREATE CONSTRAINT TRIGGER late AFTER DELETE ON records DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`,
		}, write: []string{`BEGIN`, `DELETE FROM records WHERE connector_instance_id = 'b'`, `COMMIT`}, changes: "b:records,retained_bytes"},
		{name: "a trigger that fails at commit", undo: function, given: []string{
			`CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$`,
			`CREATE CONSTRAINT TRIGGER late AFTER DELETE ON records DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`,
		}, write: []string{`BEGIN`, oneA, `DELETE FROM records WHERE connector_instance_id = 'b'`, `!COMMIT`}},
	})
}
