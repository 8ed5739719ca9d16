package sqlitecompat

import (
	"slices"
	"testing"

	"tidemark/drain"
)

// indexed is what a foreign writer does to a file on which an operator has put unique indexes of its own, and the marks that it must leave.
type indexed struct{ name, index, given, script string }

// OR REPLACE deletes by any unique index, not just by the keys of the migrations. The guards get to know it.
func TestUniqueIndexes(t *testing.T) {
	const (
		u      = `CREATE UNIQUE INDEX u ON records (record_key, emitted_at)`
		events = `INSERT INTO spine_events (event_type, run_id, source_id, status) VALUES ('x', 'r1', 'bank', 's')`
		c2     = "connection records recount c2 orders"
		whole  = "all records recount"
	)
	for _, c := range []struct {
		indexed
		want []string
	}{
		{indexed{"replaces", u, "", `INSERT OR REPLACE ` + records("c2", "orders", "a={}@01")}, []string{recountC1, c2}},
		{indexed{"replaces nothing", u, "", `INSERT OR REPLACE ` + records("c2", "orders", "a={}@02", "x={}@01")}, []string{c2}},
		{indexed{"the same again", u, "", `INSERT OR REPLACE ` + records("c1", "orders", "a={}@01") + `; UPDATE OR REPLACE records SET version = 2`}, nil},
		{indexed{"update", u, `INSERT ` + records("c2", "orders", "a={}@02"), `UPDATE OR REPLACE records SET emitted_at = '` + at("01") + `' WHERE connector_instance_id = 'c2'`}, []string{recountC1, c2}},
		{indexed{"two", u + `; CREATE UNIQUE INDEX "v ""w" ON records (emitted_at)`, "", `INSERT OR REPLACE ` + records("c2", "orders", "x=[1]@02")}, []string{recountC1, c2}},
		{indexed{"collation", `CREATE UNIQUE INDEX u ON records (record_key COLLATE NOCASE)`, "", `INSERT OR REPLACE ` + records("c2", "orders", "A={}@05")}, []string{recountC1, c2}},
		{indexed{"default", `CREATE UNIQUE INDEX u ON records (record_key, version)`, "",
			`INSERT OR REPLACE INTO records (connector_instance_id, stream, record_key, version) VALUES ('c2', 'orders', 'a', NULL)`}, []string{recountC1, c2}},
		{indexed{"partial", `CREATE UNIQUE INDEX "u (where" ON records (record_key) WHERE (deleted = 0) -- live`, `INSERT INTO records (connector_instance_id, stream, record_key, deleted) VALUES ('c2', 'orders', 'a', 1)`,
			`UPDATE OR REPLACE records SET deleted = 0 WHERE connector_instance_id = 'c2'`}, []string{recountC1, c2}},
		{indexed{"partial, by its table's name", `CREATE UNIQUE INDEX u ON records (record_key) WHERE records.deleted = 0`, "", `INSERT OR REPLACE ` + records("c2", "orders", "a={}@05")}, []string{whole, c2}},
		{indexed{"expression", `CREATE UNIQUE INDEX u ON records (lower(record_key))`, "", `INSERT OR REPLACE ` + records("c2", "orders", "A={}@05")}, []string{whole, c2}},
		{indexed{"generated", `CREATE UNIQUE INDEX u ON spine_events (browser_surface_profile_key)`, "", `INSERT INTO spine_events (event_type) VALUES ('x'); UPDATE OR REPLACE spine_events SET status = 'x'`}, []string{"all runs recount"}},
		{indexed{"events", `CREATE UNIQUE INDEX u ON spine_events (source_id, status)`, events,
			`INSERT OR REPLACE INTO spine_events (event_type, run_id, source_id, status) VALUES ('y', 'r2', 'bank', 's')`}, []string{"run runs recount run:r1", "run runs recount run:r2"}},
		{indexed{"connectors", `CREATE UNIQUE INDEX u ON connectors (display_name)`, "", `INSERT OR REPLACE INTO connectors (connector_id, display_name) VALUES ('new', 'Amazon')`},
			[]string{"connector manifest recount connector:amazon", "connector manifest recount connector:new"}},
		{indexed{"connectors by an expression", `CREATE UNIQUE INDEX u ON connectors (upper(display_name))`, "", `INSERT OR REPLACE INTO connectors (connector_id, display_name) VALUES ('new', 'AMAZON')`},
			[]string{"connector manifest recount connector:amazon", "connector manifest recount connector:bank", "connector manifest recount connector:new"}},
		{indexed{"covered by a key", `CREATE UNIQUE INDEX u ON blobs (size_bytes, blob_id)`, "", `UPDATE OR REPLACE blobs SET mime_type = 'x'`}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := stocked(t)
			f.shell(t, c.index+"\n;")
			if _, err := f.EnsureCapture(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.trust(t)
			f.shell(t, c.given+"\n;")
			f.settle(t)
			f.shell(t, c.script+"\n;")
			f.wantMarks(t, c.want...)
			f.settle(t)
			if found, err := f.EnsureCapture(t.Context()); err != nil || len(found) > 0 {
				t.Errorf("mended again: %+v, %v", found, err)
			}
		})
	}
}

// What was deleted by an index before the guards knew it is recounted. They forget an index that is dropped, so that its columns can be, too.
func TestUniqueIndexComesAndGoes(t *testing.T) {
	f := stocked(t)
	noticed := func(what string) {
		t.Helper()
		isIt := func(f drain.Finding) bool {
			return f.Table == "records" && f.Problem == indexUnguarded && f.Fix == mend
		}
		for _, look := range []func() ([]drain.Finding, error){
			func() ([]drain.Finding, error) { return f.Inventory(t.Context()) },
			func() ([]drain.Finding, error) { return f.EnsureCapture(t.Context()) },
		} {
			if found, err := look(); err != nil || len(found) != 1 || !isIt(found[0]) {
				t.Errorf("%s: found %+v, %v", what, found, err)
			}
			if lost := f.untrusted(t); !slices.Equal(lost, []string{"records unique_index_unguarded [records retained_bytes]"}) {
				t.Errorf("%s: untrusted %q", what, lost)
			}
		}
		f.trust(t)
		f.settle(t)
	}
	f.shell(t, `ALTER TABLE records ADD more TEXT; CREATE UNIQUE INDEX u ON records (record_key, more); UPDATE records SET more = 'x' WHERE record_key = 'a';
		INSERT OR REPLACE INTO records (connector_instance_id, stream, record_key, more) VALUES ('c2', 'orders', 'a', 'x');`)
	noticed("created")
	f.shell(t, `DROP INDEX u; CREATE UNIQUE INDEX u ON records (more);`)
	noticed("another of its name")
	f.shell(t, `DROP INDEX u;`)
	noticed("dropped")
	f.shell(t, `ALTER TABLE records DROP more;`)
	if found, err := f.Inventory(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("found %+v, %v", found, err)
	}
}
