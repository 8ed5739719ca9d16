package matrix

import (
	"testing"

	"tidemark/db"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/triggers"
)

// partitioned makes records a table with a leaf for stream s, one for all other streams, and one that is not attached.
var partitioned = []string{
	`CREATE TABLE records_made (LIKE records INCLUDING ALL)`, `DROP TABLE records`,
	`CREATE TABLE records (LIKE records_made INCLUDING ALL) PARTITION BY LIST (stream)`, `DROP TABLE records_made`,
	`ALTER TABLE records ADD FOREIGN KEY (connector_instance_id) REFERENCES connector_instances ON DELETE CASCADE`,
	`CREATE TABLE leaf PARTITION OF records FOR VALUES IN ('s')`, `CREATE TABLE rest PARTITION OF records DEFAULT`,
	`CREATE TABLE apart (LIKE records INCLUDING ALL)`,
	`GRANT ALL ON records, leaf, rest, apart TO ` + enginetest.WriterRole,
}

// What an operator has partitioned is written by the name of the parent and by those of its leaves.
func TestPartitions(t *testing.T) {
	cluster := pgtest.Shared(t)
	e := enginetest.OpenPostgres(t, cluster, enginetest.Fixture{})
	e.Foreign(t, partitioned...)
	mended(t, e)
	again(t, e)
	leaf := `INSERT INTO leaf ` + columns + ` VALUES ('b', 's', 'n', '1', @05), ('c', 's', 'n', '1', @05)`
	const merge = `MERGE INTO records r USING (VALUES ('t'), ('n')) v (s) ON r.stream = v.s `
	const moves = `WHEN MATCHED THEN UPDATE SET stream = 's', connector_instance_id = 'c', record_key = 'm' `
	const inserts = `WHEN NOT MATCHED THEN INSERT (connector_instance_id, stream, record_key) VALUES ('b', v.s, '1') `
	playAll(t, e, cluster, []shape{
		{name: "insert into the parent", write: []string{into + `('a', 's', 'n', '1', @05), ('b', 'u', 'n', '1', @05)`}, changes: "a:records b:records"},
		{name: "insert into a leaf", write: []string{leaf}, changes: "b:records c:records"},
		{name: "copy into a leaf", do: copyText(`COPY rest `+columns+` FROM STDIN`, "a\tt\tn\t12\t@05\nb\tu\tn\t\\N\t@05\n", false), changes: "a:records b:records"},
		{name: "upsert into a leaf", write: []string{`INSERT INTO leaf ` + columns + ` VALUES ('a', 's', '1', '12', @01), ('b', 's', '1', '[7,8,9]', @04) ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = excluded.record_json`}, changes: "b:records"},
		{name: "update of a leaf", write: []string{`UPDATE leaf SET deleted = true WHERE connector_instance_id = 'b'`}, changes: "b:records"},
		{name: "update of a leaf, nothing relevant", write: []string{`UPDATE leaf SET version = 9`, `UPDATE records SET version = 10`}},
		{name: "move across leaves", write: []string{`UPDATE records SET stream = 's', record_key = 'm' WHERE stream = 't'`}, changes: "a:records"},
		{name: "move to another connection's leaf", write: []string{`UPDATE records SET stream = 's', connector_instance_id = 'c' WHERE stream = 't'`}, changes: "a:records c:records"},
		{name: "merge", write: []string{`MERGE INTO records r USING (VALUES ('t'), ('n')) v (s) ON r.stream = v.s WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (connector_instance_id, stream, record_key) VALUES ('c', v.s, '1')`}, changes: "a:records c:records"},
		{name: "merge that moves", write: []string{merge + moves}, changes: "a:records c:records"},
		{name: "merge that moves and inserts", write: []string{merge + moves + inserts}, changes: "a:records b:records c:records"},
		{name: "merge that moves and deletes", write: []string{merge + `WHEN MATCHED AND v.s = 'n' THEN DELETE ` + moves}, changes: "a:records c:records"},
		{name: "merge that moves, returning", since: 17, write: []string{merge + moves + inserts + `RETURNING merge_action(), r.record_key`}, changes: "a:records b:records c:records"},
		{name: "merge that moves, as a replica", super: true, write: []string{`SET session_replication_role = replica`, merge + moves}, changes: "a:records c:records"},
		{name: "delete from a leaf", write: []string{`DELETE FROM leaf WHERE connector_instance_id = 'd'`}, changes: "d:records"},
		{name: "cascade", write: []string{`DELETE FROM connector_instances WHERE connector_instance_id = 'a'`}, changes: "a:identity"},
		{name: "as a replica, a leaf", super: true, write: []string{`SET session_replication_role = replica`, leaf, `DELETE FROM rest`}, changes: "a:records b:records c:records"},
		{name: "truncate of a leaf", write: []string{`TRUNCATE leaf`}, changes: "a:records b:records d:records", also: "*:records", unsafe: true},
		{name: "truncate of the parent", write: []string{`TRUNCATE records`}, changes: "a:records b:records d:records", also: "*:records", unsafe: true},
		{name: "rolled back in part", write: []string{`BEGIN`, `SAVEPOINT x`, `TRUNCATE leaf`, leaf, `ROLLBACK TO x`, `DELETE FROM rest`, `COMMIT`}, changes: "a:records"},
	})
	// What comes or goes with its rows in it cannot mark: it is found, and recounted.
	for _, ddl := range []struct{ name, sql, changes string }{
		{"attach", `INSERT INTO apart ` + columns + ` VALUES ('c', 'x', '1', '1', @05), ('b', 'x', '1', '1', @05); ALTER TABLE records ATTACH PARTITION apart FOR VALUES IN ('x')`, "b:records c:records"},
		{"detach", `ALTER TABLE records DETACH PARTITION leaf`, "a:records b:records d:records"},
		{"new leaf", `CREATE TABLE another PARTITION OF records FOR VALUES IN ('y'); INSERT INTO another ` + columns + ` VALUES ('c', 'y', '1', '1', @05)`, "c:records"},
	} {
		t.Run(ddl.name, func(t *testing.T) {
			if ddl.name == "attach" {
				again(t, e)
			}
			w := watching(t, e)
			w.letGo()
			e.Foreign(t, dated(ddl.sql))
			states, err := e.Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			found, err := triggers.Inventory(t.Context(), e.Keeper.(*db.DB).Pool())
			if err != nil {
				t.Fatal(err)
			}
			noticed := len(found) > 0
			for _, s := range states.Capture {
				noticed = noticed || !s.Trusted
			}
			if !noticed {
				t.Error("nobody notices")
			}
			mended(t, e)
			w.changed(ddl.changes)
		})
	}
}
