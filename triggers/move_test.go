package triggers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// moves puts a row into each source table, by the key column of which it is partitioned, and moves it.
var moves = []struct {
	table, key, home string // rows with that key live in a partition, all others in another
	given, set       string
	want             []string
}{
	{"connectors", "connector_id", "home", `(connector_id) VALUES ('home')`, `connector_id = 'away'`,
		[]string{"connector manifest recount connector=away", "connector manifest recount connector=home"}},
	{"connector_instances", "connector_instance_id", "home",
		`(connector_instance_id, owner_subject_id, connector_id, source_binding) VALUES ('home', 'ann', 'shop', '{"browser_profile_key": "p"}')`,
		`connector_instance_id = 'away', source_binding = '{"browser_profile_key": "q"}'`,
		[]string{"identity recount away", "identity recount home", "run runs recount profile=p", "run runs recount profile=q"}},
	{"records", "stream", "home", `(connector_instance_id, stream, record_key) VALUES ('a', 'home', '1')`, `stream = 'away'`,
		[]string{"records recount a /away", "records recount a /home"}},
	{"record_changes", "connector_instance_id", "home", `(connector_instance_id, stream, record_key, version) VALUES ('home', 's', '1', 1)`,
		`connector_instance_id = 'away'`, []string{"retained_bytes recount away /s", "retained_bytes recount home /s"}},
	{"blobs", "blob_id", "home", `(blob_id, connector_instance_id, stream, size_bytes) VALUES ('home', 'a', 's', 1)`, `blob_id = 'away', stream = 't'`,
		[]string{"retained_bytes recount a /s", "retained_bytes recount a /t"}},
	{"spine_events", "event_seq", "1",
		`(event_seq, event_type, run_id, source_id, data) VALUES (1, 'run.started', 'r', 'shop', '{"connector_instance_id": "a", "browser_surface_profile_key": "p"}')`,
		`event_seq = 2, data = '{"connection_id": "b", "browser_surface_profile_key": "q"}'`,
		[]string{"run runs recount a run=r profile=p connector=shop", "run runs recount b run=r profile=q connector=shop"}},
	{"connector_schedules", "connector_instance_id", "home", `(connector_instance_id, interval_seconds) VALUES ('home', 60)`,
		`connector_instance_id = 'away'`, []string{"schedule recount away", "schedule recount home"}},
	{"connector_detail_gaps", "gap_id", "home", `(gap_id, connector_instance_id) VALUES ('home', 'a')`, `gap_id = 'away', status = 'terminal'`,
		[]string{"gaps recount a"}},
	{"connector_attention", "lifecycle", "open", `(attention_id, connector_instance_id, lifecycle) VALUES ('1', 'a', 'open')`, `lifecycle = 'resolved'`,
		[]string{"attention recount a"}},
	{"device_heartbeats", "device_id", "home", `(connector_instance_id, device_id) VALUES ('a', 'home')`, `device_id = 'away', dead_letters = 1`,
		[]string{"device recount a"}},
}

// A row that MERGE or UPDATE moves to another partition is marked where it was and where it is; one that stays, as anywhere else.
func TestMoves(t *testing.T) {
	b := openMigrated(t)
	for _, m := range moves {
		b.exec(strings.NewReplacer("{table}", m.table, "{key}", m.key, "{home}", m.home).Replace(`
			CREATE TABLE public.made (LIKE public.{table} INCLUDING ALL);
			DROP TABLE public.{table} CASCADE;
			CREATE TABLE public.{table} (LIKE public.made INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY) PARTITION BY LIST ({key});
			DROP TABLE public.made;
			CREATE TABLE public.{table}_home PARTITION OF public.{table} FOR VALUES IN ('{home}');
			CREATE TABLE public.{table}_away PARTITION OF public.{table} DEFAULT;`))
	}
	b.install()
	if len(moves) != len(sources) {
		t.Errorf("%d tables of %d", len(moves), len(sources))
	}
	for _, m := range moves {
		for _, move := range []string{
			`UPDATE {table} SET %s WHERE {key} = '{home}'`,
			`MERGE INTO {table} t USING (VALUES (1)) v ON t.{key} = '{home}' WHEN MATCHED THEN UPDATE SET %s`,
			`MERGE INTO {table} t USING (VALUES (1), (2)) v (n) ON t.{key} = '{home}' AND n = 1 WHEN MATCHED AND n = 2 THEN DELETE
				WHEN MATCHED THEN UPDATE SET %s WHEN NOT MATCHED AND n = 1 THEN INSERT DEFAULT VALUES`,
		} {
			b.exec(`INSERT INTO ` + m.table + m.given)
			b.take()
			b.exec(fmt.Sprintf(strings.NewReplacer("{table}", m.table, "{key}", m.key, "{home}", m.home).Replace(move), m.set))
			got := b.take()
			for _, w := range m.want {
				if !slices.Contains(got, w) {
					t.Errorf("%s: %s: %q is not among %q", m.table, move, w, got)
				}
			}
			b.exec(`UPDATE ` + m.table + ` SET ` + m.key + ` = ` + m.key)
			b.want()
			b.exec(`DELETE FROM ` + m.table)
			b.take()
		}
	}
}

// The trigger follows the partition keys, however they are made: it fires where one of them changes, and is right again after a key is new.
func TestMovesByAnyKey(t *testing.T) {
	for _, c := range []struct{ by, parts, moves, stays string }{
		{`LIST (lower(stream))`, `FOR VALUES IN ('s')`, `stream = 't'`, `record_key = '2'`},
		{`LIST ((record_json ->> 'k'))`, `FOR VALUES IN ('s')`, `record_json = '{"k": "t"}'`, `record_key = '2'`},
		{`RANGE (stream, record_key)`, `FOR VALUES FROM ('s', '1') TO ('s', '2')`, `record_key = '2'`, `version = 2`},
		{`LIST (deleted)`, `FOR VALUES IN ('f') PARTITION BY LIST (stream); CREATE TABLE public.leaf_below PARTITION OF public.leaf DEFAULT`, `stream = 't'`, `version = 2`},
	} {
		t.Run(c.by, func(t *testing.T) {
			b := openMigrated(t)
			b.exec(`
				ALTER TABLE public.records RENAME TO made;
				CREATE TABLE public.r (LIKE public.made INCLUDING ALL EXCLUDING INDEXES) PARTITION BY ` + c.by + `;
				ALTER TABLE public.r RENAME TO records;
				CREATE TABLE public.leaf PARTITION OF public.records ` + c.parts + `;
				CREATE TABLE public.rest PARTITION OF public.records DEFAULT`)
			b.install()
			if found := b.inventory(); len(found) > 0 {
				t.Fatalf("findings after installation: %+v", found)
			}
			b.exec(`INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('a', 's', '1', '{"k": "s"}')`)
			b.take()
			b.exec(`BEGIN; MERGE INTO records USING (VALUES (1)) v ON true WHEN MATCHED THEN UPDATE SET ` + c.moves)
			if got := b.take(); !slices.Contains(got, "records recount a /s") {
				t.Errorf("moved: %q", got)
			}
			b.exec(`ROLLBACK`)
			b.exec(`UPDATE records SET ` + c.stays)
			if got := b.take(); slices.ContainsFunc(got, func(m string) bool { return strings.Contains(m, "recount") }) {
				t.Errorf("stays: %q", got)
			}
			b.exec(`CREATE TABLE public.more (LIKE public.records INCLUDING ALL) PARTITION BY LIST (version); ALTER TABLE public.records DETACH PARTITION public.rest;
				ALTER TABLE public.records ATTACH PARTITION public.more DEFAULT`)
			if done := b.install(); !slices.Contains(done.Changed, `trigger "~tidemark_move" on public.records`) || !slices.Equal(done.Untrusted, []string{"records"}) {
				t.Errorf("with a new key: %+v", done)
			}
			if found := b.inventory(); len(found) > 0 {
				t.Errorf("with a new key: %+v", found)
			}
		})
	}
}

// No catalog names the columns of a key over the whole row: any may move it.
func TestMovesByTheWholeRow(t *testing.T) {
	b := openMigrated(t)
	b.exec(`
		ALTER TABLE public.blobs RENAME TO made;
		CREATE TABLE public.b (LIKE public.made INCLUDING ALL EXCLUDING INDEXES) PARTITION BY HASH (hash_record(b));
		ALTER TABLE public.b RENAME TO blobs`)
	b.install()
	got := b.strings(`SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = '~tidemark_move' AND tgrelid = 'public.blobs'::regclass`)
	every := `ROW(new.blob_id, new.connector_instance_id, new.data, new.mime_type, new.record_key, new.sha256, new.size_bytes, new.stream)`
	if len(got) != 1 || !strings.Contains(got[0], every) {
		t.Errorf("%q", got)
	}
}
