package sqlitecompat

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// foreign is a script for the sqlite3 shell, and the marks that it must leave; one that begins with ! must fail.
type foreign struct {
	name, script string
	want         []string
}

func (c foreign) run(t *testing.T) {
	t.Run(c.name, func(t *testing.T) {
		f := stocked(t)
		script, fail := strings.CutPrefix(c.script, "!")
		if out, err := sqliteShell(f.path, script); (err != nil) != fail {
			t.Fatalf("%v: %s\n%s", err, out, script)
		}
		f.wantMarks(t, c.want...)
		f.settle(t)
	})
}

const recountC1 = "connection records recount c1 orders"

// TestGuards writes every source table past the layer, with foreign keys off (the default there) and on.
func TestGuards(t *testing.T) {
	const fk = `PRAGMA foreign_keys = 1; `
	event := func(how, columns, values string) string {
		return `INSERT ` + how + ` INTO spine_events (event_type, run_id, data` + columns + `) VALUES ('x', ` + values + `);`
	}
	for _, c := range []foreign{
		{"insert", `INSERT ` + records("c1", "orders", "x={}@05", "y={}@06") + `; INSERT ` + records("c1", "orders", "z={}@07") + `;`, []string{recountC1}},
		{"insert deleted", `INSERT INTO records (connector_instance_id, stream, record_key, deleted) VALUES ('c1', 'orders', 'x', 1);`, nil},
		{"insert the same", `INSERT OR REPLACE ` + records("c1", "orders", "a={}@01") + `; INSERT OR IGNORE ` + records("c1", "orders", "a={}@01") + `;`, nil},
		{"upsert the same", `INSERT ` + records("c1", "orders", "a={}@01") + ` ON CONFLICT DO UPDATE SET record_json = excluded.record_json, emitted_at = excluded.emitted_at;`, nil},
		{"replace", `INSERT OR REPLACE ` + records("c1", "orders", "a=[1]@01") + `;`, []string{recountC1}},
		{"replace by a deleted one", `INSERT OR REPLACE INTO records (connector_instance_id, stream, record_key, deleted) VALUES ('c1', 'orders', 'a', 1);`, []string{recountC1}},
		{"replace by defaults", `INSERT OR REPLACE INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, deleted) VALUES ('c1', 'orders', 'd', '{}', NULL, NULL);`, []string{recountC1}},
		{"replace a deleted one by a deleted one", `INSERT OR REPLACE INTO records (connector_instance_id, stream, record_key, deleted) VALUES ('c1', 'orders', 'd', 1);`, nil},
		{"update", `UPDATE records SET emitted_at = '` + at("20") + `' WHERE record_key = 'a';`, []string{recountC1}},
		{"update nothing relevant", `UPDATE records SET version = 7, record_json = '[]' WHERE record_key = 'a'; UPDATE records SET record_json = '[1]', emitted_at = '` + at("22") + `' WHERE record_key = 'd'; UPDATE records SET record_key = 'q' WHERE record_key = 'a';`, nil},
		{"undelete", `UPDATE records SET deleted = 0 WHERE record_key = 'd';`, []string{recountC1}},
		{"undelete by default", `UPDATE OR REPLACE records SET deleted = NULL WHERE record_key = 'd';`, []string{recountC1}},
		{"move", `UPDATE records SET connector_instance_id = 'c2', stream = 'items' WHERE record_key = 'a';`, []string{recountC1, "connection records recount c2 items"}},
		{"update or replace", `UPDATE OR REPLACE records SET record_key = 'a' WHERE record_key = 'd';`, []string{recountC1}},
		{"delete", `DELETE FROM records WHERE record_key = 'a';`, []string{recountC1}},
		{"delete a deleted one", `DELETE FROM records WHERE record_key = 'd'; DELETE FROM records WHERE record_key = 'nope';`, nil},
		{"delete all", `DELETE FROM records;`, []string{recountC1}},
		{"rolled back", `BEGIN; DELETE FROM records; ROLLBACK; SAVEPOINT a; DELETE FROM blobs; ROLLBACK TO a; RELEASE a;`, nil},
		{"failed", `!BEGIN; INSERT ` + records("c2", "orders", "x={}@05") + `; INSERT ` + records("c1", "orders", "x={@05") + `; COMMIT;`, nil},
		{"history", `INSERT OR REPLACE INTO record_changes (connector_instance_id, stream, record_key, version, record_json) VALUES ('c1', 'orders', 'a', 1, '{}');
			UPDATE record_changes SET record_json = '[]', deleted = 1;`, nil},
		{"more history", `INSERT INTO record_changes (connector_instance_id, stream, record_key, version) VALUES ('c1', 'orders', 'a', 2);`, []string{"connection retained_bytes recount c1 orders"}},
		{"history moves", `UPDATE OR REPLACE record_changes SET connector_instance_id = 'c2';`, []string{"connection retained_bytes recount c1 orders", "connection retained_bytes recount c2 orders"}},
		{"history ends", `DELETE FROM record_changes;`, []string{"connection retained_bytes recount c1 orders"}},
		{"blob again", `INSERT OR REPLACE INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b1', 'c1', 'orders', 100); UPDATE blobs SET mime_type = 'x', data = x'00';`, nil},
		{"blob replaced by another connection's", `INSERT OR REPLACE INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b1', 'c2', 'items', 100);`,
			[]string{"connection retained_bytes recount c1 orders", "connection retained_bytes recount c2 items"}},
		{"blob replaced by update", `INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b2', 'c2', 'items', 1); UPDATE OR REPLACE blobs SET blob_id = 'b1' WHERE blob_id = 'b2';`,
			[]string{"connection retained_bytes recount c1 orders", "connection retained_bytes recount c2 items"}},
		{"blob ends", `DELETE FROM blobs;`, []string{"connection retained_bytes recount c1 orders"}},
		{"connection", `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding) VALUES ('c4', 'ann', 'bank', '{"browser_profile_key":"p9"}');`,
			[]string{"connection identity recount c4", "run runs recount profile:p9"}},
		{"connection again", `INSERT OR IGNORE INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding, created_at)
			SELECT connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding, created_at FROM connector_instances;
			UPDATE connector_instances SET updated_at = '` + at("30") + `', source_binding = '{"browser_profile_key":"p1","x":1}', source_binding_key = 'z' WHERE connector_instance_id = 'c1';`, nil},
		{"connection replaced by its other key", `INSERT OR REPLACE INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding_key) VALUES ('c9', 'ann', 'amazon', 'browser_collector', 'k1');`,
			[]string{"connection identity recount c1", "connection identity recount c9", "run runs recount profile:p1"}},
		{"connection replaced by its other key's default", `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding_key) VALUES ('c8', 'ann', 'bank', 'k'); DELETE FROM marks WHERE connector_instance_id = 'c8';
			INSERT OR REPLACE INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding_key) VALUES ('c9', 'ann', 'bank', NULL, 'k');`,
			[]string{"connection identity recount c8", "connection identity recount c9"}},
		{"connection replaced by update", `UPDATE OR REPLACE connector_instances SET source_binding_key = 'k1' WHERE connector_instance_id = 'c2';`,
			[]string{"connection identity recount c1", "run runs recount profile:p1"}},
		{"profile", `UPDATE connector_instances SET source_binding = '{"browser_profile_key":"p2"}' WHERE connector_instance_id = 'c1';`,
			[]string{"connection identity recount c1", "run runs recount profile:p1", "run runs recount profile:p2"}},
		{"connection renamed", `UPDATE connector_instances SET connector_instance_id = 'c9' WHERE connector_instance_id = 'c1';`,
			[]string{"connection identity recount c1", "connection identity recount c9", "run runs recount profile:p1"}},
		{"connection deleted", `DELETE FROM connector_instances WHERE connector_instance_id = 'c1';`, []string{"connection identity recount c1", "run runs recount profile:p1"}},
		{"connection deleted with all that it has", fk + `DELETE FROM connector_instances WHERE connector_instance_id = 'c1';`,
			[]string{"connection identity recount c1", "run runs recount profile:p1", recountC1, "connection retained_bytes recount c1 orders"}},
		{"connection replaced with all that it has", fk + `INSERT OR REPLACE INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding_key, source_binding, created_at)
			SELECT connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding_key, source_binding, created_at FROM connector_instances WHERE connector_instance_id = 'c1';`,
			[]string{recountC1, "connection retained_bytes recount c1 orders"}},
		{"connector", `UPDATE connectors SET display_name = 'x' WHERE connector_id = 'bank'; UPDATE connectors SET updated_at = created_at;
			INSERT OR REPLACE INTO connectors (connector_id) VALUES ('new'); INSERT OR REPLACE INTO connectors (connector_id) VALUES ('new');`,
			[]string{"connector manifest recount connector:bank", "connector manifest recount connector:new"}},
		{"connector deleted", `DELETE FROM connector_instances WHERE connector_id = 'bank'; DELETE FROM connectors WHERE connector_id = 'bank';`,
			[]string{"connection identity recount c3", "connector manifest recount connector:bank"}},
		{"event", event("", "", `'r1', '{"connection_id":"c1","browser_surface_profile_key":"p2"}'`) + event("", "", `NULL, '{"connection_id":"c1"}'`),
			[]string{"run runs recount c1 run:r1 profile:p2"}},
		{"event -1", event("", ", event_seq, event_id", `'r1', '{"connection_id":"c1"}', -1, 'e'`) + `DELETE FROM marks; ` + event("", "", `'r1', '{"connection_id":"c1"}'`) + `DELETE FROM spine_events WHERE event_id = 'e';`,
			[]string{"run runs recount c1 run:r1"}},
		{"event replaced by its id", event("", ", event_id", `'r1', '{"connection_id":"c1"}', 'e'`) + `DELETE FROM marks; ` + event("OR REPLACE", ", event_id", `'r2', '{"connection_id":"c2"}', 'e'`),
			[]string{"run runs recount c1 run:r1", "run runs recount c2 run:r2"}},
		{"event replaced by its number", event("", ", event_seq", `'r1', '{"connection_id":"c1"}', 7`) + `DELETE FROM marks; ` + event("OR REPLACE", ", event_seq", `'r2', '{"connection_id":"c2"}', 7`),
			[]string{"run runs recount c1 run:r1", "run runs recount c2 run:r2"}},
		{"event moves", event("", "", `'r1', '{"connection_id":"c1"}'`) + `DELETE FROM marks; UPDATE spine_events SET run_id = 'r2', data = '{}';`,
			[]string{"run runs recount c1 run:r1", "run runs recount run:r2"}},
		{"event renumbered by its rowid", event("", ", event_id", `'r1', '{"connection_id":"c1"}', 'e'`) + `DELETE FROM marks; UPDATE spine_events SET _rowid_ = 50 WHERE event_id = 'e';`,
			[]string{"run runs recount c1 run:r1"}},
		{"event replaced by a rowid", event("", ", event_seq", `'r1', '{"connection_id":"c1"}', 7`) + event("", ", event_seq", `'r2', '{"connection_id":"c2"}', 8`) +
			`DELETE FROM marks; UPDATE OR REPLACE spine_events SET oid = 7 WHERE event_seq = 8;`, []string{"run runs recount c1 run:r1", "run runs recount c2 run:r2"}},
		{"event ends", event("", "", `'r1', '{"connection_id":"c1"}'`) + `DELETE FROM marks; UPDATE spine_events SET status = 'x', source_kind = 'y'; DELETE FROM spine_events;`,
			[]string{"run runs recount c1 run:r1"}},
		{"schedule", `INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('c1', 60); UPDATE connector_schedules SET enabled = 1;`, []string{"connection schedule recount c1"}},
		{"schedule moves", `INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('c1', 60), ('c2', 70); DELETE FROM marks;
			UPDATE OR REPLACE connector_schedules SET connector_instance_id = 'c2' WHERE connector_instance_id = 'c1';`, []string{"connection schedule recount c1", "connection schedule recount c2"}},
		{"gap replaced by another connection's", `INSERT INTO connector_detail_gaps (gap_id, connector_instance_id) VALUES ('g', 'c1'); INSERT OR REPLACE INTO connector_detail_gaps (gap_id, connector_instance_id) VALUES ('g', 'c2');`,
			[]string{"connection gaps recount c1", "connection gaps recount c2"}},
		{"gap", `INSERT INTO connector_detail_gaps (gap_id, connector_instance_id) VALUES ('g', 'c1'); UPDATE connector_detail_gaps SET updated_at = '` + at("33") + `', reason = 'x';`, []string{"connection gaps recount c1"}},
		{"attention", `INSERT INTO connector_attention (attention_id, connector_instance_id, lifecycle) VALUES ('a', 'c1', 'expired'); UPDATE connector_attention SET lifecycle = 'cancelled';
			INSERT INTO connector_attention (attention_id, connector_instance_id) VALUES ('b', 'c2');`, []string{"connection attention recount c2"}},
		{"attention ends", `INSERT INTO connector_attention (attention_id, connector_instance_id) VALUES ('b', 'c2'); DELETE FROM marks; UPDATE connector_attention SET lifecycle = 'resolved';`, []string{"connection attention recount c2"}},
		{"device", `INSERT INTO device_heartbeats (connector_instance_id, device_id) VALUES ('c1', 'd'); DELETE FROM device_heartbeats;`, []string{"connection device recount c1"}},
		{"recursive triggers", `PRAGMA recursive_triggers = 1; INSERT OR REPLACE ` + records("c1", "orders", "a=[1]@01") + `;`, []string{recountC1}},
		{"a trigger of the user's", `CREATE TRIGGER t AFTER INSERT ON record_changes BEGIN DELETE FROM records WHERE connector_instance_id = NEW.connector_instance_id; END;
			INSERT OR IGNORE INTO record_changes (connector_instance_id, stream, record_key, version) VALUES ('c1', 'orders', 'a', 2);`,
			[]string{recountC1, "connection retained_bytes recount c1 orders"}},
	} {
		c.run(t)
	}
}

// TestPython writes from another program than the shell.
func TestPython(t *testing.T) {
	f := stocked(t)
	cmd := exec.Command("python3", "-c", `
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=10) as c:
    c.executemany("INSERT OR REPLACE INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES (?, ?, ?, ?, ?)",
        [("c1", "orders", "a", "{}", "`+at("01")+`"), ("c2", "orders", "x", "[]", "`+at("05")+`"), ("c2", "orders", "y", "[]", "`+at("06")+`")])
    c.execute("UPDATE connector_instances SET display_name = 'from Python' WHERE connector_instance_id = 'c3'")
`, f.path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f.wantMarks(t, "connection identity recount c3", "connection records recount c2 orders")
	f.settle(t)
}

var golden = flag.Bool("golden", false, "rewrite testdata/guards.sql")

// TestGolden compares the guard triggers with testdata/guards.sql. A change of them needs another guardSet.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, g := range renderGuards(guards) {
		b.WriteString(g.sql + ";\n\n")
	}
	path := filepath.Join("testdata", "guards.sql")
	if *golden {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Error("the guard triggers are not those of testdata/guards.sql: run go test -run Golden -golden, and raise guardSet")
	}
}
