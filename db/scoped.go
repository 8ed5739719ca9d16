package db

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5"

	"tidemark/summary"
)

func placeholder(n int) string { return "$" + strconv.Itoa(n) }

// chosenScope selects what an id ($2) names of an owner's ($1): the connection, else the connector's connections.
const chosenScope = chosenConnection + `
	UNION ALL SELECT * FROM (
		SELECT * FROM public.connector_instances c
		WHERE c.owner_subject_id = $1 AND c.connector_id = $2 AND NOT EXISTS (
			SELECT FROM public.connector_instances x WHERE x.connector_instance_id = $2 AND x.owner_subject_id = $1)
		ORDER BY c.created_at, c.connector_instance_id LIMIT $3) c`

// Scoped implements server.Store.
func (d *DB) Scoped(ctx context.Context, owner, id string) (summary.Scoped, error) {
	var out summary.Scoped
	err := d.snapshot(ctx, func(tx pgx.Tx) (err error) {
		if out.Observations, err = observe(ctx, tx, chosenScope, owner, id, summary.MaxCandidates); err != nil {
			return err
		}
		if len(out.Observations) == 1 {
			out.Detail, err = detail(ctx, tx, &out.Observations[0])
		}
		return err
	})
	return out, err
}

// chosenConnection selects the connection of an id ($2), if it is the owner's ($1).
const chosenConnection = `SELECT * FROM public.connector_instances c WHERE c.owner_subject_id = $1 AND c.connector_instance_id = $2`

// Connection implements server.Store.
func (d *DB) Connection(ctx context.Context, owner, id string) (*summary.Observation, error) {
	return connection(ctx, d.pool, owner, id)
}

func connection(ctx context.Context, q querier, owner, id string) (*summary.Observation, error) {
	found, err := observe(ctx, q, chosenConnection, owner, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// snapshot runs fn on one read-only snapshot.
func (d *DB) snapshot(ctx context.Context, fn func(tx pgx.Tx) error) error {
	opt := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return unreachable(pgx.BeginTxFunc(ctx, d.pool, opt, fn))
}

// detail hydrates what only a scoped read shows, for one connection alone.
func detail(ctx context.Context, tx pgx.Tx, o *summary.Observation) (*summary.Detail, error) {
	d := &summary.Detail{Gaps: []summary.Gap{}, Attention: []summary.AttentionItem{}}
	var err error
	if d.Runs, err = newestRuns(ctx, tx, o.ConnectionID, math.MaxInt64, summary.MaxDetailRuns); err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	rows, err := tx.Query(ctx, `
		SELECT gap_id, stream, record_key, reason, status, attempt_count, next_attempt_after, created_at, updated_at
		FROM public.connector_detail_gaps WHERE connector_instance_id = $1 ORDER BY updated_at DESC, gap_id LIMIT $2`,
		o.ConnectionID, summary.MaxDetailRows)
	if err == nil {
		d.Gaps, err = pgx.AppendRows(d.Gaps, rows, scanGap)
	}
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	rows, err = tx.Query(ctx, `
		SELECT attention_id, run_id, reason_code, owner_action, lifecycle, expires_at, created_at, updated_at
		FROM public.connector_attention WHERE connector_instance_id = $1 ORDER BY updated_at DESC, attention_id LIMIT $2`,
		o.ConnectionID, summary.MaxDetailRows)
	if err == nil {
		d.Attention, err = pgx.AppendRows(d.Attention, rows, func(row pgx.CollectableRow) (a summary.AttentionItem, err error) {
			err = row.Scan(&a.AttentionID, &a.RunID, &a.ReasonCode, &a.OwnerAction, &a.Lifecycle, &a.ExpiresAt, &a.CreatedAt, &a.UpdatedAt)
			return a, err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read attention: %w", err)
	}
	err = tx.QueryRow(ctx, unattributed, o.Identity.ConnectorID, o.Identity.OwnerSubjectID).Scan(&d.UnattributedRuns)
	if err != nil {
		return nil, fmt.Errorf("count unattributed runs: %w", err)
	}
	return d, nil
}

func scanGap(row pgx.CollectableRow) (g summary.Gap, err error) {
	err = row.Scan(&g.GapID, &g.Stream, &g.RecordKey, &g.Reason, &g.Status, &g.AttemptCount, &g.NextAttemptAfter, &g.CreatedAt, &g.UpdatedAt)
	return g, err
}
