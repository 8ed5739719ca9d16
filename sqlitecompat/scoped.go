package sqlitecompat

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"tidemark/summary"
)

// chosenScope selects what an id (?2) names of an owner's (?1): the connection, else the connector's connections.
const chosenScope = chosenConnection + `
	UNION ALL SELECT * FROM (
		SELECT * FROM connector_instances c
		WHERE c.owner_subject_id = ?1 AND c.connector_id = ?2 AND NOT EXISTS (
			SELECT 1 FROM connector_instances x WHERE x.connector_instance_id = ?2 AND x.owner_subject_id = ?1)
		ORDER BY c.created_at, c.connector_instance_id LIMIT ?3) c`

// Scoped implements server.Store.
func (d *DB) Scoped(ctx context.Context, owner, id string) (summary.Scoped, error) {
	var out summary.Scoped
	err := d.snapshot(ctx, func(s source) (err error) {
		if out.Observations, err = s.observe(ctx, chosenScope, owner, id, summary.MaxCandidates); err != nil {
			return err
		}
		if len(out.Observations) == 1 {
			out.Detail, err = s.detail(ctx, &out.Observations[0])
		}
		return err
	})
	return out, err
}

// chosenConnection selects the connection of an id (?2), if it is the owner's (?1).
const chosenConnection = `SELECT * FROM connector_instances c WHERE c.owner_subject_id = ?1 AND c.connector_instance_id = ?2`

// Connection implements server.Store.
func (d *DB) Connection(ctx context.Context, owner, id string) (o *summary.Observation, err error) {
	err = d.snapshot(ctx, func(s source) error {
		o, err = s.connection(ctx, owner, id)
		return err
	})
	return o, err
}

func (s source) connection(ctx context.Context, owner, id string) (*summary.Observation, error) {
	found, err := s.observe(ctx, chosenConnection, owner, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// detail hydrates what only a scoped read shows, for one connection alone.
func (s source) detail(ctx context.Context, o *summary.Observation) (*summary.Detail, error) {
	d := &summary.Detail{Gaps: []summary.Gap{}, Attention: []summary.AttentionItem{}}
	var err error
	if d.Runs, err = s.newestRuns(ctx, o.ConnectionID, math.MaxInt64, summary.MaxDetailRuns); err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	args := []any{o.ConnectionID, summary.MaxDetailRows}
	err = s.each(ctx, `
		SELECT gap_id, stream, record_key, reason, status, attempt_count, next_attempt_after, created_at, updated_at
		FROM connector_detail_gaps WHERE connector_instance_id = ? ORDER BY updated_at DESC, gap_id LIMIT ?`, args, func(rows *sql.Rows) error {
		g, err := scanGap(rows)
		d.Gaps = append(d.Gaps, g)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	err = s.each(ctx, `
		SELECT attention_id, run_id, reason_code, owner_action, lifecycle, expires_at, created_at, updated_at
		FROM connector_attention WHERE connector_instance_id = ? ORDER BY updated_at DESC, attention_id LIMIT ?`, args, func(rows *sql.Rows) error {
		var a summary.AttentionItem
		err := rows.Scan(&a.AttentionID, &a.RunID, &a.ReasonCode, &a.OwnerAction, &a.Lifecycle, &a.ExpiresAt, &a.CreatedAt, &a.UpdatedAt)
		d.Attention = append(d.Attention, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read attention: %w", err)
	}
	err = s.q.QueryRowContext(ctx, unattributed, o.Identity.ConnectorID, o.Identity.OwnerSubjectID).Scan(&d.UnattributedRuns)
	if err != nil {
		return nil, fmt.Errorf("count unattributed runs: %w", err)
	}
	return d, nil
}

func scanGap(rows *sql.Rows) (g summary.Gap, err error) {
	err = rows.Scan(&g.GapID, &g.Stream, &g.RecordKey, &g.Reason, &g.Status, &g.AttemptCount, &g.NextAttemptAfter, &g.CreatedAt, &g.UpdatedAt)
	return g, err
}
