package sqlitecompat

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"modernc.org/sqlite"

	"tidemark/summary"
)

// dsn is the address of the file at path for modernc's driver, with pragmas that every connection of ours runs first. A Tx that
// may write takes the write lock when it begins: one that read first could no longer get it if somebody wrote meanwhile.
func dsn(path, mode string, pragmas ...string) string {
	q := url.Values{"mode": {mode}, "_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())}, pragmas...)}
	if mode != "ro" {
		q.Set("_txlock", "immediate")
	}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
}

// busyTimeout is how long a statement waits for another process's transaction before it fails, if Options do not say.
const busyTimeout = 5 * time.Second

// connector opens connections of modernc's driver: hooked ones for the writer, plain ones for all else. Both keep prepared
// statements.
type connector struct {
	driver.Connector
	db    *DB                                          // of a hooked connection; nil for a plain one
	trace func(query string, args []driver.NamedValue) // of a plain one; nil for nobody
	wait  time.Duration                                // for the write lock, by lockWait; 0 for a connection that never takes it
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	base := baseConn{Conn: inner, cache: newStatementCache(inner.(driver.ConnPrepareContext)), wait: c.wait}
	if c.wait > 0 {
		if _, err := inner.(driver.ExecerContext).ExecContext(ctx, `PRAGMA busy_timeout = 0`, nil); err != nil {
			return nil, errors.Join(err, inner.Close())
		}
	}
	if c.db == nil {
		return &plainConn{base, c.trace}, nil
	}
	conn := &hookedConn{baseConn: base, db: c.db, capture: newCapture()}
	hooks := inner.(sqlite.HookRegisterer)
	hooks.RegisterPreUpdateHook(conn.preUpdate)
	hooks.RegisterCommitHook(conn.committing)
	hooks.RegisterRollbackHook(conn.rolledBack)
	return conn, nil
}

// baseConn is what hooked and plain connections share.
type baseConn struct {
	driver.Conn // modernc's
	cache       *statementCache
	wait        time.Duration // of lockWait
}

// Close ends the connection.
func (c *baseConn) Close() error {
	err := c.cache.close()
	if e := c.Conn.Close(); err == nil {
		err = e
	}
	return err
}

// Ping implements driver.Pinger.
func (c *baseConn) Ping(ctx context.Context) error { return c.Conn.(driver.Pinger).Ping(ctx) }

// ResetSession implements driver.SessionResetter.
func (c *baseConn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

// IsValid implements driver.Validator.
func (c *baseConn) IsValid() bool { return c.Conn.(driver.Validator).IsValid() }

// CheckNamedValue implements driver.NamedValueChecker: a time is stored in the one form that the source tables take.
func (c *baseConn) CheckNamedValue(v *driver.NamedValue) error {
	switch t := v.Value.(type) {
	case string, int64, []byte, nil: // as they are
		return nil
	case time.Time:
		v.Value = summary.NewInstant(t).String()
		return nil
	case summary.Instant:
		v.Value = t.String()
		return nil
	case *summary.Instant:
		if v.Value = nil; t != nil {
			v.Value = t.String()
		}
		return nil
	}
	return driver.ErrSkip
}

// locked runs what may need the write lock, and waits for it.
func (c *baseConn) locked(ctx context.Context, run func() error) error {
	return lockWait(ctx, c.wait, run)
}

func (c *baseConn) execInner(ctx context.Context, s statement, args []driver.NamedValue) (driver.Result, error) {
	if s.cacheable() {
		return c.cache.exec(ctx, s.text, args)
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, s.text, args)
}

func (c *baseConn) queryInner(ctx context.Context, s statement, args []driver.NamedValue) (driver.Rows, error) {
	if s.cacheable() {
		return c.cache.query(ctx, s.text, args)
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, s.text, args)
}

// plainConn is a connection without hooks.
type plainConn struct {
	baseConn
	trace func(query string, args []driver.NamedValue)
}

// BeginTx implements driver.ConnBeginTx.
func (c *plainConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *plainConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

// ExecContext implements driver.ExecerContext.
func (c *plainConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.trace != nil {
		c.trace(query, args)
	}
	all := split(query)
	if len(all) != 1 {
		return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	}
	var result driver.Result
	err := c.locked(ctx, func() (err error) {
		result, err = c.execInner(ctx, all[0], args)
		return err
	})
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *plainConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.trace != nil {
		c.trace(query, args)
	}
	if all := split(query); len(all) == 1 {
		return c.queryInner(ctx, all[0], args)
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}
