package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"tidemark/drain"
	"tidemark/summary"
)

// ChangedChannel is the public NOTIFY channel on which a drain says what it changed, once it has committed.
const ChangedChannel = "tidemark_changed"

// maxPayload is what a NOTIFY payload may hold, with room to spare (the server's limit is 8,000 octets).
const maxPayload = 7900

// source reads one snapshot: a REPEATABLE READ transaction (drain.Source).
type source struct{ tx pgx.Tx }

// drainTx is a drain transaction (drain.Tx).
type drainTx struct {
	source
	db *DB
}

var (
	_ drain.Tx       = (*drainTx)(nil)
	_ drain.Snapshot = (*source)(nil)
	_ drain.Engine   = (*DB)(nil)
)

// Write runs fn in a drain transaction: REPEATABLE READ, with the drain lock taken before its snapshot. It commits if fn
// returns nil, and announces on ChangedChannel what changed.
func (d *DB) Write(ctx context.Context, fn func(drain.Tx) (drain.Result, error)) (drain.Result, error) {
	var result drain.Result
	// LOCK TABLE takes no snapshot, so what follows sees all that the drain before this one wrote.
	err := d.recounting(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, `LOCK TABLE tidemark.drain_lock IN EXCLUSIVE MODE;`, func(tx pgx.Tx) (err error) {
		if result, err = fn(&drainTx{source{tx}, d}); err != nil {
			return err
		}
		return announce(ctx, tx, result)
	})
	if err != nil {
		return drain.Result{}, unreachable(err)
	}
	return result, nil
}

// announce notifies ChangedChannel with the highest version and, while they fit, the ids of what changed. Not while the queue is
// filling up: the drain must not fail with it, and whoever listens reads the versions now and then (listener.Changes).
func announce(ctx context.Context, tx pgx.Tx, r drain.Result) error {
	if r.MaxVersion == 0 {
		return nil
	}
	payload, err := changedPayload(r)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `SELECT pg_notify($1, $2) WHERE pg_notification_queue_usage() < $3`,
		ChangedChannel, payload, summary.MaxQueueUsage); err != nil {
		return fmt.Errorf("announce changes: %w", err)
	}
	return nil
}

// changedPayload is {"version": N, "ids": […]}; without ids, whoever listens reads what lies above the last N it saw. A
// manifest change names no connection, so it comes without ids, too.
func changedPayload(r drain.Result) (string, error) {
	type payload struct {
		Version int64    `json:"version"`
		IDs     []string `json:"ids,omitempty"`
	}
	p := payload{Version: r.MaxVersion}
	if len(r.Manifests) == 0 {
		size := 0
		for _, c := range r.Changed {
			p.IDs = append(p.IDs, c.ID)
			size += len(c.ID) + 3
		}
		for _, g := range r.Deleted {
			p.IDs = append(p.IDs, g.ConnectionID)
			size += len(g.ConnectionID) + 3
		}
		if size > maxPayload {
			p.IDs = nil
		}
	}
	text, err := json.Marshal(p)
	if err == nil && len(text) > maxPayload { // escapes made it longer
		p.IDs = nil
		text, err = json.Marshal(p)
	}
	return string(text), err
}

// Read runs fn on one read-only snapshot.
func (d *DB) Read(ctx context.Context, fn func(drain.Snapshot) error) error {
	opt := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return unreachable(d.recounting(ctx, opt, "", func(tx pgx.Tx) error { return fn(&source{tx}) }))
}

// Savepoint implements drain.Tx.
func (t *drainTx) Savepoint(ctx context.Context, fn func() error) error {
	outer := t.tx
	inner, err := outer.Begin(ctx)
	if err != nil {
		return fmt.Errorf("set savepoint: %w", err)
	}
	t.tx = inner
	defer func() { t.tx = outer }()
	if err := fn(); err != nil {
		if interrupted(err) {
			return fmt.Errorf("%w: %w", drain.ErrInterrupted, err)
		}
		return errors.Join(err, inner.Rollback(ctx))
	}
	return inner.Commit(ctx)
}

// Versions implements drain.Tx. The drain lock is held, so the values are consecutive.
func (t *drainTx) Versions(ctx context.Context, n int) (first int64, err error) {
	err = t.tx.QueryRow(ctx, `SELECT min(nextval('tidemark.evidence_version')) FROM generate_series(1, $1)`, n).Scan(&first)
	return first, err
}

// Now implements drain.Tx.
func (t *drainTx) Now() summary.Instant { return t.db.instant() }

// timestamptz converts an optional instant for a parameter or COPY.
func timestamptz(i *summary.Instant) pgtype.Timestamptz {
	if i == nil {
		return pgtype.Timestamptz{}
	}
	return pgtype.Timestamptz{Time: i.Time(), Valid: true}
}
