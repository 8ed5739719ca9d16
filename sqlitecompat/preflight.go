package sqlitecompat

import (
	"context"
	"database/sql"
	"fmt"
)

// column is a column as PRAGMA table_xinfo shows it.
type column struct {
	name, kind    string
	notNull, key  int
	hidden        int // 3: generated and stored
	strict, plain bool
}

// refuseForeignTables is an error if a table that already has a source table's name is not like ours in the columns that ours
// has, in their order, which the pre-update hook relies on: CREATE TABLE IF NOT EXISTS would silently accept
// it. Additional columns at the end are the operator's own.
func refuseForeignTables(ctx context.Context, conn *sql.Conn, source string) error {
	blank, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return fmt.Errorf("compare source tables: %w", err)
	}
	defer blank.Close() //nolint:errcheck // it was never on disk
	blank.SetMaxOpenConns(1)
	if _, err := blank.ExecContext(ctx, source); err != nil {
		return fmt.Errorf("compare source tables: %w", err)
	}
	for _, g := range guards {
		have, err := columns(ctx, conn, g.table)
		if err != nil {
			return err
		}
		if len(have) == 0 {
			continue
		}
		want, err := columns(ctx, blank, g.table)
		if err != nil {
			return err
		}
		for i, w := range want {
			switch {
			case i >= len(have):
				return fmt.Errorf("existing table %s has no column %s (%s): rename the table, then migrate again", g.table, w.name, w.kind)
			case have[i] != w:
				return fmt.Errorf("existing column %s.%s is not Tidemark's %s (%s): rename the table, then migrate again", g.table, have[i].name, w.name, w.kind)
			}
		}
	}
	return nil
}

// columns lists a table's columns in order; none if there is no such table.
func columns(ctx context.Context, q queryer, table string) ([]column, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT c.name, c.type, c."notnull", c.pk, c.hidden, t.strict, t.wr = 0
		FROM pragma_table_list(?1) t, pragma_table_xinfo(?1) c WHERE t.schema = 'main' ORDER BY c.cid`, table)
	if err != nil {
		return nil, fmt.Errorf("read columns of %s: %w", table, err)
	}
	defer rows.Close() //nolint:errcheck // read to its end, or its error is told
	var out []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.kind, &c.notNull, &c.key, &c.hidden, &c.strict, &c.plain); err != nil {
			return nil, fmt.Errorf("read columns of %s: %w", table, err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
