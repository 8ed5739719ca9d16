package sqlitecompat

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"tidemark/summary"
)

// chosenScope selects what an id (?2) names of an owner's (?1): the connection, else the connector's connections.
const chosenScope = `
	SELECT * FROM connector_instances c
	WHERE c.owner_subject_id = ?1 AND (c.connector_instance_id = ?2 OR c.connector_id = ?2 AND NOT EXISTS (
		SELECT 1 FROM connector_instances x WHERE x.connector_instance_id = ?2 AND x.owner_subject_id = ?1))
	ORDER BY c.connector_id, c.created_at, c.connector_instance_id LIMIT ?3`

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

// unattributed counts the runs of a connector (?1) that belong to no connection and that may be told to an owner (?2): the
// connections that they name or match are all the owner's or, where there are none, all connections of their connectors are. Runs that
// name the same are judged together: a connector has few such groups, however many runs.
const unattributed = `
	WITH r AS MATERIALIZED (
		SELECT min(e.run_id) AS run_id, count(*) AS n, e.profile_keys, e.connection_ids, e.source_ids
		FROM run_names n CROSS JOIN run_evidence e ON e.run_id = n.run_id WHERE n.kind = 'source' AND n.name = ?1
		GROUP BY e.profile_keys, e.connection_ids, e.source_ids),
	candidates AS (
		SELECT r.run_id, c.owner_subject_id, 1 AS named, 0 AS matched
		FROM r CROSS JOIN json_each(r.connection_ids) j CROSS JOIN connector_instances c ON c.connector_instance_id = j.value
		UNION ALL
		SELECT r.run_id, c.owner_subject_id, 0, 1
		FROM r CROSS JOIN json_each(r.profile_keys) j CROSS JOIN connector_instances c ON c.browser_profile_key = j.value
		WHERE c.connector_id IN (SELECT value FROM json_each(r.source_ids))),
	m AS MATERIALIZED (
		SELECT run_id, sum(named) AS named, sum(matched) AS matched, sum(owner_subject_id <> ?2) AS others FROM candidates GROUP BY run_id)
	SELECT coalesce(sum(r.n), 0) FROM r LEFT JOIN m ON m.run_id = r.run_id
	WHERE NOT (json_array_length(profile_keys) = 1 AND json_array_length(source_ids) = 1 AND coalesce(matched, 0) = 1
	           OR json_array_length(profile_keys) = 0 AND json_array_length(connection_ids) = 1 AND coalesce(named, 0) = 1)
	  AND coalesce(others, 0) = 0
	  AND (m.run_id IS NOT NULL OR NOT EXISTS (
		SELECT 1 FROM connector_instances k WHERE k.connector_id IN (SELECT value FROM json_each(r.source_ids)) AND k.owner_subject_id <> ?2))`

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
