package triggers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// partitioned makes records a table that is partitioned by stream, with a leaf, another that is partitioned itself, and a default one.
const partitioned = `
	CREATE TABLE public.records_made (LIKE records INCLUDING ALL);
	DROP TABLE public.records;
	CREATE TABLE public.records (LIKE records_made INCLUDING ALL) PARTITION BY LIST (stream);
	DROP TABLE public.records_made;
	ALTER TABLE public.records ADD FOREIGN KEY (connector_instance_id) REFERENCES public.connector_instances ON DELETE CASCADE;
	CREATE TABLE public.records_s PARTITION OF public.records FOR VALUES IN ('s');
	CREATE SCHEMA "Other schema";
	CREATE TABLE "Other schema"."order" PARTITION OF public.records FOR VALUES IN ('t') PARTITION BY HASH (connector_instance_id);
	CREATE TABLE "Other schema"."user" PARTITION OF "Other schema"."order" FOR VALUES WITH (MODULUS 1, REMAINDER 0);
	CREATE TABLE public.records_rest PARTITION OF public.records DEFAULT;`

func openPartitioned(t *testing.T) *bench {
	b := openMigrated(t)
	b.exec(partitioned)
	b.exec(`
		INSERT INTO connectors (connector_id) VALUES ('shop');
		INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding_key)
		VALUES ('a', 'ann', 'shop', '1'), ('b', 'ann', 'shop', '2')`)
	b.install()
	b.exec(`UPDATE tidemark.capture_state SET trusted = true; DELETE FROM tidemark.marks`)
	return b
}

// Whatever name a statement gives to a row's table, the row is marked once.
func TestPartitions(t *testing.T) {
	b := openPartitioned(t)
	if found := b.inventory(); len(found) > 0 {
		t.Fatalf("findings after installation: %+v", found)
	}
	const values = ` (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES `
	row := func(stream, key string, day int) string {
		return fmt.Sprintf(`('a', '%s', '%s', '[1]', '2026-01-%02dT12:00:00Z')`, stream, key, day)
	}
	for _, c := range []struct {
		name, sql string
		want      []string
	}{
		{"parent", `INSERT INTO records` + values + row("s", "1", 1) + `, ` + row("t", "1", 2) + `, ` + row("u", "1", 3),
			[]string{"records a /s n+1 b+3 gained 01", "records a /t n+1 b+3 gained 02", "records a /u n+1 b+3 gained 03"}},
		{"leaf", `INSERT INTO records_s` + values + row("s", "2", 4), []string{"records a /s n+1 b+3 gained 04"}},
		{"leaf of a partitioned partition", `INSERT INTO "Other schema"."user"` + values + row("t", "2", 4), []string{"records a /t n+1 b+3 gained 04"}},
		{"partitioned partition", `INSERT INTO "Other schema"."order"` + values + row("t", "3", 5), []string{"records a /t n+1 b+3 gained 05"}},
		{"several of a leaf", `INSERT INTO records_rest` + values + row("u", "2", 4) + `, ` + row("v", "1", 4),
			[]string{"records a /u n+1 b+3 gained 04", "records a /v n+1 b+3 gained 04"}},
		{"update of the parent", `UPDATE records SET record_json = '[12]' WHERE record_key = '2'`,
			[]string{"records a /s n+0 b+1", "records a /t n+0 b+1", "records a /u n+0 b+1"}},
		{"update of a leaf", `UPDATE records_s SET deleted = true WHERE record_key = '2'`, []string{"records a /s n-1 b-4 lost 04"}},
		{"across partitions", `UPDATE records SET stream = 's' WHERE stream = 't' AND record_key = '3'`,
			[]string{"records a /s n+1 b+3 gained 05", "records a /t n-1 b-3 lost 05", "records recount a /s", "records recount a /t"}},
		{"upsert", `INSERT INTO records` + values + row("s", "1", 1) + ` ON CONFLICT (connector_instance_id, stream, record_key)
			DO UPDATE SET record_json = '[123]'`, []string{"records a /s n+0 b+2"}},
		{"upsert into a leaf", `INSERT INTO records_s` + values + row("s", "1", 1) + ` ON CONFLICT (connector_instance_id, stream, record_key)
			DO UPDATE SET record_json = '[1234]'`, []string{"records a /s n+0 b+1"}},
		{"merge", `MERGE INTO records r USING (VALUES ('a', 'v', '1')) AS v (c, s, k) ON r.connector_instance_id = v.c AND r.stream = v.s AND r.record_key = v.k
			WHEN MATCHED THEN DELETE`, []string{"records a /v n-1 b-3 lost 04"}},
		{"delete from a leaf", `DELETE FROM records_s WHERE record_key = '3'`, []string{"records a /s n-1 b-3 lost 05"}},
		{"delete from the parent", `DELETE FROM records WHERE record_key = '1' AND stream = 't'`, []string{"records a /t n-1 b-3 lost 02"}},
		{"nothing", `UPDATE records SET version = version + 1; UPDATE records_s SET version = version + 1; DELETE FROM records_s WHERE false`, nil},
		{"truncate of a leaf", `TRUNCATE records_s`, []string{"all records recount"}},
		{"cascade", `DELETE FROM connector_instances WHERE connector_instance_id = 'a'`,
			[]string{"identity recount a", "records a /t n-1 b-4 lost 04", "records a /u n-2 b-7 lost 04"}},
	} {
		b.exec(c.sql)
		got := b.take()
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
	b.exec(`INSERT INTO records` + values + strings.ReplaceAll(row("s", "9", 9), "'a'", "'b'"))
	b.take()
	b.exec(`TRUNCATE records`) // fires the triggers of every partition: the mark is absolute, so that is harmless
	if got := slices.Compact(b.take()); !slices.Equal(got, []string{"all records recount"}) {
		t.Errorf("truncate: %q", got)
	}
}

// Under replica role the row triggers mark: the server's clones of the parent's.
func TestPartitionsUnderReplicaRole(t *testing.T) {
	b := openPartitioned(t)
	b.exec(`SET session_replication_role = replica`)
	b.exec(`INSERT INTO records (connector_instance_id, stream, record_key, emitted_at) VALUES ('a', 's', '1', '2026-01-01'), ('a', 't', '1', '2026-01-02')`)
	b.want("records a /s n+1 b+0 gained 01", "records a /t n+1 b+0 gained 02")
	b.exec(`INSERT INTO records_s (connector_instance_id, stream, record_key, emitted_at) VALUES ('a', 's', '2', '2026-01-03')`)
	b.want("records a /s n+1 b+0 gained 03")
	b.exec(`UPDATE records SET stream = 't' WHERE record_key = '2'`)
	b.want("records a /s n-1 b+0 lost 03", "records a /t n+1 b+0 gained 03")
	b.exec(`DELETE FROM "Other schema"."user" WHERE record_key = '2'`)
	b.want("records a /t n-1 b+0 lost 03")
	b.exec(`TRUNCATE records_s`)
	b.want("all records recount")
}

// A table that inherits from a source table is like a partition, but for the row trigger.
func TestInheritance(t *testing.T) {
	b := open(t)
	b.exec(`CREATE TABLE more_blobs (LIKE blobs INCLUDING ALL) INHERITS (blobs)`)
	found := b.inventory()
	if len(found) != 1 || found[0].Problem != PartitionAttached || found[0].Object != "partition public.more_blobs" {
		t.Fatalf("found %+v", found)
	}
	if done := b.install(); len(done.Changed) != 5 || !slices.Equal(done.Untrusted, []string{"blobs"}) {
		t.Fatalf("%+v", done)
	}
	if found := b.inventory(); len(found) > 0 {
		t.Fatalf("found %+v", found)
	}
	insert := `INSERT INTO more_blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('%d', 'a', 's', 7)`
	b.exec(fmt.Sprintf(insert, 1))
	b.want("retained_bytes a /s n+1 b+7")
	b.exec(`UPDATE blobs SET size_bytes = 8`)
	b.want("retained_bytes a /s n+0 b+1")
	b.exec(`SET session_replication_role = replica`)
	b.exec(fmt.Sprintf(insert, 2))
	b.want("retained_bytes a /s n+1 b+7")
	b.exec(`RESET session_replication_role; TRUNCATE more_blobs`)
	b.want("all retained_bytes recount")
}

// What is attached, detached, made or dropped costs trust; mended, it is captured, and what is no part any more is not.
func TestPartitionsComeAndGo(t *testing.T) {
	attached, detached := PartitionAttached, PartitionDetached
	for _, c := range []struct {
		name, before, sql string
		want              Problem
		object            string
	}{
		{"made", ``, `CREATE TABLE records_n PARTITION OF records FOR VALUES IN ('n')`, attached, "partition public.records_n"},
		{"attached", `CREATE TABLE records_n (LIKE records INCLUDING ALL); INSERT INTO records_n (connector_instance_id, stream, record_key) VALUES ('a', 'n', '1')`,
			`ALTER TABLE records ATTACH PARTITION records_n FOR VALUES IN ('n')`, attached, "partition public.records_n"},
		{"attached below", ``, `CREATE TABLE "Other schema".v PARTITION OF records FOR VALUES IN ('w') PARTITION BY HASH (connector_instance_id)`,
			attached, `partition "Other schema".v`},
		{"detached", ``, `ALTER TABLE records DETACH PARTITION records_s`, TriggerStray, "trigger tidemark_delete on public.records_s"},
		{"dropped", ``, `DROP TABLE records_s`, detached, "partition public.records_s"},
		{"detached and attached", ``, `ALTER TABLE records DETACH PARTITION records_s; ALTER TABLE records ATTACH PARTITION records_s FOR VALUES IN ('s')`,
			attached, "partition public.records_s"},
		{"trigger of a leaf disabled", ``, `ALTER TABLE records_s DISABLE TRIGGER tidemark_insert`, TriggerDisabled, "trigger tidemark_insert on public.records_s"},
		{"every trigger of a leaf disabled", ``, `ALTER TABLE records_s DISABLE TRIGGER ALL`, TriggerDisabled, "trigger tidemark_delete on public.records_s"},
		{"clone disabled", ``, `ALTER TABLE records_s DISABLE TRIGGER tidemark_replica`, TriggerDisabled, "trigger tidemark_replica on public.records_s"},
		{"trigger of a leaf dropped", ``, `DROP TRIGGER tidemark_truncate ON records_rest`, TriggerMissing, "trigger tidemark_truncate on public.records_rest"},
		{"every trigger of all", ``, `ALTER TABLE records DISABLE TRIGGER ALL`, TriggerDisabled, "trigger tidemark_delete on public.records"},
		{"trigger of moves dropped", ``, `DROP TRIGGER "~tidemark_move" ON records`, TriggerMissing, `trigger "~tidemark_move" on public.records`},
		{"trigger of moves disabled in a leaf", ``, `ALTER TABLE records_s DISABLE TRIGGER "~tidemark_move"`, TriggerDisabled, `trigger "~tidemark_move" on public.records_s`},
		{"row trigger of all dropped", ``, `DROP TRIGGER tidemark_replica ON records`, TriggerMissing, "trigger tidemark_replica on public.records"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := openPartitioned(t)
			if c.before != "" {
				b.exec(c.before)
			}
			b.exec(c.sql)
			seen := b.strings(`SELECT table_name FROM tidemark.capture WHERE NOT trusted`)
			if !slices.Equal(seen, []string{"records"}) { // at once, by the event triggers
				t.Errorf("untrusted in the transaction of the DDL: %q", seen)
			}
			found := b.inventory()
			if len(found) == 0 || found[0].Table != "records" || found[0].Problem != c.want || found[0].Object != c.object {
				t.Fatalf("found %+v, want %s of %s", found, c.want, c.object)
			}
			if done := b.install(); !slices.Equal(done.Untrusted, []string{"records"}) {
				t.Errorf("%+v", done)
			}
			if found := b.inventory(); len(found) > 0 {
				t.Errorf("after mending: %+v", found)
			}
			b.exec(`DELETE FROM tidemark.marks`)
			for _, table := range b.strings(`SELECT relid::regclass::text FROM pg_partition_tree('records') WHERE isleaf`) {
				b.exec(`DELETE FROM ` + table)
				b.exec(`TRUNCATE ` + table)
				if got := b.take(); len(got) == 0 {
					t.Errorf("%s is not captured", table)
				}
			}
			if c.name == "detached" {
				b.exec(`INSERT INTO records_s (connector_instance_id, stream, record_key) VALUES ('a', 's', '1'); TRUNCATE records_s`)
				b.want()
			}
			if again := b.install(); len(again.Changed)+len(again.Untrusted) != 0 {
				t.Errorf("mended again: %+v", again)
			}
		})
	}
}

// A foreign table cannot be watched: that is said, with what helps, and costs trust for good.
func TestForeignPartition(t *testing.T) {
	b := openPartitioned(t)
	b.exec(`CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
		ALTER TABLE records DROP CONSTRAINT records_pkey; ALTER TABLE records DROP CONSTRAINT records_connector_instance_id_fkey;
		CREATE FOREIGN TABLE far PARTITION OF records FOR VALUES IN ('far') SERVER nowhere`)
	if done := b.install(); !slices.Equal(done.Untrusted, []string{"records"}) {
		t.Errorf("%+v", done)
	}
	found := b.inventory()
	if len(found) != 1 || found[0].Problem != PartitionForeign || found[0].Fix != "detach it: ALTER TABLE public.records DETACH PARTITION public.far" {
		t.Errorf("found %+v", found)
	}
}

// A source table that is below another one is changed by statements that name that one, which fire no trigger of it. That is said,
// with what helps, and costs trust until it is done.
func TestBelowAnotherTable(t *testing.T) {
	for _, c := range []struct{ name, put, fix string }{
		{"inherits", `CREATE TABLE "All" (deleted boolean NOT NULL); ALTER TABLE records INHERIT "All"`, `ALTER TABLE public.records NO INHERIT public."All"`},
		{"partition", `CREATE TABLE "All" (LIKE records INCLUDING GENERATED) PARTITION BY LIST (deleted); ALTER TABLE "All" ATTACH PARTITION records DEFAULT`,
			`ALTER TABLE public."All" DETACH PARTITION public.records`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t)
			b.exec(c.put)
			found := b.inventory()
			if len(found) != 1 || found[0].Table != "records" || found[0].Problem != TableBelow || found[0].Fix != c.fix {
				t.Fatalf("found %+v", found)
			}
			for range 2 {
				if done := b.install(); !slices.Equal(done.Untrusted, []string{"records"}) {
					t.Errorf("%+v", done)
				}
			}
			b.exec(c.fix)
			b.install()
			if found := b.inventory(); len(found) > 0 {
				t.Errorf("after mending: %+v", found)
			}
		})
	}
}
