package sqlitecompat

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tidemark/drain"
)

// replaceRecords puts another table in the place of records, with the columns in another order, as a migration tool would.
const replaceRecords = `
	ALTER TABLE records RENAME TO records_old;
	CREATE TABLE records (
		connector_instance_id TEXT NOT NULL, stream TEXT NOT NULL, record_key TEXT NOT NULL, record_json TEXT,
		record_bytes INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(length(CAST(record_json AS BLOB)), 0)) STORED,
		emitted_at TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1, deleted INTEGER NOT NULL DEFAULT 0, deleted_at TEXT,
		PRIMARY KEY (connector_instance_id, stream, record_key));
	INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, version, deleted)
		SELECT connector_instance_id, stream, record_key, record_json, emitted_at, version, deleted FROM records_old;
	DROP TABLE records_old;`

// The hooks read columns by their place. Where a table is replaced by another while the file is open, guard triggers take over, and
// what the hooks may have misread is recounted, whichever process puts the guards back.
func TestTableReplaced(t *testing.T) {
	for _, name := range []string{"mended here", "mended by another process"} {
		t.Run(name, func(t *testing.T) {
			f := stocked(t)
			other := reopen(t, f.path)
			f.shell(t, replaceRecords)
			if name == "mended by another process" {
				if _, err := other.EnsureCapture(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			f.must(t, `INSERT `+records("c1", "orders", "x={}@05")) // which the hooks take for a deleted record
			found, err := f.EnsureCapture(t.Context())
			if err != nil || !slices.ContainsFunc(found, func(f drain.Finding) bool { return f.Table == "records" && f.Problem == tableReplaced }) {
				t.Fatalf("found %+v, %v", found, err)
			}
			f.trust(t)
			f.settle(t)
			f.must(t, `INSERT `+records("c1", "orders", "y={}@06"))
			f.wantMarks(t, recountC1)
			f.settle(t)
			if found, err := f.EnsureCapture(t.Context()); err != nil || len(found) > 0 {
				t.Errorf("mended: %+v, %v", found, err)
			}
		})
	}
}

// A file that is put in the place of the open one is one that nobody here will ever read.
func TestFileReplaced(t *testing.T) {
	f := stocked(t)
	copied := filepath.Join(t.TempDir(), "copy.db")
	f.shell(t, `VACUUM INTO '`+copied+`';`)
	if err := os.Rename(f.path, f.path+".old"); err != nil {
		t.Fatal(err)
	}
	for _, put := range []string{"none", "another"} {
		if put == "another" {
			if err := os.Rename(copied, f.path); err != nil {
				t.Fatal(err)
			}
		}
		found, err := f.Inventory(t.Context())
		if err != nil || len(found) != 1 || found[0].Problem != fileReplaced || found[0].Table != everyTable {
			t.Errorf("%s: found %+v, %v", put, found, err)
		}
		if _, err := f.EnsureCapture(t.Context()); err == nil {
			t.Errorf("%s: mended", put)
		}
		if lost := f.untrusted(t); len(lost) != len(guards) {
			t.Errorf("%s: untrusted: %q", put, lost)
		}
	}
	if err := os.Rename(f.path+".old", f.path); err != nil {
		t.Fatal(err)
	}
	if found, err := f.Inventory(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("put back: %+v, %v", found, err)
	}
}

// Temporary tables of the caller's that bear the names of ours get none of our rows.
func TestTemporaryNamesakes(t *testing.T) {
	f := stocked(t)
	f.must(t, `CREATE TEMP TABLE marks AS SELECT * FROM main.marks LIMIT 0`, `CREATE TEMP TABLE hooked (up INTEGER)`, insertOne)
	f.wantMarks(t, one)
	f.must(t, `DROP TABLE temp.marks`, `DROP TABLE temp.hooked`)
	f.settle(t)
}

// What a trigger of the user's on marks changes comes after the hooks have summed: the guards mark it.
func TestTriggerOnMarks(t *testing.T) {
	f := stocked(t)
	f.must(t, `CREATE TRIGGER noted AFTER INSERT ON marks WHEN NEW.stream = 'orders' BEGIN
		INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('c2', 'log', hex(randomblob(8))); END`)
	f.must(t, insertOne)
	f.wantMarks(t, one, "connection records recount c2 log")
	f.settle(t)
	conn, err := f.Writer().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`BEGIN`, `PRAGMA defer_foreign_keys = on`, `INSERT ` + records("c1", "orders", "y={}@06"), `INSERT ` + records("new", "orders", "y={}@06")} {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.ExecContext(t.Context(), `COMMIT`); err == nil { // taken back, with what the trigger did
		t.Fatal("commits")
	}
	for _, s := range []string{`DROP TRIGGER noted`, `DELETE FROM records WHERE connector_instance_id = 'new'`, `COMMIT`} {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	f.check(t)
	f.settle(t)
}
