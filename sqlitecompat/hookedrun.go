package sqlitecompat

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The statements that the layer runs for itself. They say main: a temporary table of the caller's may have the same name.
const (
	sqlBegin     = `BEGIN IMMEDIATE`
	sqlCommit    = `COMMIT`
	sqlRollback  = `ROLLBACK`
	sqlRaise     = `INSERT OR IGNORE INTO main.hooked (up) VALUES (1)`
	sqlLower     = `DELETE FROM main.hooked`
	sqlFlush     = `SAVEPOINT tidemark_flush`
	sqlUnflush   = `ROLLBACK TO tidemark_flush`
	sqlUnflushed = `RELEASE tidemark_flush`
	sqlChanged   = `SELECT changes() > 0`
	// What a statement that failed in the middle has kept: nothing if it changed no row and no trigger of the user's own did.
	sqlKept = `SELECT changes() > 0 OR EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name NOT GLOB '` + guardPrefix + `*')`
)

// ErrCommitRefused is returned where a commit would have left captured changes without their marks. The transaction has been
// rolled back.
var ErrCommitRefused = errors.New("commit refused: changes of source tables would have been left without marks; " +
	"end the transaction with COMMIT as a statement of its own")

// run runs one statement in the way that its kind asks for.
func (c *hookedConn) run(ctx context.Context, s statement, run func() error) error {
	if !c.db.capturing.Load() { // no schema yet: nothing to capture, and the guards, if there are any, act
		return c.follow(ctx, s, run)
	}
	switch {
	case s.kind == commits, s.kind == releases && c.txn.ends(s.name):
		return c.commit(ctx, run)
	case !s.changes():
		return c.follow(ctx, s, run)
	case c.txn.open:
		return c.change(ctx, run)
	default:
		return c.autocommit(ctx, s, run)
	}
}

// follow runs a statement that changes no rows and keeps account of what it does to the transaction.
func (c *hookedConn) follow(ctx context.Context, s statement, run func() error) error {
	if err := c.locked(ctx, run); err != nil {
		if s.kind == begins && !c.txn.open { // it may have begun just when the caller gave up
			_ = c.control(context.Background(), sqlRollback) //nolint:errcheck // there is nothing to roll back, as a rule
		}
		return refused(err)
	}
	switch s.kind {
	case begins:
		c.txn.begin()
	case commits:
		c.ended()
	case saves:
		c.txn.save(s.name, c.capture.statement)
	case releases:
		if c.txn.ends(s.name) {
			c.ended()
		} else {
			c.txn.release(s.name)
		}
	case rollsBackTo:
		c.capture.doubt(c.txn.rollBackTo(s.name))
	}
	return nil // a ROLLBACK has told the rollback hook
}

// change runs a statement that may change rows, inside a transaction. What a statement that fails in the middle has done is
// taken back, or kept (OR FAIL), without a word: what it touched must be recounted.
func (c *hookedConn) change(ctx context.Context, run func() error) error {
	if err := c.raise(ctx); err != nil {
		return err
	}
	before := c.capture.begin()
	err := run()
	if err != nil && c.txn.open {
		c.capture.doubt(before)
	}
	return refused(err)
}

// autocommit runs a statement outside of any transaction, in one of its own.
func (c *hookedConn) autocommit(ctx context.Context, s statement, run func() error) error {
	if err := c.control(ctx, sqlBegin); err != nil {
		return err
	}
	c.txn.begin()
	err := c.change(ctx, run)
	if !c.txn.open { // OR ROLLBACK, or an error after which SQLite rolls back by itself
		return err
	}
	// From here on the caller's context no longer decides: the transaction must end.
	end := context.WithoutCancel(ctx)
	keep := err == nil && (s.kind == defines || c.capture.seen)
	switch {
	case err == nil && !keep: // rows of sqlite_sequence and of virtual tables are changed without a word
		keep, err = c.ask(end, sqlChanged, nil)
	case err != nil && c.capture.seen && ctx.Err() == nil:
		keep, err = c.ask(end, sqlKept, err)
	}
	if !keep {
		if e := c.control(end, sqlRollback); err == nil {
			err = e // a statement that changed nothing costs no commit
		}
		return err
	}
	if e := c.commit(end, func() error { return c.control(end, sqlCommit) }); e != nil {
		err = errors.Join(err, e)
		if c.txn.open {
			err = errors.Join(err, c.control(end, sqlRollback))
		}
	}
	return err
}

// ask reads one truth value; err is the error so far.
func (c *hookedConn) ask(ctx context.Context, sql string, err error) (bool, error) {
	rows, e := c.cache.query(ctx, sql, nil)
	if e != nil {
		return false, errors.Join(err, e)
	}
	row := make([]driver.Value, 1)
	e = rows.Next(row)
	if e = errors.Join(e, rows.Close()); e != nil {
		return false, errors.Join(err, e)
	}
	return row[0] == int64(1), err
}

// commit writes the marks and commits by run: COMMIT, or the release of the outermost savepoint. If it fails and the
// transaction goes on, it does so as if nothing had been written.
func (c *hookedConn) commit(ctx context.Context, run func() error) error {
	ctx = context.WithoutCancel(ctx)
	marks := c.capture.marks()
	if !c.txn.open || !c.txn.lower && len(marks) == 0 && c.capture.err == nil {
		err := refused(run())
		if err == nil {
			c.ended()
		}
		return err
	}
	if err := c.control(ctx, sqlFlush); err != nil {
		return fmt.Errorf("write marks: %w", err)
	}
	before := c.capture.begin()
	err := c.write(ctx, marks)
	if err == nil {
		c.txn.written = c.capture.err == nil
		if err = refused(run()); err == nil {
			c.ended()
			if len(marks) > 0 {
				c.db.marked()
			}
			return nil
		}
	}
	if c.capture.err != nil {
		err = errors.Join(err, c.capture.err)
	}
	c.txn.written = false
	if c.txn.open {
		c.capture.doubt(before) // what a trigger on marks has changed is taken back
		err = errors.Join(err, c.control(ctx, sqlUnflush), c.control(ctx, sqlUnflushed))
	}
	return err
}

// raise puts up the hooked row, which keeps the guard triggers still.
func (c *hookedConn) raise(ctx context.Context) error {
	if c.txn.raised {
		return nil
	}
	if err := c.control(ctx, sqlRaise); err != nil {
		return err
	}
	c.txn.raised, c.txn.lower = true, true
	return nil
}

// committing is the commit hook: it refuses what would leave captured changes without marks, or the hooked row up.
func (c *hookedConn) committing() int32 {
	if (c.txn.lower || c.capture.pending() || c.capture.err != nil) && !c.txn.written {
		return 1
	}
	return 0
}

// rolledBack is the rollback hook.
func (c *hookedConn) rolledBack() { c.ended() }

// ended forgets the transaction.
func (c *hookedConn) ended() {
	c.txn = transaction{}
	c.capture.reset()
}

// control runs one of the layer's own statements.
func (c *hookedConn) control(ctx context.Context, sql string, args ...driver.NamedValue) error {
	return c.locked(ctx, func() error {
		_, err := c.cache.exec(ctx, sql, args)
		return err
	})
}

// refused says it in words where err is that of the commit hook.
func refused(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code() == sqlite3.SQLITE_CONSTRAINT_COMMITHOOK {
		return ErrCommitRefused
	}
	return err
}
