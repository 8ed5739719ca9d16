package db

import (
	"context"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"

	"tidemark/migrations"
)

// migrateLock keeps two servers that start at once from creating the schema at the same moment.
const migrateLock = 0x74696465_6d617262 // "tidemarb"

// versionTable is tern's.
const versionTable = "tidemark.schema_version"

// stepsTable records the digest of each step that was taken.
const stepsTable = `CREATE TABLE IF NOT EXISTS tidemark.schema_steps (version bigint PRIMARY KEY, digest text NOT NULL);`

// identifyVersion gives it a replica identity: it has no key, and where somebody publishes all tables nobody could update it.
const identifyVersion = `DO $$ BEGIN
	IF (SELECT relreplident FROM pg_catalog.pg_class WHERE oid = 'tidemark.schema_version'::regclass) OPERATOR(pg_catalog.<>) 'f' THEN
		ALTER TABLE tidemark.schema_version REPLICA IDENTITY FULL;
	END IF; END $$;`

// Migration tells how far a database's schema is.
type Migration struct {
	Current int64 `json:"current"` // 0: empty
	Latest  int64 `json:"latest"`  // that this program knows
}

// Conn opens one connection with this package's session settings, outside the pool; the caller closes it.
func (d *DB) Conn(ctx context.Context) (*pgx.Conn, error) {
	return d.connect(ctx, nil)
}

// connect opens a connection with further start-up parameters, none of which a pooler would let through.
func (d *DB) connect(ctx context.Context, params map[string]string) (*pgx.Conn, error) {
	cfg := d.pool.Config().ConnConfig.Copy()
	if err := d.suit(ctx, cfg); err != nil {
		return nil, err
	}
	if !d.Pooled() {
		maps.Copy(cfg.RuntimeParams, params)
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to database: %w", unreachable(err))
	}
	return conn, nil
}

// Migrate brings the schema up to date. It is idempotent, safe when several servers start at once, refuses a schema that
// is newer than this program, and refuses existing source tables that do not fit, naming the column.
func (d *DB) Migrate(ctx context.Context) error {
	// A start-up parameter, because tern resets what a session was set to.
	conn, err := d.connect(ctx, map[string]string{"search_path": "pg_catalog"})
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // the lock ends with the connection either way
	if d.Pooled() {
		return d.migratePooled(ctx, conn)
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrateLock)); err != nil {
		return fmt.Errorf("lock migrations: %w", unreachable(err))
	}
	switch m, err := d.Migration(ctx); {
	case err != nil:
		return err
	case m.Current == 0: // else what is there is ours, as later steps have made it
		if err := refuseForeignTables(ctx, conn); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS tidemark; `+stepsTable); err != nil {
		return fmt.Errorf("create schema tidemark: %w", err)
	}
	m, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	if _, err = conn.Exec(ctx, identifyVersion); err != nil {
		return fmt.Errorf("prepare schema version: %w", unreachable(err))
	}
	if m.Migrations, err = steps(); err != nil {
		return err
	}
	current, err := m.GetCurrentVersion(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if int(current) > len(m.Migrations) {
		return newerSchema(int64(current), int64(len(m.Migrations)))
	}
	if err := m.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// migratePooled does what Migrate does where a session lock would stay with a session that is somebody else's next: each
// step is one transaction under a transaction's lock.
func (d *DB) migratePooled(ctx context.Context, conn *pgx.Conn) error {
	all, err := steps()
	if err != nil {
		return err
	}
	switch at, err := d.Migration(ctx); {
	case err != nil:
		return err
	case at.Current == 0:
		if err := refuseForeignTables(ctx, conn); err != nil {
			return err
		}
	}
	for done := false; !done; {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			done, err = d.migrateStep(ctx, tx, all)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// steps are the migrations of this program; each records its own digest.
func steps() ([]*migrate.Migration, error) {
	m, err := migrate.NewMigratorEx(context.Background(), nil, versionTable, &migrate.MigratorOptions{})
	if err == nil {
		err = m.LoadMigrations(migrations.Postgres())
	}
	if err != nil {
		return nil, fmt.Errorf("load migrations: %w", err)
	}
	for i, s := range m.Migrations {
		s.UpSQL += fmt.Sprintf("\nINSERT INTO tidemark.schema_steps (version, digest) VALUES (%d, '%s');", s.Sequence, migrations.PostgresDigests()[i])
	}
	return m.Migrations, nil
}

// migrateStep takes one step, or tells that there is none left.
func (d *DB) migrateStep(ctx context.Context, tx pgx.Tx, steps []*migrate.Migration) (done bool, err error) {
	begin := fmt.Sprintf(`%s SELECT pg_advisory_xact_lock(%d); CREATE SCHEMA IF NOT EXISTS tidemark;
		CREATE TABLE IF NOT EXISTS %[3]s (version int4 NOT NULL);
		INSERT INTO %[3]s (version) SELECT 0 WHERE NOT EXISTS (SELECT FROM %[3]s); `, d.local(), int64(migrateLock), versionTable) + stepsTable + identifyVersion
	if _, err := tx.Exec(ctx, begin); err != nil {
		return false, fmt.Errorf("lock migrations: %w", unreachable(err))
	}
	var current int
	if err := tx.QueryRow(ctx, `SELECT version FROM `+versionTable).Scan(&current); err != nil {
		return false, fmt.Errorf("read schema version: %w", err)
	}
	switch {
	case current > len(steps):
		return false, newerSchema(int64(current), int64(len(steps)))
	case current == len(steps):
		return true, nil
	}
	if _, err = tx.Exec(ctx, steps[current].UpSQL); err == nil {
		_, err = tx.Exec(ctx, `UPDATE `+versionTable+` SET version = $1`, steps[current].Sequence)
	}
	if err != nil {
		return false, fmt.Errorf("migrate: %s: %w", steps[current].Name, err)
	}
	return false, nil
}

// Migration reports the schema's version without changing anything. It is an error if the schema was made by other migrations.
func (d *DB) Migration(ctx context.Context) (Migration, error) {
	digests := migrations.PostgresDigests()
	out := Migration{Latest: int64(len(digests))}
	var exists, told bool
	err := d.pool.QueryRow(ctx, `SELECT to_regclass('tidemark.schema_version') IS NOT NULL, to_regclass('tidemark.schema_steps') IS NOT NULL`).Scan(&exists, &told)
	if err == nil && exists {
		err = d.pool.QueryRow(ctx, `SELECT version FROM tidemark.schema_version`).Scan(&out.Current)
	}
	recorded := map[int64]string{}
	if err == nil && told {
		err = d.pool.QueryRow(ctx, `SELECT coalesce(json_object_agg(version, digest), '{}') FROM tidemark.schema_steps`).Scan(&recorded)
	}
	if err != nil {
		return out, fmt.Errorf("read schema version: %w", unreachable(err))
	}
	return out, migrations.Compare(recorded, out.Current, digests)
}

// CheckSchema is an error unless the schema is exactly the one that this program knows.
func (d *DB) CheckSchema(ctx context.Context) error {
	m, err := d.Migration(ctx)
	switch {
	case err != nil:
		return err
	case m.Current > m.Latest:
		return newerSchema(m.Current, m.Latest)
	case m.Current < m.Latest:
		return fmt.Errorf("database schema is version %d, this program needs %d: run `tidemark migrate up`", m.Current, m.Latest)
	}
	return nil
}

func newerSchema(current, latest int64) error {
	return fmt.Errorf("database schema is version %d, newer than this program's %d: run a newer tidemark", current, latest)
}
