package sqlitecompat

import (
	"context"
	"database/sql"
	"fmt"

	"tidemark/drain"
	"tidemark/summary"
)

// drainTx is a drain transaction (drain.Tx). It holds the write lock, so it is its own snapshot.
type drainTx struct {
	source
	conn  *sql.Conn
	db    *DB
	wrote bool
}

// Write runs fn in a drain transaction, BEGIN IMMEDIATE, which commits if fn returns nil. The write lock is the drain lock.
func (d *DB) Write(ctx context.Context, fn func(drain.Tx) (drain.Result, error)) (drain.Result, error) {
	var result drain.Result
	err := d.draining(ctx, func(conn *sql.Conn) (bool, error) {
		tx := &drainTx{source: source{q: conn}, conn: conn, db: d}
		var err error
		result, err = fn(tx)
		return tx.wrote, err
	})
	if err != nil {
		return drain.Result{}, unreachable(err)
	}
	if result.MaxVersion > 0 {
		d.watch.changed()
	}
	return result, nil
}

// Read runs fn on one read-only snapshot.
func (d *DB) Read(ctx context.Context, fn func(drain.Snapshot) error) error {
	return d.snapshot(ctx, func(s source) error { return fn(s) })
}

// snapshot runs fn in a read transaction. Its first read takes the snapshot.
func (d *DB) snapshot(ctx context.Context, fn func(source) error) error {
	tx, err := d.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin to read: %w", unreachable(err))
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return unreachable(fn(source{tx, d.losses()}))
}

// exec runs a statement of the drain.
func (t *drainTx) exec(ctx context.Context, query string, args ...any) error {
	t.wrote = true
	_, err := t.conn.ExecContext(ctx, query, args...)
	return err
}

// Savepoint implements drain.Tx.
func (t *drainTx) Savepoint(ctx context.Context, fn func() error) error {
	if _, err := t.conn.ExecContext(ctx, `SAVEPOINT tidemark_drain`); err != nil {
		return fmt.Errorf("set savepoint: %w", err)
	}
	if err := fn(); err != nil {
		if _, e := t.conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK TO tidemark_drain; RELEASE tidemark_drain`); e != nil {
			return fmt.Errorf("%w (and roll back to savepoint: %w)", err, e)
		}
		return err
	}
	_, err := t.conn.ExecContext(ctx, `RELEASE tidemark_drain`)
	return err
}

// Versions implements drain.Tx.
func (t *drainTx) Versions(ctx context.Context, n int) (first int64, err error) {
	t.wrote = true
	err = t.conn.QueryRowContext(ctx, `UPDATE drain_status SET version = version + ?1 RETURNING version - ?1 + 1`, n).Scan(&first)
	return first, err
}

// Now implements drain.Tx.
func (t *drainTx) Now() summary.Instant { return t.db.instant() }

// SaveRebuild implements drain.Tx.
func (t *drainTx) SaveRebuild(ctx context.Context, p drain.Progress, finished bool) error {
	var at *summary.Instant
	if finished {
		now := t.Now()
		at = &now
	}
	return t.exec(ctx, `UPDATE rebuilds SET phase = ?2, after_id = ?3, done = ?4, total = max(total, ?5), finished_at = coalesce(?6, finished_at) WHERE rebuild_id = ?1`,
		p.ID, p.Phase, p.AfterID, p.Done, p.Total, at)
}
