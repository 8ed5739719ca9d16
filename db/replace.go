package db

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// copyFrom is from how many rows on COPY beats INSERT: it costs two round trips more, and less per row.
const copyFrom = 50

// table is a derived table whose rows are replaced: the old ones deleted by key, the new ones inserted.
type table struct {
	name    string // in schema tidemark
	key     string // column by which old rows are deleted
	columns []string
}

// replace deletes the rows whose key is among keys and inserts rows, in one round trip where they are few.
func (t *drainTx) replace(ctx context.Context, into table, keys []string, rows [][]any) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM tidemark.`+into.name+` WHERE `+into.key+` IN (SELECT unnest($1::text[]))`, keys)
	if len(rows) < copyFrom {
		insert := into.insert()
		for _, row := range rows {
			batch.Queue(insert, row...)
		}
	}
	if err := t.tx.SendBatch(ctx, batch).Close(); err != nil || len(rows) < copyFrom {
		return err
	}
	_, err := t.tx.CopyFrom(ctx, pgx.Identifier{"tidemark", into.name}, into.columns, pgx.CopyFromRows(rows))
	return err
}

func (t table) insert() string {
	values := make([]string, len(t.columns))
	for i := range t.columns {
		values[i] = placeholder(i + 1)
	}
	return `INSERT INTO tidemark.` + t.name + ` (` + strings.Join(t.columns, ", ") + `) VALUES (` + strings.Join(values, ", ") + `)`
}
