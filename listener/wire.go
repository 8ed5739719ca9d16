package listener

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// connectWithin bounds an attempt to connect, answerWithin every statement of this package (none of which waits for
	// a lock), byeWithin the farewell to a server that may be gone.
	connectWithin = 10 * time.Second
	answerWithin  = 5 * time.Second
	byeWithin     = 2 * time.Second
)

// wire is one connection of its own, never part of a pool: LISTEN and session locks live and die with it.
// Not safe for concurrent use.
type wire struct{ conn *pgx.Conn }

// dial connects under the given application name.
func dial(ctx context.Context, cfg *pgx.ConnConfig, name string) (*wire, error) {
	cfg = cfg.Copy()
	cfg.RuntimeParams["application_name"] = name
	// No prepared statements: behind a pooler they are on another server connection than the next execution.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	cfg.StatementCacheCapacity, cfg.DescriptionCacheCapacity = 0, 0
	cfg.OnNotification = nil // pgx then keeps notifications until they are waited for
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, guard("connect to database", err)
	}
	return &wire{conn}, nil
}

// close ends the session and waits, for a short while, until the server has been told. It may be called again.
func (w *wire) close() {
	ctx, cancel := context.WithTimeout(context.Background(), byeWithin)
	defer cancel()
	// The connection is given up either way.
	_ = w.conn.Close(ctx)
	// A connection that broke under a statement is cleaned up by a goroutine of pgx.
	select {
	case <-w.conn.PgConn().CleanupDone():
	case <-ctx.Done():
	}
}

// bounded is a context for one statement. It does not end with ctx: interrupting a statement would cost the connection,
// on which the flag is still to be put down.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
}

// exec runs statements; verb begins the error.
func (w *wire) exec(ctx context.Context, verb, sql string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := w.conn.Exec(ctx, sql)
	return guard(verb, err)
}

// row runs one statement, in a transaction of its own, and reads its only row.
func (w *wire) row(ctx context.Context, verb, sql string, into ...any) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return guard(verb, w.conn.QueryRow(ctx, sql).Scan(into...))
}

// await waits until a notification arrives (and returns it), d has passed (nil), ctx ends or the connection does.
// Notifications that came with an earlier answer are returned at once, even if d is 0.
func (w *wire) await(ctx context.Context, d time.Duration) (*pgconn.Notification, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	n, err := w.conn.WaitForNotification(waiting)
	switch {
	case n != nil:
		return n, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil, w.conn.IsClosed(), !errors.Is(err, context.DeadlineExceeded):
		return nil, guard("wait on connection", errors.Join(err, errEnded))
	}
	return nil, nil
}

// errEnded is why a connection is given up that a wait found closed.
var errEnded = errors.New("the server ended the connection")

// pause waits for d on the connection, so that its end is noticed, and forgets the notifications that arrive: whoever
// pauses drains afterwards.
func (w *wire) pause(ctx context.Context, d time.Duration) error {
	for until := time.Now().Add(d); ; {
		n, err := w.await(ctx, time.Until(until))
		if n == nil {
			return err
		}
	}
}

// doze is a pause that ends early when wake yields, which it reports. An error, that the connection has ended among others,
// is the greater news.
func (w *wire) doze(ctx context.Context, d time.Duration, wake <-chan struct{}) (rung bool, err error) {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := make(chan bool, 1)
	go func() {
		select {
		case <-wake:
			heard <- true
			cancel()
		case <-waiting.Done():
			heard <- false
		}
	}()
	err = w.pause(waiting, d)
	cancel()
	if rung = <-heard; rung && ctx.Err() == nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	return rung, err
}
