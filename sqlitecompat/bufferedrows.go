package sqlitecompat

import (
	"database/sql/driver"
	"errors"
	"io"
)

// bufferedRows are rows that have been read already.
type bufferedRows struct {
	columns, types []string
	rows           [][]driver.Value
}

// buffer reads all rows and closes them.
func buffer(from driver.Rows) (driver.Rows, error) {
	b := &bufferedRows{columns: from.Columns()}
	b.types = make([]string, len(b.columns))
	if t, ok := from.(driver.RowsColumnTypeDatabaseTypeName); ok {
		for i := range b.types {
			b.types[i] = t.ColumnTypeDatabaseTypeName(i)
		}
	}
	for {
		row := make([]driver.Value, len(b.columns))
		err := from.Next(row)
		if errors.Is(err, io.EOF) {
			return b, from.Close()
		}
		if err != nil {
			_ = from.Close() // the statement's own error is the one to tell
			return nil, err
		}
		b.rows = append(b.rows, row)
	}
}

// Columns implements driver.Rows.
func (b *bufferedRows) Columns() []string { return b.columns }

// ColumnTypeDatabaseTypeName implements driver.RowsColumnTypeDatabaseTypeName.
func (b *bufferedRows) ColumnTypeDatabaseTypeName(i int) string { return b.types[i] }

// Next implements driver.Rows.
func (b *bufferedRows) Next(into []driver.Value) error {
	if len(b.rows) == 0 {
		return io.EOF
	}
	copy(into, b.rows[0])
	b.rows = b.rows[1:]
	return nil
}

// Close implements driver.Rows.
func (b *bufferedRows) Close() error {
	b.rows = nil
	return nil
}
