package sqlitecompat

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
)

const (
	maxCached     = 64       // idle prepared statements per connection
	maxCachedText = 16 << 10 // octets
)

// statementCache keeps the prepared statements of one connection that nobody uses at the moment, by their text: preparing
// an INSERT with its guard triggers costs more than running it. Not safe for concurrent use; a connection is not either.
type statementCache struct {
	conn driver.ConnPrepareContext
	idle map[string]*list.Element
	old  *list.List // of *cached, the most recently used first
}

type cached struct {
	text string
	stmt driver.Stmt
}

func newStatementCache(conn driver.ConnPrepareContext) *statementCache {
	return &statementCache{conn: conn, idle: map[string]*list.Element{}, old: list.New()}
}

// take returns a prepared statement that is the caller's until it is given back.
func (c *statementCache) take(ctx context.Context, text string) (driver.Stmt, error) {
	if e, ok := c.idle[text]; ok {
		delete(c.idle, text)
		return c.old.Remove(e).(*cached).stmt, nil
	}
	return c.conn.PrepareContext(ctx, text)
}

// give keeps a statement for the next use of the same text.
func (c *statementCache) give(text string, stmt driver.Stmt) error {
	if _, ok := c.idle[text]; ok { // the same text was in use twice
		return stmt.Close()
	}
	c.idle[text] = c.old.PushFront(&cached{text, stmt})
	if c.old.Len() <= maxCached {
		return nil
	}
	last := c.old.Remove(c.old.Back()).(*cached)
	delete(c.idle, last.text)
	return last.stmt.Close()
}

// close ends the idle statements.
func (c *statementCache) close() error {
	var err error
	for _, e := range c.idle {
		err = errors.Join(err, e.Value.(*cached).stmt.Close())
	}
	c.idle = map[string]*list.Element{}
	c.old.Init()
	return err
}

func (c *statementCache) exec(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	stmt, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	if e := c.give(text, stmt); err == nil {
		err = e
	}
	return result, err
}

func (c *statementCache) query(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	stmt, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		_ = c.give(text, stmt) // the query's own error is the one to tell
		return nil, err
	}
	return &cachedRows{fullRows: rows.(fullRows), cache: c, text: text, stmt: stmt}, nil
}

// fullRows is what modernc's rows can do beyond driver.Rows.
type fullRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
}

// cachedRows gives its statement back when it is closed.
type cachedRows struct {
	fullRows
	cache *statementCache
	text  string
	stmt  driver.Stmt
}

func (r *cachedRows) Close() error {
	if r.stmt == nil {
		return nil
	}
	err := r.fullRows.Close()
	if e := r.cache.give(r.text, r.stmt); err == nil {
		err = e
	}
	r.stmt = nil
	return err
}
