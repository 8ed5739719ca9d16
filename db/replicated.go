package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tidemark/summary"
)

const (
	// watchEvery is how often a standby is looked at, watchWithin how long that may take.
	watchEvery, watchWithin = time.Second, 5 * time.Second
	// replayFrom and replayTo are the pauses while a read waits for the standby's replay.
	replayFrom, replayTo = 2 * time.Millisecond, 50 * time.Millisecond
)

// Replicated is a DB, the primary, whose reads come from a physical standby of it as long as that is fit. What writes, drains,
// authenticates or must not lag goes to the primary, and so does a read that the standby cannot answer. Run finds out when
// it is fit again. Safe for concurrent use.
type Replicated struct {
	*DB
	standby *DB // nil: every read comes from the primary
	log     *slog.Logger

	unfit                  atomic.Pointer[error] // why reads come from the primary; nil while they do not
	onStandby, onPrimary   atomic.Int64          // reads
	conflicts, lagNanosecs atomic.Int64

	sample sample // only Run's goroutine uses it
}

// sample is a position of the primary's log, and when it was there.
type sample struct {
	lsn string
	at  time.Time
}

// ReplicaStatus is a snapshot of where reads come from. Counters count from the start of the process.
type ReplicaStatus struct {
	Fit       bool          `json:"fit"`
	Reason    string        `json:"reason,omitempty"` // why it is not
	Lag       time.Duration `json:"lag_ns"`           // how long ago the primary was where the standby is; 0 if less than a look
	OnStandby int64         `json:"reads_on_standby"`
	OnPrimary int64         `json:"reads_on_primary"` // for want of a fit standby
	Conflicts int64         `json:"conflicts"`        // reads that recovery cancelled
}

var (
	errNotLooked   = errors.New("it has not been looked at yet")
	errNoStandby   = errors.New("it is no standby: it was promoted, or never was one")
	errOther       = errors.New("it is no standby of this database's server")
	errNoAnswer    = errors.New("it cannot be reached")
	errLags        = errors.New("its replay is too far behind")
	errNotCaughtUp = errors.New("the standby has not replayed it yet")
)

// Replicate reads from the standby that dsn names; an empty dsn is no standby. One that cannot be reached is no error: reads
// come from the primary until it can. Close the result, which closes primary, too.
func Replicate(ctx context.Context, primary *DB, dsn string) (*Replicated, error) {
	r := &Replicated{DB: primary, log: slog.New(slog.DiscardHandler)}
	if dsn == "" {
		return r, nil
	}
	var err error
	if r.standby, err = newDB(ctx, dsn, Options{Now: primary.now}); err != nil {
		return nil, fmt.Errorf("read database: %w", err)
	}
	r.disqualify(errNotLooked)
	r.look(ctx)
	switch why := r.why(); {
	case errors.Is(why, errOther), errors.Is(why, errNoStandby):
		r.standby.Close()
		return nil, fmt.Errorf("read database: %w", why)
	}
	return r, nil
}

// SetLogger makes it report when reads change sides. Call it before Run.
func (r *Replicated) SetLogger(log *slog.Logger) { r.log = log }

// Replicates reports whether there is a standby to read from.
func (r *Replicated) Replicates() bool { return r.standby != nil }

// Close ends the connections of both.
func (r *Replicated) Close() {
	if r.standby != nil {
		r.standby.Close()
	}
	r.DB.Close()
}

// ReadsFrom is how to reach the database that reads come from now.
func (r *Replicated) ReadsFrom() *pgx.ConnConfig {
	if r.fit() {
		return r.standby.pool.Config().ConnConfig
	}
	return r.pool.Config().ConnConfig
}

// Replica tells where reads come from.
func (r *Replicated) Replica() ReplicaStatus {
	s := ReplicaStatus{
		Fit: r.fit(), Lag: time.Duration(r.lagNanosecs.Load()),
		OnStandby: r.onStandby.Load(), OnPrimary: r.onPrimary.Load(), Conflicts: r.conflicts.Load(),
	}
	if why := r.why(); why != nil {
		s.Reason = why.Error()
	}
	return s
}

// Check says where reads come from, for /readyz. Reads from the primary are as good: it is never a failure.
func (r *Replicated) Check() summary.Check {
	c := summary.Check{Name: summary.CheckReplica, OK: true}
	if why := r.why(); why != nil {
		c.Reason = "reads come from the primary; the standby: " + why.Error()
	}
	return c
}

// Run looks after the standby until ctx ends.
func (r *Replicated) Run(ctx context.Context) error {
	if r.standby == nil {
		return nil
	}
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			r.look(ctx)
		}
	}
}

func (r *Replicated) why() error {
	if p := r.unfit.Load(); p != nil {
		return *p
	}
	return nil
}

func (r *Replicated) fit() bool { return r.standby != nil && r.unfit.Load() == nil }

func (r *Replicated) disqualify(why error) {
	if was := r.unfit.Swap(&why); was == nil {
		r.log.Warn("reads come from the primary", "standby", why.Error())
	}
}

// look finds out whether the standby is fit.
func (r *Replicated) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, watchWithin)
	defer cancel()
	if why := r.examine(ctx); why != nil {
		r.disqualify(why)
		return
	}
	if r.unfit.Swap(nil) != nil {
		r.log.InfoContext(ctx, "reads come from the standby")
	}
}

// examine tells why the standby is not fit. A primary that cannot be asked is no reason: then nothing new comes from there.
func (r *Replicated) examine(ctx context.Context) error {
	var recovers, replayed bool
	var there, here int64
	err := r.standby.pool.QueryRow(ctx, `
		SELECT pg_is_in_recovery(), system_identifier, pg_last_wal_replay_lsn() >= nullif($1, '')::pg_lsn IS NOT FALSE
		FROM pg_control_system()`, r.sample.lsn).Scan(&recovers, &there, &replayed)
	switch {
	case err != nil:
		return errNoAnswer
	case !recovers:
		return errNoStandby
	}
	var next sample
	if err := r.pool.QueryRow(ctx, `
		SELECT system_identifier, pg_current_wal_flush_lsn()::text FROM pg_control_system()`).Scan(&here, &next.lsn); err != nil {
		return nil
	}
	next.at = time.Now()
	if here != there {
		return errOther
	}
	if replayed {
		r.sample = next
		r.lagNanosecs.Store(0)
		return nil
	}
	lag := time.Since(r.sample.at)
	r.lagNanosecs.Store(int64(lag))
	if lag > summary.MaxDrainLag {
		return errLags
	}
	return nil
}

// Reconcile implements server.Store: it drains on the primary, then waits until the standby has replayed that.
func (r *Replicated) Reconcile(ctx context.Context, ids []string) error {
	if err := r.DB.Reconcile(ctx, ids); err != nil || !r.fit() {
		return err
	}
	position, err := r.position(ctx)
	if err != nil {
		return err
	}
	return r.replayed(ctx, position)
}

// position is one of the primary's log that comes after all that was committed at the call, and has been flushed. A message
// of its own, because with synchronous_commit = off what was committed last may not be flushed yet.
func (r *Replicated) position(ctx context.Context) (lsn string, err error) {
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = local`); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT pg_logical_emit_message(true, 'tidemark', '')::text`).Scan(&lsn)
	})
	if err != nil {
		return "", fmt.Errorf("ask for the log's position: %w", unreachable(err))
	}
	return lsn, nil
}

// replayed waits until the standby has.
func (r *Replicated) replayed(ctx context.Context, lsn string) error {
	for wait := replayFrom; ; wait = min(2*wait, replayTo) {
		var there bool
		err := r.standby.pool.QueryRow(ctx, `SELECT coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false)`, lsn).Scan(&there)
		if err != nil {
			return fmt.Errorf("ask the standby for its replay: %w", unreachable(err))
		}
		if there {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w: %w", errNotCaughtUp, ctx.Err())
		case <-timer.C:
		}
	}
}

// readFrom reads from the standby, once more where recovery cancelled the read, else from the primary.
func readFrom[T any](ctx context.Context, r *Replicated, read func(*DB) (T, error)) (T, error) {
	if r.standby == nil || summary.IsFromPrimary(ctx) {
		return read(r.DB)
	}
	if r.fit() {
		v, err := read(r.standby)
		if cancelledByRecovery(err) {
			r.conflicts.Add(1)
			v, err = read(r.standby)
		}
		if err == nil || ctx.Err() != nil {
			r.onStandby.Add(1)
			return v, err
		}
		if errors.Is(err, summary.ErrUnavailable) {
			r.disqualify(errNoAnswer)
		}
	}
	r.onPrimary.Add(1)
	return read(r.DB)
}

// cancelledByRecovery reports whether the standby had to choose between a read and the replay of what removes its rows.
func cancelledByRecovery(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}
