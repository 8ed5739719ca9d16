package db_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"tidemark/db"
	"tidemark/internal/pgtest"
	"tidemark/summary"
)

func openEmpty(t *testing.T) *bench {
	t.Helper()
	return attach(t, pgtest.NewDatabase(t))
}

func TestMigrateSeveralServersAtOnceAndAgain(t *testing.T) {
	b := openEmpty(t)
	if m, err := b.Migration(t.Context()); err != nil || m.Current != 0 || m.Latest == 0 {
		t.Fatalf("empty database: %+v, %v", m, err)
	}
	if err := b.CheckSchema(t.Context()); err == nil || !strings.Contains(err.Error(), "tidemark migrate up") {
		t.Errorf("the error does not name the mend: %v", err)
	}
	g, ctx := errgroup.WithContext(t.Context())
	for range 4 {
		g.Go(func() error { return b.Migrate(ctx) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	catalog := `SELECT string_agg(oid::regclass::text || relfilenode, ',' ORDER BY oid)
		FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'tidemark'::regnamespace)`
	before := b.value(catalog)
	if err := b.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want(before, catalog)
	if err := b.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestMigrateRefusesNewerSchema(t *testing.T) {
	b := open(t)
	b.exec(`UPDATE tidemark.schema_version SET version = 1000`)
	for what, err := range map[string]error{"migrate": b.Migrate(t.Context()), "check": b.CheckSchema(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "newer than this program") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A schema that other migrations made is refused, by who has recorded which and by who recorded nothing.
func TestMigrateRefusesAnotherBuildsSchema(t *testing.T) {
	b := open(t)
	for _, c := range []struct{ sql, want string }{
		{`UPDATE tidemark.schema_steps SET digest = 'other' WHERE version = 3`, "step 3 of the database's schema"},
		{`DROP TABLE tidemark.schema_steps`, "step 1 of the database's schema"},
	} {
		b.exec(c.sql)
		for what, err := range map[string]error{"migrate": b.Migrate(t.Context()), "check": b.CheckSchema(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "make a new database") {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

func TestMigrateAdoptsOrRefusesExistingTables(t *testing.T) {
	for _, c := range []struct{ ddl, want string }{
		{`CREATE TABLE connectors (connector_id text COLLATE "C" PRIMARY KEY)`, "public.connectors has no column"},
		{`CREATE TABLE device_heartbeats (connector_instance_id text COLLATE "C", device_id text COLLATE "C",
			last_heartbeat_at timestamptz, status text COLLATE "C", records_pending integer, dead_letters bigint, last_ingest_at timestamptz)`,
			"public.device_heartbeats.records_pending is integer, Tidemark needs bigint"},
		{`CREATE TABLE device_heartbeats (connector_instance_id text, device_id text COLLATE "C",
			last_heartbeat_at timestamptz, status text COLLATE "C", records_pending bigint, dead_letters bigint, last_ingest_at timestamptz)`,
			`device_heartbeats.connector_instance_id is text, Tidemark needs text collate "C"`},
	} {
		b := openEmpty(t)
		b.exec(c.ddl)
		if err := b.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.ddl, err, c.want)
		}
		b.want("<null>", `SELECT to_regnamespace('tidemark')::text`)
	}
	for ddl, want := range map[string]string{ // beside what ours demand
		`ALTER TABLE spine_events DROP CONSTRAINT spine_events_occurred_at_check`:                                "has no constraint like spine_events_occurred_at_check, which is CHECK (((occurred_at >= ",
		`ALTER TABLE records ALTER emitted_at TYPE timestamptz`:                                                  "has no constraint like years_0001_to_9999, which is CHECK (((emitted_at >= ",
		`ALTER TABLE records DROP CONSTRAINT records_pkey; ALTER TABLE records ALTER stream DROP NOT NULL`:       "public.records.stream may be null",
		`ALTER TABLE records DROP record_bytes; ALTER TABLE records ADD record_bytes integer NOT NULL DEFAULT 0`: "public.records.record_bytes is not GENERATED ALWAYS AS",
		`ALTER TABLE blobs DROP CONSTRAINT blobs_pkey`:                                                           "PRIMARY KEY (blob_id)",
	} {
		b := open(t)
		b.exec(`DROP SCHEMA tidemark CASCADE`)
		b.exec(ddl)
		if err := b.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", ddl, err, want)
		}
		b.want("<null>", `SELECT to_regnamespace('tidemark')::text`)
	}
	b := open(t) // the source tables of an installation, with rows, without what was derived from them
	b.connection("c1")
	b.exec(`DROP SCHEMA tidemark CASCADE`)
	b.exec(`ALTER TABLE records ADD COLUMN note text, ADD CONSTRAINT mine CHECK (note <> '')`)
	b.exec(`ALTER TABLE records ALTER stream TYPE text COLLATE "C", ADD CONSTRAINT other CHECK (octet_length(stream) BETWEEN 1 AND 256)`)
	if err := b.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want("c1", `SELECT connector_instance_id FROM connector_instances`)
}

func TestOpenRefusesWhatCannotHoldTidemark(t *testing.T) {
	cluster := pgtest.Shared(t)
	cluster.Exec(t, "postgres", `CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
	t.Cleanup(func() { cluster.Exec(t, "postgres", `DROP DATABASE latin WITH (FORCE)`) })
	if _, err := db.Open(t.Context(), cluster.DSN("latin"), db.Options{}); err == nil || !strings.Contains(err.Error(), "UTF8") {
		t.Errorf("LATIN1: %v", err)
	}
	secret := "postgres://someone:hunter2@127.0.0.1:1/x?connect_timeout=1"
	if _, err := db.Open(t.Context(), secret, db.Options{}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("no server: %v", err)
	}
	for _, malformed := range []string{"postgres://u:hunter2@[", "host=x password = hunter2 port=abc"} {
		if _, err := db.Open(t.Context(), malformed, db.Options{}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("malformed address: %v", err)
		}
	}
}

// Evidence holds facts only: no synthesized column.
func TestEvidenceHasNoSynthesizedColumn(t *testing.T) {
	b := open(t)
	rows, err := b.writer.Query(t.Context(), `
		SELECT column_name FROM information_schema.columns
		WHERE table_schema = 'tidemark' AND table_name = 'connector_summary_evidence'`)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(columns) < 20 {
		t.Fatalf("%d columns, %v", len(columns), err)
	}
	for _, c := range columns {
		for _, word := range []string{"fresh", "health", "verdict", "label", "copy", "pill", "tone", "message", "badge", "axis"} {
			if strings.Contains(c, word) {
				t.Errorf("column %s is not a fact", c)
			}
		}
	}
	if slices.Contains(columns, "dirty") {
		t.Error("dirty is what visible marks say, not a column")
	}
}

// No derived table refers to a source table: a foreign key would lock writers.
func TestNoDerivedForeignKeys(t *testing.T) {
	b := open(t)
	b.want("0", `SELECT count(*)::text FROM pg_constraint WHERE contype = 'f' AND connamespace = 'tidemark'::regnamespace`)
}

// Source-scoped run grouping is an index-only scan of the covering index (the seed's decision 8), on a new database and on one whose
// source tables were there before, without it.
func TestRunGroupingIsIndexOnly(t *testing.T) {
	b := open(t)
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_kind, source_id, data)
	        SELECT 'progress', 'r' || i % 400, 'connector', 'shop' || i % 20, json_build_object('text', repeat('x', 300))
	        FROM generate_series(1, 20000) i`)
	grouping := func() string {
		b.exec(`VACUUM ANALYZE spine_events`)
		rows, err := b.writer.Query(t.Context(), `
			EXPLAIN SELECT run_id, min(occurred_at), max(occurred_at) FROM spine_events
			WHERE source_kind = 'connector' AND source_id = 'shop3' AND run_id IS NOT NULL GROUP BY run_id`)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(plan, "\n")
	}
	const wanted = "Index Only Scan using spine_events_source_run"
	if plan := grouping(); !strings.Contains(plan, wanted) {
		t.Errorf("new database:\n%s", plan)
	}
	b.exec(`DROP SCHEMA tidemark CASCADE; DROP INDEX spine_events_source_run`)
	if plan := grouping(); strings.Contains(plan, wanted) {
		t.Fatalf("the index is still there:\n%s", plan)
	}
	if err := b.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if plan := grouping(); !strings.Contains(plan, wanted) {
		t.Errorf("upgraded database:\n%s", plan)
	}
}

// A database that cannot be reached is told apart from a fault in a statement: HTTP answers 503 to the one, 500 to the other.
func TestLostDatabaseIsUnavailable(t *testing.T) {
	b := open(t)
	name := b.value(`SELECT current_database()::text`)
	pgtest.Shared(t).Exec(t, "postgres",
		`ALTER DATABASE `+pgx.Identifier{name}.Sanitize()+` ALLOW_CONNECTIONS false`,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '`+name+`'`)
	for range 5 { // connections that the pool still believes in, then new ones
		if _, err := b.Status(t.Context()); !errors.Is(err, summary.ErrUnavailable) {
			t.Fatalf("a database that refuses connections: %v", err)
		}
	}
	if checks, err := b.Ready(t.Context()); !errors.Is(err, summary.ErrUnavailable) {
		t.Errorf("readiness says %+v, %v", checks, err)
	}
	b.Close()
	if _, err := b.Status(t.Context()); !errors.Is(err, summary.ErrUnavailable) {
		t.Errorf("a closed pool: %v", err)
	}
}
