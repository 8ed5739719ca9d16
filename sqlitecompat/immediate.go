package sqlitecompat

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	sqlite3 "modernc.org/sqlite/lib"
)

// immediate runs fn in a transaction of the hooked connection that holds the write lock from its start. It commits if fn
// says so, and else rolls back.
func (d *DB) immediate(ctx context.Context, fn func(conn *sql.Conn) (commit bool, err error)) error {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("get writer: %w", unreachable(err))
	}
	defer conn.Close() //nolint:errcheck // it only goes back to the pool
	return within(ctx, conn, fn)
}

// draining is immediate on a connection without hooks: a drain writes what is derived, and nothing of that is captured. It
// holds the hooked connection meanwhile, so that the writers of this process wait in line instead of polling for the lock.
func (d *DB) draining(ctx context.Context, fn func(conn *sql.Conn) (commit bool, err error)) error {
	turn, err := d.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("wait for writers: %w", unreachable(err))
	}
	defer turn.Close() //nolint:errcheck // it only goes back to the pool
	conn, err := d.drainer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("get drain connection: %w", unreachable(err))
	}
	defer conn.Close() //nolint:errcheck // it only goes back to the pool
	return within(ctx, conn, fn)
}

func within(ctx context.Context, conn *sql.Conn, fn func(conn *sql.Conn) (commit bool, err error)) error {
	if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return fmt.Errorf("take write lock: %w", unreachable(err))
	}
	end := context.WithoutCancel(ctx)
	commit, err := fn(conn)
	if err == nil && commit {
		if _, err = conn.ExecContext(end, `COMMIT`); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", unreachable(err))
	}
	_, e := conn.ExecContext(end, `ROLLBACK`)
	if e != nil && code(e) != sqlite3.SQLITE_ERROR { // which says that SQLite has rolled back by itself
		err = errors.Join(err, fmt.Errorf("roll back: %w", e), conn.Raw(func(any) error { return driver.ErrBadConn }))
	}
	return err
}
