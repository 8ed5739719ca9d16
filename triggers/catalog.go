package triggers

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// installLock is the advisory lock under which triggers are installed; whoever compares takes it shared.
const installLock = 0x74696465_74726967 // "tidetrig"

// ErrNotMigrated is returned where the schema tidemark is missing or older than triggers need.
var ErrNotMigrated = errors.New("the database has no schema tidemark: run `tidemark migrate up`")

// pinned are the settings on which the words of pg_get_functiondef and pg_get_triggerdef depend.
const pinned = `SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL quote_all_identifiers = off`

// catalog is what the database has.
type catalog struct {
	tables  map[string]bool // source tables that exist
	objects map[key]object
	owners  map[key]string // of functions
	owner   string         // of tidemark.marks: who must own the functions
}

// readCatalog reads the triggers of the source tables and all trigger functions of the schema tidemark.
func readCatalog(ctx context.Context, tx pgx.Tx) (catalog, error) {
	c := catalog{tables: map[string]bool{}, objects: map[key]object{}, owners: map[key]string{}}
	err := tx.QueryRow(ctx, `
		SELECT pg_get_userbyid(m.relowner)::text
		FROM pg_class m
		WHERE m.oid = to_regclass('tidemark.marks') AND to_regclass('tidemark.trigger_sets') IS NOT NULL
		  AND to_regclass('tidemark.capture_state') IS NOT NULL`).Scan(&c.owner)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, ErrNotMigrated
	}
	if err != nil {
		return c, fmt.Errorf("read owner of marks: %w", err)
	}
	names := make([]string, len(sources))
	for i := range sources {
		names[i] = sources[i].table
	}
	rows, err := tx.Query(ctx, `
		SELECT 'table', '', c.relname::text, '', '', ''
		FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname = ANY ($1)
		UNION ALL
		SELECT 'trigger', t.tgname::text, c.relname::text, pg_get_triggerdef(t.oid), t.tgenabled::text, ''
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1) AND NOT t.tgisinternal
		UNION ALL
		SELECT 'function', p.proname::text, '', pg_get_functiondef(p.oid), '', pg_get_userbyid(p.proowner)::text
		FROM pg_proc p
		WHERE p.pronamespace = 'tidemark'::regnamespace AND p.prorettype = 'trigger'::regtype AND p.pronargs = 0`, names)
	if err != nil {
		return c, fmt.Errorf("read catalog: %w", err)
	}
	var o object
	var owner string
	_, err = pgx.ForEachRow(rows, []any{&o.kind, &o.name, &o.table, &o.definition, &o.enabled, &owner}, func() error {
		switch o.kind {
		case "table":
			c.tables[o.table] = true
			return nil
		case kindFunction:
			c.owners[o.key()] = owner
		}
		c.objects[o.key()] = o
		return nil
	})
	if err != nil {
		return c, fmt.Errorf("read catalog: %w", err)
	}
	return c, nil
}
