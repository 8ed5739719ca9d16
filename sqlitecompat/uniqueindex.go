package sqlitecompat

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// uniqueIndex is one that an operator has put on a source table. OR REPLACE deletes rows by it as it does by the keys of the migrations.
type uniqueIndex struct {
	table, name, sql string
	partial          bool
	columns          []indexedColumn
}

// indexedColumn is a column of an index; without a name it is an expression.
type indexedColumn struct {
	name, collation string
	generated       bool
	standIn         string // the default that OR REPLACE puts in the place of a NULL; empty if it puts none
}

// guardsOf are the guards with what the database's own unique indexes ask of them.
func guardsOf(ctx context.Context, q queryer) ([]guard, error) {
	indexes, err := uniqueIndexes(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read unique indexes: %w", err)
	}
	out := slices.Clone(guards)
	for _, x := range indexes {
		i := slices.IndexFunc(out, func(g guard) bool { return g.table == x.table })
		if i < 0 || slices.ContainsFunc(out[i].keys, x.covers) {
			continue
		}
		match, err := x.match(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read unique index %s: %w", x.name, err)
		}
		if match == "" {
			out[i].opaque = true
		} else {
			out[i].others = append(out[i].others, match)
		}
	}
	return out, nil
}

func uniqueIndexes(ctx context.Context, q queryer) ([]uniqueIndex, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT t.name, l.name, coalesce(s.sql, ''), l.partial, coalesce(c.name, ''), x.coll, coalesce(c.hidden <> 0, 0),
		       CASE WHEN c."notnull" THEN coalesce(c.dflt_value, '') ELSE '' END
		FROM sqlite_schema t JOIN pragma_index_list(t.name, 'main') l JOIN pragma_index_xinfo(l.name, 'main') x
		LEFT JOIN pragma_table_xinfo(t.name, 'main') c ON c.cid = x.cid
		LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name
		WHERE t.type = 'table' AND l."unique" AND x.key
		ORDER BY t.name, l.name, x.seqno`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // read to its end, or its error is told
	var out []uniqueIndex
	for rows.Next() {
		var x uniqueIndex
		var c indexedColumn
		if err := rows.Scan(&x.table, &x.name, &x.sql, &x.partial, &c.name, &c.collation, &c.generated, &c.standIn); err != nil {
			return nil, err
		}
		if last := len(out) - 1; last < 0 || out[last].name != x.name {
			out = append(out, x)
		}
		last := &out[len(out)-1]
		last.columns = append(last.columns, c)
	}
	return out, rows.Err()
}

// covers reports whether rows that are equal by the index are so by a key, which is guarded anyway.
func (x uniqueIndex) covers(key []string) bool {
	for _, name := range key {
		if !slices.ContainsFunc(x.columns, func(c indexedColumn) bool { return c.name == name && c.collation == "BINARY" }) {
			return false
		}
	}
	return true
}

// match is the condition by which a row e that is there conflicts with NEW; empty where that cannot be told: before an update NEW does not
// show every generated column, an expression is one of columns that have no row's name before them, and the collation or a function may
// be another program's. A partial index is searched by its own condition, which is what makes SQLite use it.
func (x uniqueIndex) match(ctx context.Context, q queryer) (string, error) {
	var terms []string
	for _, c := range x.columns {
		if c.name == "" || c.generated || !slices.Contains([]string{"BINARY", "NOCASE", "RTRIM"}, c.collation) {
			return "", nil
		}
		column := `"` + strings.ReplaceAll(c.name, `"`, `""`) + `"`
		value := "NEW." + column
		if c.standIn != "" {
			value = "coalesce(" + value + ", " + c.standIn + ")"
		}
		terms = append(terms, "e."+column+" = "+value+" COLLATE "+c.collation)
	}
	if x.partial {
		condition := "(" + x.condition() + "\n)" // a comment may end it
		rows, err := q.QueryContext(ctx, `EXPLAIN SELECT 1 FROM main.`+x.table+` e WHERE `+condition)
		if err != nil {
			return "", nil //nolint:nilerr // it names the table, or a function that is not ours
		}
		if err := rows.Close(); err != nil {
			return "", err
		}
		terms = append(terms, condition)
	}
	return strings.Join(terms, " AND "), nil
}

// condition is what follows WHERE in the text of a partial index.
func (x uniqueIndex) condition() string {
	l, depth := lexer{text: x.sql}, 0
	for t := l.next(); t.text != ""; t = l.next() {
		switch {
		case t.text == "(":
			depth++
		case t.text == ")":
			depth--
		case depth == 0 && t.is("WHERE"):
			return x.sql[t.end:]
		}
	}
	return ""
}
