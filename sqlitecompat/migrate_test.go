package sqlitecompat

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/drain"
	"tidemark/summary"
)

func TestMigrate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.db")
	db := reopen(t, path)
	if m, err := db.Migration(t.Context()); err != nil || m.Current != 0 || m.Latest != 5 {
		t.Errorf("migration of an empty file: %+v %v", m, err)
	}
	if err := db.CheckSchema(t.Context()); err == nil || !strings.Contains(err.Error(), "tidemark migrate up") {
		t.Errorf("schema of an empty file: %v", err)
	}
	if checks, err := db.Ready(t.Context()); err != nil || len(checks) != 2 || checks[1].Name != summary.CheckMigrations || checks[1].OK {
		t.Errorf("ready: %+v %v", checks, err)
	}
	for range 2 {
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	f := &fixture{db, path}
	f.wantMarks(t) // nothing to recount in an empty file
	if checks, err := db.Ready(t.Context()); err != nil || slices.ContainsFunc(checks, func(c summary.Check) bool { return !c.OK }) {
		t.Errorf("ready: %+v %v", checks, err)
	}
	f.must(t, `INSERT INTO schema_version (version, name, digest) VALUES (6, '006_future.sql', '')`)
	for _, err := range []error{db.Migrate(t.Context()), db.CheckSchema(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "version 6, newer than this program's 5: run a newer tidemark") {
			t.Errorf("newer schema: %v", err)
		}
	}
	older := reopen(t, path) // opens, so that it can say so, but captures nothing: the guards act
	if _, err := older.Writer().Exec(`INSERT INTO connectors (connector_id) VALUES ('k')`); err != nil {
		t.Error(err)
	}
	if got := f.marks(t); !slices.Equal(got, []string{"connector manifest recount connector:k"}) {
		t.Errorf("marks of an older program: %q", got)
	}
}

// A schema that other migrations made is refused, by who has recorded which and by who recorded nothing.
func TestAnotherBuildsSchema(t *testing.T) {
	f := stocked(t)
	for _, c := range []struct{ sql, want string }{
		{`UPDATE schema_version SET digest = 'other' WHERE version = 3`, "step 3 of the database's schema"},
		{`ALTER TABLE schema_version DROP COLUMN digest`, "step 1 of the database's schema"},
	} {
		f.shell(t, c.sql+`;`)
		_, opening := Open(t.Context(), f.path, Options{})
		for _, err := range []error{opening, f.Migrate(t.Context()), f.CheckSchema(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "make a new database") {
				t.Errorf("%v", err)
			}
		}
	}
}

// TestExistingTables adopts source tables that are like ours, recounting what they hold, and refuses others.
func TestExistingTables(t *testing.T) {
	source, err := steps()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "adopted.db")
	if out, err := sqliteShell(path, source[0].sql+`ALTER TABLE records ADD COLUMN note TEXT;
		INSERT INTO connectors (connector_id) VALUES ('k'); INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c', 'o', 'k');
		INSERT `+records("c", "s", "a={}@01")+`; INSERT INTO spine_events (event_type, run_id, data) VALUES ('run.completed', 'r', '{"connection_id":"c"}');`); err != nil {
		t.Fatal(out)
	}
	db := reopen(t, path)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := &fixture{db, path}
	if lost := f.untrusted(t); len(lost) != 10 || lost[0] != "blobs installed_on_populated_table [retained_bytes]" {
		t.Errorf("untrusted: %q", lost)
	}
	f.trust(t)
	f.check(t)
	f.settle(t)
	if got := f.query(t, `SELECT total_records || ' ' || (last_run_json ->> 'run_id') FROM connector_summary_evidence`); !slices.Equal(got, []string{"1 r"}) {
		t.Errorf("adopted: %q", got)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"type":   {"stream TEXT NOT NULL", "stream BLOB NOT NULL", "column records.stream"},
		"column": {"    deleted INTEGER NOT NULL DEFAULT 0\n        CONSTRAINT records_deleted_check CHECK (deleted IN (0, 1)),\n", "", "records.record_key"},
		"strict": {") STRICT, WITHOUT ROWID;", ");", "connectors.connector_id"},
	} {
		path := filepath.Join(t.TempDir(), name+".db")
		if out, err := sqliteShell(path, strings.ReplaceAll(source[0].sql, c.old, c.new)); err != nil {
			t.Fatal(out)
		}
		db := reopen(t, path)
		if err := db.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{"", ":memory:", dir, filepath.Join(dir, "no", "such", "directory.db")} {
		if db, err := Open(t.Context(), path, Options{}); err == nil {
			t.Errorf("opens %q", path)
			db.Close() //nolint:errcheck // it should not be there
		}
	}
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), text, Options{}); err == nil {
		t.Error("opens a text file")
	}
	wide := filepath.Join(dir, "wide.db")
	if out, err := sqliteShell(wide, `PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a);`); err != nil {
		t.Fatal(out, err)
	}
	if _, err := Open(t.Context(), wide, Options{}); err == nil || !strings.Contains(err.Error(), "its encoding is UTF-16le; Tidemark needs UTF-8") {
		t.Errorf("a file in UTF-16: %v", err)
	}
	db := reopen(t, filepath.Join(dir, "d.db"))
	var mode, fk, synchronous string
	for pragma, into := range map[string]*string{"journal_mode": &mode, "foreign_keys": &fk, "synchronous": &synchronous} {
		if err := db.Writer().QueryRow("PRAGMA " + pragma).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	if mode != "wal" || fk != "1" || synchronous != "2" {
		t.Errorf("journal_mode %s, foreign_keys %s, synchronous %s", mode, fk, synchronous)
	}
	if _, err := db.Reader().Exec(`CREATE TABLE t (a)`); err == nil {
		t.Error("the read pool writes")
	}
	for range 2 {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := db.Pending(t.Context()); !errors.Is(err, summary.ErrUnavailable) {
		t.Errorf("pending after close: %v", err)
	}
}

// TestBusy waits for another process's transaction, and says that the database is unavailable if that takes too long.
func TestBusy(t *testing.T) {
	f := stocked(t)
	other, err := sql.Open("sqlite", dsn(f.path, "rw"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // the test is over
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	hasty, err := Open(t.Context(), f.path, Options{LockTimeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer hasty.Close() //nolint:errcheck // the test is over
	for _, err := range []error{hasty.MarkAll(t.Context()), hasty.immediate(t.Context(), func(*sql.Conn) (bool, error) { return true, nil })} {
		if !errors.Is(err, summary.ErrUnavailable) {
			t.Errorf("behind another's transaction: %v", err)
		}
	}
	done := make(chan error)
	go func() { done <- f.MarkAll(t.Context()) }()
	select {
	case err := <-done:
		t.Errorf("does not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	f.settle(t)
}

// guardText is the statement that creates a guard trigger.
func guardText(name string) string {
	all := renderGuards(guards)
	return all[slices.IndexFunc(all, func(t trigger) bool { return t.name == name })].sql + ";"
}

// TestInventory takes the guards away in every way, finds it, and puts them back with what they may have missed.
func TestInventory(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         drain.Finding
		marks        []string
		untrusted    string // the first
	}{
		{"dropped", `DROP TRIGGER tidemark_guard_records_update; UPDATE records SET deleted = 1;`,
			drain.Finding{Table: "records", Object: "trigger tidemark_guard_records_update", Problem: triggerMissing}, []string{"all records recount"},
			"records trigger_missing [records retained_bytes]"},
		{"altered", `DROP TRIGGER tidemark_guard_blobs_delete; CREATE TRIGGER tidemark_guard_blobs_delete AFTER DELETE ON blobs BEGIN SELECT 1; END; DELETE FROM blobs;`,
			drain.Finding{Table: "blobs", Object: "trigger tidemark_guard_blobs_delete", Problem: triggerAltered}, []string{"all retained_bytes recount"},
			"blobs trigger_altered [retained_bytes]"},
		{"put back", `DROP TRIGGER tidemark_guard_records_update; UPDATE records SET deleted = 1; ` + guardText("tidemark_guard_records_update") + `VACUUM;`,
			drain.Finding{Table: "records", Object: "trigger tidemark_guard_records_update", Problem: triggerTouched}, []string{"all records recount"},
			"records trigger_touched [records retained_bytes]"},
		{"of connectors", `DROP TRIGGER tidemark_guard_connectors_update;`,
			drain.Finding{Table: "connectors", Object: "trigger tidemark_guard_connectors_update", Problem: triggerMissing},
			[]string{"connector manifest recount connector:amazon", "connector manifest recount connector:bank"},
			"connectors trigger_missing [manifest]"},
		{"of connections", `DROP TRIGGER tidemark_guard_connector_instances_insert;`,
			drain.Finding{Table: "connector_instances", Object: "trigger tidemark_guard_connector_instances_insert", Problem: triggerMissing}, []string{"all all recount"},
			"connector_instances trigger_missing [identity runs]"},
		{"hooked row", `INSERT INTO hooked VALUES (1); DELETE FROM records; DELETE FROM connector_instances WHERE connector_instance_id = 'c3';`,
			drain.Finding{Table: "hooked", Object: "table hooked", Problem: hookedRowLeft},
			[]string{"all all recount", "all attention recount", "all device recount", "all gaps recount", "all records recount", "all retained_bytes recount",
				"all retained_bytes recount", "all runs recount", "all schedule recount", "connector manifest recount connector:amazon", "connector manifest recount connector:bank"},
			"blobs hooked_row_left [retained_bytes]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := stocked(t)
			if found, err := f.Inventory(t.Context()); err != nil || len(found) != 0 {
				t.Fatalf("intact: %v %v", found, err)
			}
			last := f.captureChanged(t)
			told := func(what string) { // event streams are
				t.Helper()
				now := f.captureChanged(t)
				if !now.After(last) {
					t.Errorf("%s: capture changed at %s, and before at %s", what, now, last)
				}
				last = now
			}
			f.shell(t, c.script)
			for _, look := range []func() ([]drain.Finding, error){
				func() ([]drain.Finding, error) { return f.Inventory(t.Context()) },
				func() ([]drain.Finding, error) { return f.EnsureCapture(t.Context()) },
			} {
				found, err := look()
				if err != nil || len(found) != 1 || found[0].Table != c.want.Table || found[0].Object != c.want.Object || found[0].Problem != c.want.Problem || found[0].Fix != mend {
					t.Errorf("found %+v %v", found, err)
				}
				if lost := f.untrusted(t); len(lost) == 0 || lost[0] != c.untrusted || len(lost) > 1 && c.name != "hooked row" {
					t.Errorf("untrusted: %q, want %q", lost, c.untrusted)
				}
				told("lost")
			}
			f.trust(t)
			told("trusted")
			f.wantMarks(t, c.marks...)
			if found, err := f.EnsureCapture(t.Context()); err != nil || len(found) != 0 {
				t.Errorf("mended: %v %v", found, err)
			}
			f.settle(t)
			f.shell(t, `INSERT `+records("c1", "orders", "new={}@30")+`;`)
			f.wantMarks(t, recountC1)
			f.settle(t)
		})
	}
}

// TestTriggerSets runs an older and a newer program on one file.
func TestTriggerSets(t *testing.T) {
	f := stocked(t)
	f.must(t, `INSERT INTO trigger_sets (set_version, object_name, table_name, definition) SELECT 99, object_name, table_name, replace(definition, 'BEGIN', 'BEGIN /* another */') FROM trigger_sets`)
	found, err := f.EnsureCapture(t.Context()) // by the older one: it installs the newer set
	if err != nil || len(found) == 0 {
		t.Fatalf("%v %v", found, err)
	}
	if got := f.query(t, `SELECT count(*) || '' FROM sqlite_schema s JOIN trigger_sets t ON t.object_name = s.name AND t.definition = s.sql WHERE t.set_version = 99`); got[0] != "40" {
		t.Errorf("%s triggers of the newer set are installed", got[0])
	}
	f.trust(t)
	f.settle(t)
	f.must(t, `DELETE FROM trigger_sets WHERE set_version = 99`, `UPDATE trigger_sets SET set_version = 0`)
	for range 2 {
		if _, err = f.EnsureCapture(t.Context()); err != nil { // by the newer one: it replaces the older set
			t.Fatal(err)
		}
	}
	if got := f.query(t, `SELECT count(*) || '' FROM sqlite_schema s JOIN trigger_sets t ON t.object_name = s.name AND t.definition = s.sql WHERE t.set_version = (SELECT max(set_version) FROM trigger_sets)`); got[0] != "40" {
		t.Errorf("%s triggers of this program's set are installed", got[0])
	}
	f.trust(t)
	f.settle(t)
	f.shell(t, `DROP TABLE blobs;`)
	if _, err = f.EnsureCapture(t.Context()); err == nil || !strings.Contains(err.Error(), "table blobs is missing") {
		t.Errorf("a table is missing: %v", err)
	}
	if found, err = f.Inventory(t.Context()); err != nil || len(found) == 0 || found[0].Problem != tableMissing {
		t.Errorf("inventory: %v %v", found, err)
	}
}
