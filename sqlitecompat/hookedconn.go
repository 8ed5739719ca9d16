package sqlitecompat

import (
	"context"
	"database/sql/driver"
	"errors"
)

// hookedConn is the writer's connection: whatever way its source tables are changed in, the marks are written in the same
// transaction. Used by one goroutine at a time, as database/sql does.
type hookedConn struct {
	baseConn
	db      *DB
	capture *capture
	txn     transaction
}

// Begin implements driver.Conn; database/sql calls BeginTx.
func (c *hookedConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx implements driver.ConnBeginTx.
func (c *hookedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	var inner driver.Tx
	err := c.locked(ctx, func() (err error) {
		inner, err = c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.txn.begin()
	return &hookedTx{c, inner}, nil
}

// hookedTx is a transaction of database/sql's.
type hookedTx struct {
	conn  *hookedConn
	inner driver.Tx
}

// Commit implements driver.Tx. If it fails, the transaction is rolled back: database/sql is done with it either way.
func (t *hookedTx) Commit() error {
	err := t.conn.commit(context.Background(), t.inner.Commit)
	if err != nil && t.conn.txn.open {
		err = errors.Join(err, t.conn.control(context.Background(), sqlRollback))
	}
	return err
}

// Rollback implements driver.Tx.
func (t *hookedTx) Rollback() error { return t.inner.Rollback() }

// ExecContext implements driver.ExecerContext.
func (c *hookedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	var result driver.Result = driver.ResultNoRows
	for _, s := range split(query) {
		var err error
		if result, err = c.exec(ctx, s, func(ctx context.Context) (driver.Result, error) { return c.execInner(ctx, s, args) }); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// QueryContext implements driver.QueryerContext: the rows are those of the last statement.
func (c *hookedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	all := split(query)
	if len(all) == 0 {
		return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
	}
	for _, s := range all[:len(all)-1] {
		if _, err := c.exec(ctx, s, func(ctx context.Context) (driver.Result, error) { return c.execInner(ctx, s, args) }); err != nil {
			return nil, err
		}
	}
	last := all[len(all)-1]
	return c.query(ctx, last, func(ctx context.Context) (driver.Rows, error) { return c.queryInner(ctx, last, args) })
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *hookedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	all := split(query)
	var inner driver.Stmt
	err := c.locked(ctx, func() (err error) {
		inner, err = c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &hookedStmt{Stmt: inner, conn: c, query: query}
	if len(all) == 1 {
		s.only = &all[0]
	}
	return s, nil
}

// hookedStmt is a prepared statement. A text of several statements is run anew each time, as modernc's driver does.
type hookedStmt struct {
	driver.Stmt // modernc's
	conn        *hookedConn
	query       string
	only        *statement // nil if the text holds several, or none
}

// ExecContext implements driver.StmtExecContext.
func (s *hookedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if s.only == nil {
		return s.conn.ExecContext(ctx, s.query, args)
	}
	return s.conn.exec(ctx, *s.only, func(ctx context.Context) (driver.Result, error) {
		return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	})
}

// QueryContext implements driver.StmtQueryContext.
func (s *hookedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if s.only == nil {
		return s.conn.QueryContext(ctx, s.query, args)
	}
	return s.conn.query(ctx, *s.only, func(ctx context.Context) (driver.Rows, error) {
		return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	})
}

// settled is the context in which a statement itself runs, once it has begun. One that ends or divides a transaction is not
// interrupted, since nobody could tell whether it was done; nor is a short one.
func settled(ctx context.Context, s statement) (context.Context, error) {
	switch s.kind {
	case commits, rollsBack, rollsBackTo, saves, releases:
		return context.Background(), ctx.Err()
	}
	if s.short {
		return context.Background(), ctx.Err()
	}
	return ctx, nil
}

// exec runs one statement that gives no rows.
func (c *hookedConn) exec(ctx context.Context, s statement, run func(context.Context) (driver.Result, error)) (driver.Result, error) {
	inner, err := settled(ctx, s)
	if err != nil {
		return nil, err
	}
	var result driver.Result
	err = c.run(ctx, s, func() (err error) {
		result, err = run(inner)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// query runs one statement that gives rows. Those of a statement that writes are read at once: its commit must not wait for
// the reader, and its failure must be told here. SQLite computes all of them before the first, too.
func (c *hookedConn) query(ctx context.Context, s statement, run func(context.Context) (driver.Rows, error)) (driver.Rows, error) {
	inner, err := settled(ctx, s)
	if err != nil {
		return nil, err
	}
	var rows driver.Rows
	err = c.run(ctx, s, func() (err error) {
		if rows, err = run(inner); err == nil && s.kind != selects && s.kind != other {
			rows, err = buffer(rows)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}
