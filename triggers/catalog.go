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
	tables   map[string]bool // source tables that exist
	members  map[string][]child
	keys     map[string][]string // by source table, the columns that its partition keys are made of, at every depth
	above    map[string]string   // by source table, the statement that frees it from a table above it
	recorded map[string]bool     // source tables that have a row in capture_state
	unlogged map[string][]string // by source table, the UNLOGGED tables that its capture rests on
	objects  map[key]object
	owners   map[key]string // of functions
	owner    string         // of tidemark.marks: who must own the functions
	user     string         // of the session
	calls    map[key]string // by trigger, which of our functions it calls
	touched  []Finding      // what is not as the last installation left it
}

// child is a table below a source table: a partition at any depth, or a table that inherits. A statement that names one fires its
// statement triggers and not the source's, and a statement that names the source the source's alone, so each needs its own and
// nothing is marked twice. Row triggers of a partitioned table are cloned to its partitions by the server.
type child struct {
	on        string // qualified, as the catalog prints it
	partition bool   // else it inherits
	foreign   bool
	seen      bool // by an installation
}

// tree are the source tables and all below them.
const tree = `
	WITH RECURSIVE tree AS (
		SELECT c.relname::text AS source, c.oid AS relation, true AS top
		FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname = ANY ($1)
		UNION
		SELECT t.source, i.inhrelid, false FROM tree t JOIN pg_inherits i ON i.inhparent = t.relation AND NOT i.inhdetachpending
	)`

// readCatalog reads the source tables with all below them, all trigger functions of the schema tidemark, and every trigger that is
// on one of the tables or calls one of the functions.
func readCatalog(ctx context.Context, tx pgx.Tx) (catalog, error) {
	c := catalog{tables: map[string]bool{}, members: map[string][]child{}, keys: map[string][]string{}, above: map[string]string{}, recorded: map[string]bool{}, unlogged: map[string][]string{}, objects: map[key]object{}, owners: map[key]string{}, calls: map[key]string{}}
	err := tx.QueryRow(ctx, `
		SELECT pg_get_userbyid(m.relowner)::text, current_user::text
		FROM pg_class m
		WHERE m.oid = to_regclass('tidemark.marks') AND to_regclass('tidemark.trigger_sets') IS NOT NULL
		  AND to_regclass('tidemark.capture') IS NOT NULL`).Scan(&c.owner, &c.user)
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
	for _, read := range []func(context.Context, pgx.Tx, []string) error{c.readTables, c.readKeys, c.readAbove, c.readRecorded, c.readUnlogged, c.readObjects, c.readTouched} {
		if err := read(ctx, tx, names); err != nil {
			return c, fmt.Errorf("read catalog: %w", err)
		}
	}
	return c, nil
}

func (c *catalog) readTables(ctx context.Context, tx pgx.Tx, names []string) error {
	rows, err := tx.Query(ctx, tree+`
		SELECT DISTINCT t.source, t.top, format('%I.%I', n.nspname, c.relname), c.relispartition, c.relkind = 'f',
		       EXISTS (SELECT FROM tidemark.capture_seen s
		               WHERE s.table_name = t.source AND s.object_kind = 'partition' AND s.relation = t.relation)
		FROM tree t JOIN pg_class c ON c.oid = t.relation JOIN pg_namespace n ON n.oid = c.relnamespace
		ORDER BY 1, 3`, names)
	if err != nil {
		return err
	}
	var m child
	var source string
	var top bool
	_, err = pgx.ForEachRow(rows, []any{&source, &top, &m.on, &m.partition, &m.foreign, &m.seen}, func() error {
		if top {
			c.tables[source] = true
		} else {
			c.members[source] = append(c.members[source], m)
		}
		return nil
	})
	return err
}

// readKeys reads what the partition keys are made of. A column of one depends on its table, an expression's columns, too; those of an
// expression over the whole row are in no catalog.
func (c *catalog) readKeys(ctx context.Context, tx pgx.Tx, names []string) error {
	rows, err := tx.Query(ctx, tree+`
		SELECT DISTINCT t.source, a.attname
		FROM tree t JOIN pg_partitioned_table p ON p.partrelid = t.relation
		JOIN pg_attribute a ON a.attrelid = t.relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE p.partexprs::text LIKE '%:varattno 0 %' OR EXISTS (
			SELECT FROM pg_depend d
			WHERE d.classid = 'pg_class'::regclass AND d.objid = t.relation AND d.objsubid = a.attnum
			  AND d.refclassid = d.classid AND d.refobjid = t.relation AND d.refobjsubid = 0 AND d.deptype = 'i')
		ORDER BY 1, 2`, names)
	if err != nil {
		return err
	}
	var table, column string
	_, err = pgx.ForEachRow(rows, []any{&table, &column}, func() error {
		c.keys[table] = append(c.keys[table], column)
		return nil
	})
	return err
}

// readAbove looks for tables that source tables are below of: a statement that names such a one changes their rows, and fires its
// own triggers alone.
func (c *catalog) readAbove(ctx context.Context, tx pgx.Tx, names []string) error {
	rows, err := tx.Query(ctx, `
		SELECT c.relname::text,
		       format(CASE WHEN c.relispartition THEN 'ALTER TABLE %1$s DETACH PARTITION %2$s' ELSE 'ALTER TABLE %2$s NO INHERIT %1$s' END,
		              format('%I.%I', pn.nspname, p.relname), format('%I.%I', 'public', c.relname))
		FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid AND NOT i.inhdetachpending
		JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1)
		ORDER BY 1, 2`, names)
	if err != nil {
		return err
	}
	var table, free string
	_, err = pgx.ForEachRow(rows, []any{&table, &free}, func() error {
		c.above[table] = free
		return nil
	})
	return err
}

// readUnlogged looks for what a crash empties: source tables, those below them, and our own, which concern every source table.
func (c *catalog) readUnlogged(ctx context.Context, tx pgx.Tx, _ []string) error {
	rows, err := tx.Query(ctx, `
		SELECT o.table_name, o.relation::regclass::text FROM tidemark.capture_objects o WHERE o.object_kind = 'unlogged' ORDER BY 1, 2`)
	if err != nil {
		return err
	}
	var table, unlogged string
	_, err = pgx.ForEachRow(rows, []any{&table, &unlogged}, func() error {
		c.unlogged[table] = append(c.unlogged[table], unlogged)
		return nil
	})
	return err
}

func (c *catalog) readRecorded(ctx context.Context, tx pgx.Tx, _ []string) error {
	rows, err := tx.Query(ctx, `SELECT table_name FROM tidemark.capture_state`)
	if err != nil {
		return err
	}
	var table string
	_, err = pgx.ForEachRow(rows, []any{&table}, func() error {
		c.recorded[table] = true
		return nil
	})
	return err
}

func (c *catalog) readObjects(ctx context.Context, tx pgx.Tx, names []string) error {
	rows, err := tx.Query(ctx, tree+`
		SELECT 'trigger', t.tgname::text, coalesce((SELECT min(tree.source) FROM tree WHERE tree.relation = t.tgrelid), ''),
		       CASE WHEN p.pronamespace = 'tidemark'::regnamespace THEN p.proname::text ELSE '' END, format('%I.%I', n.nspname, c.relname), pg_get_triggerdef(t.oid), t.tgenabled::text, ''
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_proc p ON p.oid = t.tgfoid
		WHERE t.tgfoid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'tidemark'::regnamespace AND prorettype = 'trigger'::regtype)
		   OR t.tgname::text LIKE ANY ('{tidemark\\_%,~tidemark\\_%}') AND t.tgrelid IN (SELECT tree.relation FROM tree)
		UNION ALL
		SELECT 'function', p.proname::text, '', '', '', pg_get_functiondef(p.oid), '', pg_get_userbyid(p.proowner)::text
		FROM pg_proc p
		WHERE p.pronamespace = 'tidemark'::regnamespace AND p.prorettype = 'trigger'::regtype AND p.pronargs = 0
		ORDER BY 1, 5, 2`, names)
	if err != nil {
		return err
	}
	var o object
	var calls, owner string
	_, err = pgx.ForEachRow(rows, []any{&o.kind, &o.name, &o.table, &calls, &o.on, &o.definition, &o.enabled, &owner}, func() error {
		switch {
		case o.kind == kindFunction:
			c.owners[o.key()] = owner
		case calls != "":
			c.calls[o.key()] = calls
		}
		c.objects[o.key()] = o
		return nil
	})
	return err
}

// readTouched reads what the stamps of the catalog tell, and what event triggers have written down.
func (c *catalog) readTouched(ctx context.Context, tx pgx.Tx, _ []string) error {
	rows, err := tx.Query(ctx, `
		SELECT d.table_name, d.shown, d.reason_code, 'it is not as the last installation left it', (d.object_kind = 'column')::int
		FROM tidemark.capture_differs d WHERE EXISTS (SELECT FROM tidemark.capture_seen)
		UNION ALL
		SELECT t.table_name, 'table public.' || t.table_name, t.reason_code, t.detail, 2 FROM tidemark.capture_touched t
		ORDER BY 1, 5, 2, 3`)
	if err != nil {
		return err
	}
	f := Finding{Fix: fix}
	var order int
	_, err = pgx.ForEachRow(rows, []any{&f.Table, &f.Object, &f.Problem, &f.Detail, &order}, func() error {
		c.touched = append(c.touched, f)
		return nil
	})
	return err
}
