package triggers

import (
	"slices"
	"strings"
	"testing"
)

// distrust records what an inventory finds, and returns the tables that lost their trust by it.
func (s *session) distrust() []string {
	s.t.Helper()
	_, lost, err := Distrust(s.t.Context(), s.Conn)
	if err != nil {
		s.t.Fatal(err)
	}
	return lost
}

// untrusted are the tables that reads show as untrusted, each with why.
func (s *session) untrusted() []string {
	s.t.Helper()
	return s.strings(`SELECT table_name || ' ' || reason_code || ' ' || recount::text FROM tidemark.capture WHERE NOT trusted ORDER BY 1`)
}

// blind takes the event triggers away.
func (s *session) blind() {
	s.t.Helper()
	s.exec(`DROP EVENT TRIGGER IF EXISTS tidemark_ddl; DROP EVENT TRIGGER IF EXISTS tidemark_drop`)
}

// While a writer holds the table nothing can be mended; what is lost goes on record all the same, at once.
func TestDistrustWhileAWriterHoldsTheTable(t *testing.T) {
	b := open(t)
	b.blind()
	b.exec(someRecords)
	b.exec(`ALTER TABLE records DISABLE TRIGGER tidemark_delete`)
	writer := b.open("")
	writer.exec(`BEGIN`)
	writer.exec(`DELETE FROM records`)
	if lost := b.distrust(); !slices.Equal(lost, []string{"records"}) {
		t.Fatalf("lost %q", lost)
	}
	want := []string{"records trigger_disabled {records,retained_bytes}"}
	if got := b.untrusted(); !slices.Equal(got, want) {
		t.Errorf("untrusted %q, want %q", got, want)
	}
	since := b.strings(`SELECT since::text FROM tidemark.capture_state WHERE table_name = 'records'`)
	if lost := b.distrust(); len(lost) != 0 {
		t.Errorf("lost again: %q", lost)
	}
	if _, err := Mend(t.Context(), b.Conn); !Held(err) {
		t.Errorf("mended while a transaction that wrote unmarked goes on: %v", err)
	}
	if again := b.strings(`SELECT since::text FROM tidemark.capture_state WHERE table_name = 'records'`); again[0] != since[0] {
		t.Error("the same loss was recorded twice")
	}
	writer.exec(`COMMIT`)
	if _, err := Mend(t.Context(), b.Conn); err != nil {
		t.Fatal(err)
	}
	if again := b.strings(`SELECT since::text FROM tidemark.capture_state WHERE table_name = 'records' AND NOT trusted`); len(again) != 1 || again[0] == since[0] {
		t.Errorf("untrusted since %q after the mend, as before it: a recount that began before it could earn trust", again)
	}
	if found := b.inventory(); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}

// A role that owns nothing records what it finds, and cannot mend it.
func TestDistrustWithoutRights(t *testing.T) {
	b := open(t)
	b.blind()
	b.role("tidemark_test_server")
	b.exec(`GRANT USAGE ON SCHEMA tidemark TO tidemark_test_server; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tidemark, public TO tidemark_test_server`)
	server := b.open("tidemark_test_server")
	b.exec(`DROP TRIGGER tidemark_insert ON blobs`)
	if lost := server.distrust(); !slices.Equal(lost, []string{"blobs"}) {
		t.Fatalf("lost %q", lost)
	}
	if _, err := Mend(t.Context(), server.Conn); err == nil || Held(err) {
		t.Errorf("mended without rights: %v", err)
	}
	if done := b.install(); !slices.Equal(done.Untrusted, []string{"blobs"}) {
		t.Errorf("%+v", done)
	}
	// What a superuser puts back by hand the server takes note of itself: that needs a lock, and no right to the triggers.
	b.exec(`ALTER TABLE blobs DISABLE TRIGGER ALL; ALTER TABLE blobs ENABLE TRIGGER ALL; ALTER TABLE blobs ENABLE REPLICA TRIGGER tidemark_replica;
		ALTER TABLE blobs ENABLE ALWAYS TRIGGER tidemark_truncate`)
	if found := server.inventory(); len(found) != 1 || found[0].Problem != TriggerTouched {
		t.Fatalf("found %+v", found)
	}
	if done, err := Mend(t.Context(), server.Conn); err != nil || !slices.Equal(done.Untrusted, []string{"blobs"}) || len(done.Changed) != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if found := server.inventory(); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}

// What was changed and put back between two looks is found by the stamps of the catalog, without any event trigger.
func TestTouchedAndPutBack(t *testing.T) {
	for _, c := range []struct {
		sql  string
		want Problem
	}{
		{`ALTER TABLE records DISABLE TRIGGER tidemark_insert; ALTER TABLE records ENABLE TRIGGER tidemark_insert`, TriggerTouched},
		{`ALTER FUNCTION tidemark.records_delete() RENAME TO x; ALTER FUNCTION tidemark.x() RENAME TO records_delete`, FunctionTouched},
		{`ALTER FUNCTION tidemark.records_delete() SET work_mem = '1MB'; ALTER FUNCTION tidemark.records_delete() RESET work_mem`, FunctionTouched},
		{`ALTER TRIGGER tidemark_update ON records RENAME TO x; ALTER TRIGGER x ON records RENAME TO tidemark_update`, TriggerTouched},
		{`ALTER TABLE records ALTER emitted_at TYPE timestamptz USING emitted_at + interval '1 day'`, ColumnAltered},
		{`ALTER TABLE records ALTER version TYPE bigint USING version + 1; ALTER TABLE records ADD more text`, ColumnAltered},
	} {
		for _, blind := range []bool{true, false} {
			b := open(t)
			if blind {
				b.blind()
			}
			b.exec(c.sql)
			if seen := len(b.untrusted()) == 1; seen == blind {
				t.Errorf("%s: blind %t, seen at once %t", c.sql, blind, seen)
			}
			found := b.inventory()
			if len(found) != 1 || found[0].Table != "records" || found[0].Problem != c.want {
				t.Errorf("%s: found %+v, want %s", c.sql, found, c.want)
			}
			if done := b.install(); len(done.Changed) != 0 || !slices.Equal(done.Untrusted, []string{"records"}) {
				t.Errorf("%s: %+v", c.sql, done)
			}
			if found := b.inventory(); len(found) > 0 {
				t.Errorf("%s: found %+v after it was noted", c.sql, found)
			}
		}
	}
}

// What leaves every value as it is costs no trust.
func TestHarmlessDDL(t *testing.T) {
	b := open(t)
	for _, sql := range []string{
		`ALTER TABLE records ADD more text DEFAULT 'x'`, `CREATE INDEX more ON records (more)`, `ALTER TABLE records ADD CHECK (version > 0)`,
		`TRUNCATE records`, `VACUUM (FULL, ANALYZE) records`, `CLUSTER records USING records_pkey`, `ALTER TABLE records SET (fillfactor = 70)`,
	} {
		b.exec(sql)
		if found, seen := b.inventory(), b.untrusted(); len(found)+len(seen) > 0 {
			t.Fatalf("%s: %+v, untrusted %q", sql, found, seen)
		}
	}
}

// The event triggers record what DDL does in its own transaction, whoever runs it and under whatever role.
func TestEventTriggers(t *testing.T) {
	b := open(t)
	if atOnce, why, err := Watch(t.Context(), b.Conn); err != nil || !atOnce {
		t.Fatalf("watched: %t %q %v", atOnce, why, err)
	}
	owner := "tidemark_test_owner"
	b.role(owner)
	b.exec(`GRANT CREATE ON SCHEMA public TO ` + owner + `; ALTER TABLE blobs OWNER TO ` + owner)
	if got := b.untrusted(); len(got) > 0 {
		t.Errorf("a change of owner costs trust: %q", got)
	}
	other := b.open(owner)
	other.exec(`BEGIN`)
	other.exec(`ALTER TABLE blobs DISABLE TRIGGER tidemark_insert`)
	if got := b.untrusted(); len(got) > 0 {
		t.Errorf("seen before it is committed: %q", got)
	}
	// Neither waits for the other.
	b.exec(`SET lock_timeout = '10s'; ALTER FUNCTION tidemark.blobs_insert() SET work_mem = '1MB'`)
	other.exec(`ROLLBACK`)
	if got, want := b.untrusted(), []string{"blobs function_touched {retained_bytes}"}; !slices.Equal(got, want) {
		t.Errorf("untrusted %q, want %q", got, want)
	}
	b.install()
	b.exec(`UPDATE tidemark.capture_state SET trusted = true`)

	other.exec(`SET search_path = public, pg_temp; ALTER TABLE blobs DISABLE TRIGGER tidemark_insert`)
	if got, want := b.untrusted(), []string{"blobs trigger_touched {retained_bytes}"}; !slices.Equal(got, want) {
		t.Errorf("untrusted %q, want %q", got, want)
	}
	for range 3 {
		other.exec(`ALTER TABLE blobs DISABLE TRIGGER tidemark_delete`)
	}
	if n := b.strings(`SELECT count(*)::text FROM tidemark.capture_touched`); n[0] != "1" {
		t.Errorf("%s rows, and none was answered", n[0])
	}
	b.install()
	b.exec(`UPDATE tidemark.capture_state SET trusted = true`)

	b.exec(`SET session_replication_role = replica; ALTER TABLE records DISABLE TRIGGER ALL; RESET session_replication_role`)
	if got, want := b.untrusted(), []string{"records trigger_touched {records,retained_bytes}"}; !slices.Equal(got, want) {
		t.Errorf("under replica role: untrusted %q, want %q", got, want)
	}
	b.install()
	b.exec(`UPDATE tidemark.capture_state SET trusted = true`)
	b.exec(`DROP TRIGGER tidemark_insert ON spine_events`)
	if got, want := b.untrusted(), []string{"spine_events trigger_missing {runs}"}; !slices.Equal(got, want) {
		t.Errorf("dropped: untrusted %q, want %q", got, want)
	}
	b.install()
	b.exec(`UPDATE tidemark.capture_state SET trusted = true`)
	b.exec(`ALTER TABLE records ADD COLUMN mine text; CREATE TABLE mine (a int); CREATE TEMP TABLE t (a int); CREATE INDEX ON records (version);
		CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION mine(); DROP TABLE mine, t; ALTER TABLE records DROP COLUMN mine`)
	if got := b.untrusted(); len(got) > 0 {
		t.Errorf("DDL that changes nothing costs trust: %q", got)
	}
}

// Whatever is wrong with what the event triggers need, DDL goes on.
func TestEventTriggersFailNobody(t *testing.T) {
	b := open(t)
	holder := b.open("")
	holder.exec(`BEGIN`)
	holder.exec(`LOCK TABLE tidemark.capture_touched IN ACCESS EXCLUSIVE MODE`)
	b.exec(`SET statement_timeout = '20s'`)
	b.exec(`ALTER TABLE records DISABLE TRIGGER tidemark_insert`)
	holder.exec(`ROLLBACK`)
	if found := b.inventory(); len(found) != 1 || found[0].Problem != TriggerDisabled { // the inventory sees what they did not
		t.Errorf("found %+v", found)
	}
	b.exec(`DROP TABLE tidemark.capture_touched CASCADE`)
	b.exec(`ALTER TABLE records DISABLE TRIGGER tidemark_delete; DROP TRIGGER tidemark_update ON records`)
	b.exec(`DROP SCHEMA tidemark CASCADE`)
	b.exec(`ALTER TABLE records ADD COLUMN a int; DROP TABLE blobs`)
	if n := b.strings(`SELECT evtname::text FROM pg_event_trigger`); len(n) != 0 {
		t.Errorf("left: %q", n)
	}
}

// Who may not create event triggers does without, and is told.
func TestEventTriggersNeedASuperuser(t *testing.T) {
	b := connectEmpty(t)
	b.role("tidemark_test_plain")
	b.exec(`GRANT CREATE ON SCHEMA public TO tidemark_test_plain; DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO tidemark_test_plain', current_database()); END $$`)
	plain := b.open("tidemark_test_plain")
	if err := migrated(t.Context(), plain.Conn); err != nil {
		t.Fatal(err)
	}
	plain.install()
	if n := b.strings(`SELECT evtname::text FROM pg_event_trigger`); len(n) != 0 {
		t.Errorf("created: %q", n)
	}
	atOnce, why, err := Watch(t.Context(), plain.Conn)
	if err != nil || atOnce || !strings.Contains(why, "tidemark_test_plain owns schema tidemark and is no superuser") {
		t.Errorf("watched: %t %q %v", atOnce, why, err)
	}
	b.install() // a superuser's: the function is another's to alter, so it does not run it in everybody's DDL
	if n := b.strings(`SELECT evtname::text FROM pg_event_trigger`); len(n) != 0 {
		t.Errorf("created: %q", n)
	}
	plain.exec(`ALTER TABLE records DISABLE TRIGGER tidemark_insert`)
	if lost := plain.distrust(); !slices.Equal(lost, []string{"records"}) {
		t.Errorf("lost %q", lost)
	}
}
