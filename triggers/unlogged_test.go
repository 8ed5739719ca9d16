package triggers

import (
	"slices"
	"testing"
)

// A crash empties what is UNLOGGED and leaves no mark: of a source table, of one below it, or of the tables that all capture rests on.
// That is known from the DDL on, said with what helps, and costs trust until it is done; what happened until then is recounted.
func TestUnlogged(t *testing.T) {
	for _, c := range []struct {
		table string
		open  func(*testing.T) *bench
		lost  int
	}{
		{"public.records", func(t *testing.T) *bench { return open(t) }, 1},
		{`public."Leaf"`, func(t *testing.T) *bench {
			b := open(t)
			b.exec(`CREATE TABLE "Leaf" () INHERITS (records)`)
			b.install()
			b.exec(`UPDATE tidemark.capture_state SET trusted = true`)
			return b
		}, 1},
		{"tidemark.marks", func(t *testing.T) *bench { return open(t) }, len(sources)},
		{"tidemark.capture_state", func(t *testing.T) *bench { return open(t) }, len(sources)},
		{"tidemark.connector_summary_evidence", func(t *testing.T) *bench { return open(t) }, len(sources)},
	} {
		for _, blind := range []bool{true, false} {
			b := c.open(t)
			if blind {
				b.blind()
			}
			fix := "ALTER TABLE " + c.table + " SET LOGGED"
			b.exec("ALTER TABLE " + c.table + " SET UNLOGGED")
			if seen := len(b.untrusted()); !blind && seen != c.lost {
				t.Errorf("%s: %d untrusted at once, want %d", c.table, seen, c.lost)
			}
			for range 2 { // no mend of ours changes it
				found := b.inventory()
				if len(found) != c.lost || slices.ContainsFunc(found, func(f Finding) bool { return f.Problem != TableUnlogged || f.Fix != fix }) {
					t.Fatalf("%s: found %+v", c.table, found)
				}
				if done := b.install(); len(done.Changed) != 0 || len(done.Untrusted) != c.lost {
					t.Errorf("%s: %+v", c.table, done)
				}
			}
			b.exec(fix)
			if done := b.install(); len(done.Untrusted) != c.lost { // a recount that began before it earns no trust
				t.Errorf("%s mended: %+v", c.table, done)
			}
			if found := b.inventory(); len(found) > 0 {
				t.Errorf("%s mended: found %+v", c.table, found)
			}
		}
	}
}

// Tables of which nothing is on record are not trusted, before anybody has looked; then they are on record
// again, and must be recounted, empty tables as well.
func TestForgotten(t *testing.T) {
	b := open(t)
	b.blind()
	b.exec(`DELETE FROM tidemark.capture_state`)
	if seen := b.strings(`SELECT table_name FROM tidemark.capture WHERE NOT trusted AND since IS NOT NULL AND cardinality(recount) = 9`); len(seen) != len(sources) {
		t.Errorf("untrusted: %q", seen)
	}
	found, lost, err := Distrust(t.Context(), b.Conn)
	if err != nil || len(found) != len(sources) || len(lost) != len(sources) || slices.ContainsFunc(found, func(f Finding) bool { return f.Problem != Forgotten }) {
		t.Fatalf("%+v, %q, %v", found, lost, err)
	}
	b.exec(`DELETE FROM tidemark.capture_state`)
	if done := b.install(); len(done.Changed) != 0 || len(done.Untrusted) != len(sources) {
		t.Errorf("%+v", done)
	}
	if found := b.inventory(); len(found) > 0 {
		t.Errorf("mended: found %+v", found)
	}
	if seen := b.untrusted(); len(seen) != len(sources) {
		t.Errorf("mended, and not recounted: %q", seen)
	}
}
