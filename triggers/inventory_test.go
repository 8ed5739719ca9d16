package triggers

import (
	"fmt"
	"slices"
	"testing"
)

func (s *session) inventory() []Finding {
	s.t.Helper()
	found, err := Inventory(s.t.Context(), s.Conn)
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// Whatever is done to triggers and functions is found, mended by Install, and costs the table its trust.
func TestInventory(t *testing.T) {
	all := func(problem Problem, table string, what ...string) []string {
		var out []string
		for _, w := range what {
			out = append(out, fmt.Sprintf("%s: trigger tidemark_%s on public.%s: %s", table, w, table, problem))
		}
		return out
	}
	for _, c := range []struct {
		sabotage string
		want     []string
		detail   string // of the first
	}{
		{`ALTER TABLE records DISABLE TRIGGER tidemark_insert`, all(TriggerDisabled, "records", "insert"), "it does not fire at all"},
		{`ALTER TABLE records DISABLE TRIGGER ALL`, all(TriggerDisabled, "records", "delete", "insert", "replica", "truncate", "update"), ""},
		{`ALTER TABLE blobs ENABLE TRIGGER ALL`, all(TriggerDemoted, "blobs", "replica", "truncate"), "its state is ENABLE, not ENABLE REPLICA"},
		{`ALTER TABLE blobs ENABLE REPLICA TRIGGER tidemark_update`, all(TriggerDemoted, "blobs", "update"), "its state is ENABLE REPLICA, not ENABLE"},
		{`DROP TRIGGER tidemark_truncate ON connectors`, all(TriggerMissing, "connectors", "truncate"), "the trigger does not exist"},
		{`ALTER TRIGGER tidemark_truncate ON connectors RENAME TO mine`,
			append(all(TriggerMissing, "connectors", "truncate"), "connectors: trigger mine on public.connectors: trigger_stray"), ""},
		{`ALTER TRIGGER tidemark_insert ON records RENAME TO mine`,
			append(all(TriggerMissing, "records", "insert"), "records: trigger mine on public.records: trigger_stray"), ""},
		{`CREATE TRIGGER again AFTER DELETE ON blobs REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.blobs_delete()`,
			[]string{"blobs: trigger again on public.blobs: trigger_stray"}, ""},
		{`ALTER TABLE connector_schedules RENAME TO old; CREATE TABLE connector_schedules (LIKE old INCLUDING ALL)`,
			append(all(TriggerMissing, "connector_schedules", "delete", "insert", "replica", "truncate", "update"),
				"connector_schedules: trigger tidemark_delete on public.old: trigger_stray", "connector_schedules: trigger tidemark_insert on public.old: trigger_stray",
				"connector_schedules: trigger tidemark_replica on public.old: trigger_stray", "connector_schedules: trigger tidemark_truncate on public.old: trigger_stray",
				"connector_schedules: trigger tidemark_update on public.old: trigger_stray"), ""},
		{`CREATE TABLE b (LIKE blobs INCLUDING ALL); DROP TABLE blobs; ALTER TABLE b RENAME TO blobs`,
			all(TriggerMissing, "blobs", "delete", "insert", "replica", "truncate", "update"), ""},
		{`CREATE OR REPLACE TRIGGER tidemark_insert AFTER INSERT ON records REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
			WHEN (current_user <> 'me') EXECUTE FUNCTION tidemark.records_insert()`, all(TriggerAltered, "records", "insert"), ""},
		{`CREATE OR REPLACE TRIGGER tidemark_insert AFTER INSERT ON records REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
			EXECUTE FUNCTION tidemark.record_changes_insert()`,
			append([]string{"record_changes: trigger tidemark_insert on public.records: trigger_stray"}, all(TriggerAltered, "records", "insert")...), ""},
		{`CREATE OR REPLACE TRIGGER tidemark_replica AFTER UPDATE OF record_json ON records FOR EACH ROW EXECUTE FUNCTION tidemark.records_replica();
		  ALTER TABLE records ENABLE REPLICA TRIGGER tidemark_replica`, all(TriggerAltered, "records", "replica"),
			"it is CREATE TRIGGER tidemark_replica AFTER UPDATE OF record_json ON public.records FOR EACH ROW EXECUTE FUNCTION tidemark.records_replica()"},
		{`ALTER FUNCTION tidemark.records_insert() SECURITY INVOKER`, []string{"records: function tidemark.records_insert: function_altered"}, "it lacks SECURITY DEFINER"},
		{`ALTER FUNCTION tidemark.records_insert() SET search_path = public`, []string{"records: function tidemark.records_insert: function_altered"}, "it has SET search_path TO 'public'"},
		{`ALTER FUNCTION tidemark.spine_events_truncate() OWNER TO tidemark_test_stranger`, []string{"spine_events: function tidemark.spine_events_truncate: function_owner"},
			"it belongs to tidemark_test_stranger, the marks to postgres"},
		{`CREATE OR REPLACE FUNCTION tidemark.blobs_replica() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NULL; END'`,
			[]string{"blobs: function tidemark.blobs_replica: function_altered"}, "its body differs"},
		{`DROP FUNCTION tidemark.blobs_replica() CASCADE`,
			append([]string{"blobs: function tidemark.blobs_replica: function_missing"}, all(TriggerMissing, "blobs", "replica")...), "the function does not exist"},
		{`ALTER FUNCTION tidemark.blobs_delete() RENAME TO other`,
			append([]string{"blobs: function tidemark.blobs_delete: function_missing"}, all(TriggerAltered, "blobs", "delete")...), ""},
	} {
		b := open(t)
		b.role("tidemark_test_stranger")
		b.exec(c.sabotage)
		found := b.inventory()
		var got []string
		tables := map[string]bool{}
		for _, f := range found {
			got = append(got, f.Table+": "+f.Object+": "+string(f.Problem))
			tables[f.Table] = true
			if f.Detail == "" || f.Fix != "tidemark migrate up" {
				t.Errorf("finding without detail or fix: %+v", f)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.sabotage, got, c.want)
			continue
		}
		if c.detail != "" && found[0].Detail != c.detail {
			t.Errorf("%s\n got detail %q\nwant %q", c.sabotage, found[0].Detail, c.detail)
		}
		if done := b.install(); len(done.Changed) == 0 {
			t.Errorf("%s\nmended %q, found %q", c.sabotage, done.Changed, got)
		}
		if found := b.inventory(); len(found) > 0 {
			t.Errorf("%s\nafter mending: %+v", c.sabotage, found)
		}
		untrusted := b.strings(`SELECT table_name || ' ' || reason_code FROM tidemark.capture_state WHERE NOT trusted ORDER BY 1`)
		var want []string
		for i, f := range found {
			if i == 0 || found[i-1].Table != f.Table {
				want = append(want, f.Table+" "+string(f.Problem))
			}
		}
		if !slices.Equal(untrusted, want) {
			t.Errorf("%s\nuntrusted %q, want %q", c.sabotage, untrusted, want)
		}
		b.exec(`DELETE FROM tidemark.marks`)
		b.exec(one[0])
		b.want("connector manifest recount connector=new")
		b.exec(`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('a', 's', 'k')`)
		b.want("records a /s n+1 b+0 gained " + b.strings(`SELECT to_char(now() AT TIME ZONE 'UTC', 'DD')`)[0])
		if again := b.install(); len(again.Changed)+len(again.Untrusted) != 0 {
			t.Errorf("%s\nmended again: %+v", c.sabotage, again)
		}
	}
}

func TestInventoryOfMissingTableAndSet(t *testing.T) {
	b := open(t)
	b.exec(`DROP TABLE blobs`)
	want := []Finding{{"blobs", "table public.blobs", TableMissing, "the table does not exist", "tidemark migrate up"}}
	if found := b.inventory(); !slices.Equal(found, want) {
		t.Errorf("got %+v, want %+v", found, want)
	}
	found := openMigrated(t).inventory()
	if len(found) != len(sources) {
		t.Fatalf("%d findings, want one per table", len(found))
	}
	for _, f := range found {
		if f.Problem != NotInstalled {
			t.Errorf("%+v", f)
		}
	}
}

// The inventory depends on no setting of the session, changes none, and works where nothing can be written.
func TestInventoryLeavesNoTrace(t *testing.T) {
	b := open(t)
	b.exec(`SET search_path = tidemark, public; SET quote_all_identifiers = on; SET default_transaction_read_only = on`)
	if found := b.inventory(); len(found) > 0 {
		t.Errorf("findings under odd settings: %+v", found)
	}
	tx, err := b.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if found, err := Inventory(t.Context(), tx); err != nil || len(found) > 0 {
		t.Errorf("findings in a transaction: %+v, %v", found, err)
	}
	if got := b.strings(`SELECT current_setting('search_path') || ' ' || current_setting('quote_all_identifiers')`); got[0] != "tidemark, public on" {
		t.Errorf("settings after an inventory: %q", got[0])
	}
	if got := b.strings(`SELECT locktype FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`); len(got) > 0 {
		t.Error("the lock is still held")
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}
