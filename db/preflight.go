package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"

	"tidemark/migrations"
)

// misfits compares the tables in schema public with temporary ones of the same names, and describes what Tidemark needs and
// they lack, the plainest first. What a constraint demands may not differ, but its name may, and it is all the same whether the
// table demands it or the domain that the column is of. Foreign keys name their table's schema and are not compared: what
// they refuse, Tidemark can bear. Additional columns and constraints are the operator's own.
const misfits = `
	WITH columns AS (
		SELECT c.relnamespace AS schema, c.relname AS tab, a.attnum AS place, a.attname AS name, a.attnotnull AS required,
		       coalesce(format_type(nullif(t.typbasetype, 0), t.typtypmod), format_type(a.atttypid, a.atttypmod)) || CASE WHEN k.collname = 'C' THEN ' collate "C"' ELSE '' END AS kind,
		       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) ELSE '' END AS generated
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		LEFT JOIN pg_collation k ON k.oid = a.attcollation
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')),
	want AS (SELECT * FROM columns WHERE schema = pg_my_temp_schema()),
	have AS (SELECT * FROM columns WHERE schema = 'public'::regnamespace),
	demands AS (
		SELECT c.relnamespace AS schema, c.relname AS tab, k.conname AS name, pg_get_constraintdef(k.oid) AS demand
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype IN ('c', 'p', 'u')
		UNION ALL
		SELECT c.relnamespace, c.relname, k.conname, regexp_replace(pg_get_constraintdef(k.oid), '\mVALUE\M', quote_ident(a.attname), 'g')
		FROM pg_constraint k JOIN pg_attribute a ON a.atttypid = k.contypid AND NOT a.attisdropped JOIN pg_class c ON c.oid = a.attrelid
		WHERE k.contype = 'c' AND k.contypid <> 0)
	SELECT problem FROM (
		SELECT 1 AS rank, w.tab, w.place, NULL::name AS name, format('existing table public.%s has no column %s (%s)', w.tab, w.name, w.kind) AS problem
		FROM want w LEFT JOIN have h USING (tab, name) WHERE h.name IS NULL
		UNION ALL
		SELECT 2, w.tab, w.place, NULL, format('existing column public.%s.%s is %s, Tidemark needs %s', w.tab, w.name, h.kind, w.kind)
		FROM want w JOIN have h USING (tab, name) WHERE h.kind <> w.kind
		UNION ALL
		SELECT 3, w.tab, w.place, NULL, format('existing column public.%s.%s may be null, Tidemark needs it NOT NULL', w.tab, w.name)
		FROM want w JOIN have h USING (tab, name) WHERE w.required AND NOT h.required
		UNION ALL
		SELECT 4, w.tab, w.place, NULL, format('existing column public.%s.%s is not GENERATED ALWAYS AS %s STORED, as Tidemark needs it', w.tab, w.name, w.generated)
		FROM want w JOIN have h USING (tab, name) WHERE w.generated <> '' AND h.generated <> w.generated
		UNION ALL
		SELECT 5, w.tab, NULL, w.name, format('existing table public.%s has no constraint like %s, which is %s', w.tab, w.name, w.demand)
		FROM demands w
		WHERE w.schema = pg_my_temp_schema() AND NOT EXISTS (
			SELECT FROM demands h WHERE h.schema = 'public'::regnamespace AND h.tab = w.tab AND h.demand = w.demand)) found
	WHERE tab IN (SELECT h.tab FROM have h)
	ORDER BY rank, tab, place, name LIMIT 1`

// refuseForeignTables is an error if a table that already has a source table's name is not like ours in what ours have:
// CREATE TABLE IF NOT EXISTS would silently accept it, and a time without a check or a null that ours refuse would make every
// drain fail. Ours are created beside it as temporary tables, in a transaction that is rolled back.
func refuseForeignTables(ctx context.Context, conn *pgx.Conn) error {
	ours, err := fs.ReadFile(migrations.Postgres(), "001_source_tables.sql")
	if err != nil {
		return fmt.Errorf("read migration of the source tables: %w", err)
	}
	var problem string
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, strings.ReplaceAll(string(ours), "public.", "pg_temp.")); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, misfits).Scan(&problem); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return errCompared
	})
	if !errors.Is(err, errCompared) {
		return fmt.Errorf("read existing tables: %w", unreachable(err))
	}
	if problem != "" {
		return fmt.Errorf("%s: alter the table or rename it, then migrate again", problem)
	}
	return nil
}

// errCompared rolls the temporary tables back.
var errCompared = errors.New("compared")
