package db

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"tidemark/summary"
)

// ApplicationName is what the sessions of this package call themselves in pg_stat_activity.
const ApplicationName = "tidemark"

// minMajor is the oldest server version that is supported: 15 has MERGE and pg_snapshot.
const minMajor = 150000

// DB is a Postgres database that Tidemark keeps. Safe for concurrent use.
type DB struct {
	pool *pgxpool.Pool
	now  func() time.Time
	// pooled: a pooler that may share sessions lies between.
	pooled atomic.Bool
	// backlogAfter is where the last drain stopped in the backlog, so that all of it gets its turn.
	backlogAfter atomic.Pointer[string]
}

// Options configure Open.
type Options struct {
	// Now is the clock of computed_at; nil is the system's.
	Now func() time.Time
	// MaxConns bounds the pool; 0 is pgxpool's default.
	MaxConns int32
	// Tracer is told of every statement; nil for nobody. Tests count by it.
	Tracer pgx.QueryTracer
}

// Open connects to the database that dsn names and checks that it can hold Tidemark: PostgreSQL 15 or later, UTF8. It
// does not migrate. Close the result.
func Open(ctx context.Context, dsn string, opt Options) (*DB, error) {
	d, err := newDB(ctx, dsn, opt)
	if err != nil {
		return nil, err
	}
	if err = d.check(ctx); errors.Is(err, errPooled) {
		err = d.check(ctx)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// newDB does not connect.
func newDB(ctx context.Context, dsn string, opt Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("parse database address: want postgres://user@host:port/database, or a DSN that libpq accepts")
	}
	d := &DB{now: opt.Now}
	configure(cfg.ConnConfig, d.noticed)
	cfg.BeforeConnect = d.suit
	cfg.ConnConfig.Tracer = opt.Tracer
	if opt.MaxConns > 0 {
		cfg.MaxConns = opt.MaxConns
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, fmt.Errorf("connect to database: %w", unreachable(err))
	}
	return d, nil
}

// Close ends the pool's connections. It may be called more than once.
func (d *DB) Close() { d.pool.Close() }

// Pool gives the command line and the benchmarks statements of their own.
func (d *DB) Pool() *pgxpool.Pool { return d.pool }

func (d *DB) check(ctx context.Context) error {
	var version int
	var encoding string
	err := d.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding')`).Scan(&version, &encoding)
	switch {
	case err != nil:
		return fmt.Errorf("connect to database: %w", unreachable(err))
	case version < minMajor:
		return fmt.Errorf("database server is PostgreSQL %d; Tidemark needs 15 or later", version/10000)
	case encoding != "UTF8":
		return fmt.Errorf("database encoding is %s; Tidemark needs UTF8: create the database with ENCODING 'UTF8'", encoding)
	}
	return nil
}

// instant is the clock of evidence.
func (d *DB) instant() summary.Instant { return summary.NewInstant(d.now()) }

// unreachable wraps summary.ErrUnavailable around errors that say that the database cannot be reached or is going away,
// and keeps the address and password that a connection error may quote out of the text.
func unreachable(err error) error {
	if err == nil || errors.Is(err, summary.ErrUnavailable) {
		return err
	}
	if errors.Is(err, errPooled) || errors.Is(err, errDirect) {
		return fmt.Errorf("%w: %w", summary.ErrUnavailable, err)
	}
	var refused *pgconn.ConnectError
	if errors.As(err, &refused) {
		var pg *pgconn.PgError
		if errors.As(err, &pg) {
			return fmt.Errorf("%w: %s (SQLSTATE %s)", summary.ErrUnavailable, pg.Message, pg.Code)
		}
		return fmt.Errorf("%w: cannot connect to %s port %d", summary.ErrUnavailable, refused.Config.Host, refused.Config.Port)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "08", "57", "53": // connection, operator intervention (not a cancelled query), resources
			if pg.Code != "57014" {
				return fmt.Errorf("%w: %s (SQLSTATE %s)", summary.ErrUnavailable, pg.Message, pg.Code)
			}
		}
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if pgconn.SafeToRetry(err) || errors.Is(err, pgx.ErrTxClosed) || isConnectionLost(err) {
		return fmt.Errorf("%w: connection lost", summary.ErrUnavailable)
	}
	return err
}
