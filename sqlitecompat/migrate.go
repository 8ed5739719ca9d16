package sqlitecompat

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"

	"tidemark/migrations"
)

// Migration tells how far a database's schema is.
type Migration struct {
	Current int64 `json:"current"` // 0: empty
	Latest  int64 `json:"latest"`  // that this program knows
}

// step is one migration.
type step struct{ name, sql string }

func steps() ([]step, error) {
	names, err := fs.Glob(migrations.SQLite(), "*.sql")
	if err != nil {
		return nil, fmt.Errorf("load migrations: %w", err)
	}
	out := make([]step, len(names)) // sorted, as fs.Glob returns them
	for i, name := range names {
		text, err := fs.ReadFile(migrations.SQLite(), name)
		if err != nil {
			return nil, fmt.Errorf("load migrations: %w", err)
		}
		out[i] = step{name, string(text)}
	}
	return out, nil
}

// Migrate brings the schema up to date, puts the guard triggers in place (EnsureCapture) and starts the capture. It is idempotent,
// safe when several processes start at once, refuses a schema that is newer than this program, and refuses existing source
// tables that do not fit, naming the column.
func (d *DB) Migrate(ctx context.Context) error {
	all, err := steps()
	if err != nil {
		return err
	}
	for {
		more, err := d.migrateOne(ctx, all)
		if err != nil {
			return unreachable(err)
		}
		if !more {
			break
		}
	}
	if err := d.startCapture(ctx); err != nil {
		return err
	}
	_, err = d.EnsureCapture(ctx)
	return err
}

// migrateOne takes the next step, if there is one, in a transaction of its own. Whoever waits for it looks again.
func (d *DB) migrateOne(ctx context.Context, all []step) (more bool, err error) {
	err = d.immediate(ctx, func(conn *sql.Conn) (bool, error) {
		const table = `CREATE TABLE IF NOT EXISTS schema_version (
			version    INTEGER NOT NULL PRIMARY KEY,
			name       TEXT NOT NULL,
			digest     TEXT NOT NULL,
			applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
		) STRICT`
		current, err := schemaVersion(ctx, conn)
		switch {
		case err != nil:
			return false, err
		case current > len(all):
			return false, newerSchema(int64(current), int64(len(all)))
		case current == len(all):
			return false, nil
		case current == 0:
			if err := refuseForeignTables(ctx, conn, all[0].sql); err != nil {
				return false, err
			}
			if _, err := conn.ExecContext(ctx, table); err != nil {
				return false, fmt.Errorf("create schema_version: %w", err)
			}
		}
		next := all[current]
		if _, err := conn.ExecContext(ctx, next.sql); err != nil {
			return false, fmt.Errorf("migrate to %s: %w", next.name, err)
		}
		if _, err := conn.ExecContext(ctx, `INSERT INTO schema_version (version, name, digest) VALUES (?, ?, ?)`, current+1, next.name, migrations.SQLiteDigests()[current]); err != nil {
			return false, fmt.Errorf("record migration %s: %w", next.name, err)
		}
		more = true
		return true, nil
	})
	return more, err
}

// queryer is a connection, a transaction or a pool.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// schemaVersion is how many steps the database has taken. It is an error if they were others than ours.
func schemaVersion(ctx context.Context, q queryer) (version int, err error) {
	var there, told bool
	err = q.QueryRowContext(ctx, `
		SELECT count(*) > 0, coalesce(max(name = 'digest'), 0) FROM pragma_table_xinfo('schema_version', 'main')`).Scan(&there, &told)
	if err == nil && there {
		err = q.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM schema_version`).Scan(&version)
	}
	recorded := []byte("{}")
	if err == nil && told {
		err = q.QueryRowContext(ctx, `SELECT json_group_object(version, digest) FROM schema_version`).Scan(&recorded)
	}
	byVersion := map[int64]string{}
	if err == nil {
		err = json.Unmarshal(recorded, &byVersion)
	}
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return version, migrations.Compare(byVersion, int64(version), migrations.SQLiteDigests())
}

// Migration reports the schema's version without changing anything. It is an error if the schema was made by other migrations.
func (d *DB) Migration(ctx context.Context) (Migration, error) {
	current, err := schemaVersion(ctx, d.reader)
	return Migration{Current: int64(current), Latest: int64(len(migrations.SQLiteDigests()))}, unreachable(err)
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
