package listener

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pglogrepl"
)

// rootOf names the source table that another table is a part of: a partition of it, or a table that inherits from it. One that
// has been detached or dropped since it was written to is known by its columns, which are the table's. Empty if none is.
func (s *auditSession) rootOf(ctx context.Context, part *pglogrepl.RelationMessage) (name string, err error) {
	columns := make([]string, len(part.Columns))
	for i, c := range part.Columns {
		columns[i] = literal(c.Name)
	}
	err = s.locked(func(w *session) error {
		return w.row(ctx, "look for the table of "+part.RelationName, fmt.Sprintf(`
			WITH RECURSIVE up (oid) AS (
				SELECT %d::oid
				UNION SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.oid),
			source AS (
				SELECT c.oid, c.relname::text AS name, (
					SELECT pg_catalog.array_agg(a.attname::text) FROM pg_catalog.pg_attribute a
					WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns, (
					SELECT pg_catalog.array_agg(a.attname::text) FROM pg_catalog.pg_attribute a
					WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS written
				FROM pg_catalog.pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname IN (%s))
			SELECT coalesce(
				(SELECT source.name FROM source JOIN up USING (oid)),
				(SELECT source.name FROM source WHERE columns @> told AND written <@ told), '')
			FROM (VALUES (ARRAY[%s]::text[])) part (told)`, part.RelationID, auditedNames(), strings.Join(columns, ", ")), &name)
	})
	return name, err
}

// literal quotes a text for SQL.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
