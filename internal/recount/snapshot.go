package recount

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed postgres/*.sql sqlite/*.sql
var statements embed.FS

// iso is the one text form of times, for Postgres's to_char; SQLite stores it.
const iso = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`

// document is one row of a statement: a key and a JSON object.
type document struct {
	key string
	doc map[string]any // numbers are json.Number
}

// Snapshot reads one consistent state of a database. Not safe for concurrent use; valid as long as its transaction.
type Snapshot struct {
	dir  string // of the engine's statements
	rows func(ctx context.Context, query string) ([]document, error)
}

// Postgres reads through a transaction that must be REPEATABLE READ.
func Postgres(tx pgx.Tx) Snapshot {
	return Snapshot{"postgres", func(ctx context.Context, query string) ([]document, error) {
		if _, err := tx.Exec(ctx, `SET LOCAL timezone TO 'UTC'`); err != nil {
			return nil, err
		}
		rows, err := tx.Query(ctx, strings.ReplaceAll(query, ":iso", iso))
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, func(row pgx.CollectableRow) (document, error) { return scan(row.Scan) })
	}}
}

// SQLite reads through a transaction of any driver.
func SQLite(tx *sql.Tx) Snapshot {
	return Snapshot{"sqlite", func(ctx context.Context, query string) ([]document, error) {
		rows, err := tx.QueryContext(ctx, query)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		var out []document
		for rows.Next() {
			d, err := scan(rows.Scan)
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
		return out, rows.Err()
	}}
}

func scan(row func(into ...any) error) (d document, err error) {
	var text string
	if err := row(&d.key, &text); err != nil {
		return d, err
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&d.doc); err != nil {
		return d, fmt.Errorf("decode row %q: %w", d.key, err)
	}
	return d, nil
}

// read runs the engine's statement of that name.
func (s Snapshot) read(ctx context.Context, name string) ([]document, error) {
	query, err := statements.ReadFile(path.Join(s.dir, name+".sql"))
	if err != nil {
		return nil, err
	}
	found, err := s.rows(ctx, string(query))
	if err != nil {
		return nil, fmt.Errorf("recount: %s/%s.sql: %w", s.dir, name, err)
	}
	return found, nil
}

// Has reports whether a record is there.
func (s Snapshot) Has(ctx context.Context, connection, stream, key string) (bool, error) {
	table := "records"
	if s.dir == "postgres" {
		table = "public.records"
	}
	quoted := func(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }
	found, err := s.rows(ctx, "SELECT record_key, '{}' FROM "+table+" WHERE connector_instance_id = "+quoted(connection)+
		" AND stream = "+quoted(stream)+" AND record_key = "+quoted(key))
	return len(found) > 0, err
}
