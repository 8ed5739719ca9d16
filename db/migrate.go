package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"

	"tidemark/migrations"
)

// migrateLock keeps two servers that start at once from creating the schema at the same moment.
const migrateLock = 0x74696465_6d617262 // "tidemarb"

// versionTable is tern's.
const versionTable = "tidemark.schema_version"

// Migration tells how far a database's schema is.
type Migration struct {
	Current int64 `json:"current"` // 0: empty
	Latest  int64 `json:"latest"`  // that this program knows
}

// Conn opens one connection with this package's session settings, outside the pool; the caller closes it.
func (d *DB) Conn(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, d.pool.Config().ConnConfig.Copy())
	if err != nil {
		return nil, fmt.Errorf("connect to database: %w", unreachable(err))
	}
	return conn, nil
}

// Migrate brings the schema up to date. It is idempotent, safe when several servers start at once, refuses a schema that
// is newer than this program, and refuses existing source tables that do not fit, naming the column.
func (d *DB) Migrate(ctx context.Context) error {
	conn, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // the lock ends with the connection either way
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
	if _, err := conn.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS tidemark`); err != nil {
		return fmt.Errorf("create schema tidemark: %w", err)
	}
	m, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	if err := m.LoadMigrations(migrations.Postgres()); err != nil {
		return fmt.Errorf("load migrations: %w", err)
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

// Migration reports the schema's version without changing anything.
func (d *DB) Migration(ctx context.Context) (Migration, error) {
	names, err := migrate.FindMigrations(migrations.Postgres())
	if err != nil {
		return Migration{}, fmt.Errorf("load migrations: %w", err)
	}
	out := Migration{Latest: int64(len(names))}
	var exists bool
	if err := d.pool.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, versionTable).Scan(&exists); err != nil {
		return out, fmt.Errorf("read schema version: %w", unreachable(err))
	}
	if !exists {
		return out, nil
	}
	if err := d.pool.QueryRow(ctx, `SELECT version FROM tidemark.schema_version`).Scan(&out.Current); err != nil {
		return out, fmt.Errorf("read schema version: %w", unreachable(err))
	}
	return out, nil
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
