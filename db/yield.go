package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tidemark/drain"
)

// lockSources comes before a recount's snapshot (SPEC section 8): a snapshot that is older than a committed TRUNCATE or rewrite
// sees an empty table, and would write or report that as the truth. The time limit is below deadlock_timeout, so that
// of this and a DDL statement that locks several tables in another order, this one gives in.
const lockSources = `SET LOCAL lock_timeout = '500ms';
	LOCK TABLE public.connectors, public.connector_instances, public.records, public.record_changes, public.blobs, public.spine_events,
		public.connector_schedules, public.connector_detail_gaps, public.connector_attention, public.device_heartbeats IN ACCESS SHARE MODE`

const (
	// yieldEvery is how often a recount asks whether a DDL statement waits for it. Most are done before they first ask.
	yieldEvery = 500 * time.Millisecond
	// cancelEvery is how often its statement is cancelled while it goes on.
	cancelEvery = 20 * time.Millisecond
	// yieldTries is how often a recount that gave way is begun again before the caller is told.
	yieldTries = 10
)

// errYield says that a recount gave way to a DDL statement, or could not begin because of one.
var errYield = fmt.Errorf("a DDL statement holds a source table or waits for it; try again: %w", drain.ErrInterrupted)

// recounting runs fn in a transaction that reads the source tables: locks first, then those of the sources, then the
// snapshot. It stops at once when a DDL statement waits for it, and begins again; fn is then called again.
func (d *DB) recounting(ctx context.Context, opt pgx.TxOptions, locks string, fn func(pgx.Tx) error) error {
	for try := 1; ; try++ {
		err := pgx.BeginTxFunc(ctx, d.pool, opt, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, d.local()+locks+lockSources); err != nil {
				var pg *pgconn.PgError
				if errors.As(err, &pg) && pg.Code == "55P03" {
					return errYield
				}
				return fmt.Errorf("take locks: %w", err)
			}
			session, err := d.sessionOf(ctx, tx)
			if err != nil {
				return err
			}
			stop := d.giveWay(ctx, session)
			err = fn(tx)
			if yielded := stop(); yielded && err != nil {
				return errYield
			}
			return err
		})
		if !errors.Is(err, errYield) || try == yieldTries {
			return err
		}
		timer := time.NewTimer(yieldEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// backend is a session: what the server knows it by, and where to have its statement cancelled.
type backend struct {
	pid  int64
	conn *pgconn.PgConn
}

// sessionOf is the transaction's. A pooler names it by a number of its own, which the server does not know.
func (d *DB) sessionOf(ctx context.Context, tx pgx.Tx) (backend, error) {
	b := backend{conn: tx.Conn().PgConn()}
	b.pid = int64(b.conn.PID())
	if !d.pooled.Load() {
		return b, nil
	}
	if err := tx.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&b.pid); err != nil {
		return b, fmt.Errorf("ask for the session: %w", err)
	}
	return b, nil
}

// giveWay watches the session until stop is called, and cancels its statement once another waits to lock, exclusively, a
// relation that it has locked. It asks on a connection of its own: the pool may be full of those who wait for the drain
// lock. stop waits for the watcher, so that no later transaction of the session is hit.
func (d *DB) giveWay(ctx context.Context, session backend) (stop func() (yielded bool)) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan bool, 1)
	go func() { done <- d.watchDDL(ctx, session) }()
	return func() bool {
		cancel()
		return <-done
	}
}

func (d *DB) watchDDL(ctx context.Context, session backend) (yields bool) {
	ticks := time.NewTicker(yieldEvery)
	defer ticks.Stop()
	var conn *pgx.Conn
	for {
		select {
		case <-ctx.Done():
			return yields
		case <-ticks.C:
		}
		if conn == nil {
			var err error
			if conn, err = d.Conn(ctx); err != nil {
				continue
			}
			defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing depends on it
		}
		var waits bool
		err := conn.QueryRow(ctx, `
			SELECT EXISTS (
				SELECT FROM pg_locks h JOIN pg_locks w ON w.database = h.database AND w.relation = h.relation
				WHERE h.pid = $1 AND h.locktype = 'relation' AND h.granted
				  AND w.locktype = 'relation' AND NOT w.granted AND w.mode = 'AccessExclusiveLock')`, session.pid).Scan(&waits)
		switch {
		case err != nil:
			conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // a new one is opened
			conn = nil
		case waits: // again and again: a request that comes between two statements cancels neither
			ticks.Reset(cancelEvery)
			yields = cancelStatement(ctx, session.conn) == nil || yields
		}
	}
}

// cancelStatement returns when the server has dealt with the request, even if ctx ends: it must not hit what comes later.
func cancelStatement(ctx context.Context, session *pgconn.PgConn) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), yieldEvery)
	defer cancel()
	return session.CancelRequest(ctx)
}
