package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tidemark/summary"
)

// events reads what lies above a version ($1) for owners ($2), at most $3, beside what is asked for once: one row without an
// event if there is none. Versions are given in the order in which drains commit, so nothing appears below the highest one.
const events = `
	SELECT t.top, t.floor, t.since, t.capture, t.server, t.late, e.owner_subject_id, e.connector_instance_id, e.version, e.kind
	FROM (SELECT
		coalesce(greatest((SELECT max(version) FROM tidemark.connector_summary_evidence), (SELECT max(version) FROM tidemark.evidence_deletions),
		                  (SELECT max(version) FROM tidemark.manifest_versions)), 0) AS top,
		CASE WHEN $4 THEN (SELECT max(version) FROM tidemark.evidence_deletions WHERE deleted_at < clock_timestamp() - interval '1 hour') END AS floor,
		CASE WHEN $4 THEN (SELECT computed_at FROM tidemark.connector_summary_evidence WHERE version <= $1 ORDER BY version DESC LIMIT 1) END AS since,
		coalesce((SELECT max(since) FROM tidemark.capture), 'epoch') AS capture,
		extract(epoch FROM pg_postmaster_start_time())::text AS server,
		CASE WHEN $5 THEN coalesce((` + oldestMark + `) < clock_timestamp() - $6::interval, false) ELSE false END AS late) t
	LEFT JOIN LATERAL (
		SELECT owner_subject_id, connector_instance_id, version, 'evidence' AS kind
		FROM tidemark.connector_summary_evidence WHERE version > $1 AND owner_subject_id = ANY ($2)
		UNION ALL
		SELECT owner_subject_id, connector_instance_id, version, 'deleted'
		FROM tidemark.evidence_deletions WHERE version > $1 AND owner_subject_id = ANY ($2)
		UNION ALL
		SELECT c.owner_subject_id, c.connector_instance_id, m.version, 'manifest'
		FROM tidemark.manifest_versions m JOIN public.connector_instances c ON c.connector_id = m.connector_id
		WHERE m.version > $1 AND c.owner_subject_id = ANY ($2)
		ORDER BY version, connector_instance_id LIMIT $3) e ON true
	ORDER BY e.version, e.connector_instance_id`

// Events implements server.Store.
func (d *DB) Events(ctx context.Context, q summary.EventQuery) (summary.Events, error) {
	var out summary.Events
	rows, err := d.pool.Query(ctx, events, q.After, q.Owners, q.Limit+1, q.Resume, q.Late, summary.LateAfter)
	if err != nil {
		return out, fmt.Errorf("read events: %w", unreachable(err))
	}
	var floor, version *int64
	var owner, id, kind *string
	_, err = pgx.ForEachRow(rows, []any{&out.Max, &floor, &out.Since, &out.Capture, &out.Server, &out.Late, &owner, &id, &version, &kind}, func() error {
		if version != nil {
			out.Events = append(out.Events, summary.Event{Owner: *owner, ConnectionID: *id, Version: *version, Kind: summary.EventKind(*kind)})
		}
		return nil
	})
	if err != nil {
		return summary.Events{}, fmt.Errorf("read events: %w", unreachable(err))
	}
	if floor != nil {
		out.Floor = *floor
	}
	if len(out.Events) > q.Limit {
		out.Events, out.More = out.Events[:q.Limit], true
	}
	return out, nil
}

// Named implements server.Store.
func (d *DB) Named(ctx context.Context, ids []string) ([]summary.Observation, error) {
	return observe(ctx, d.pool, `SELECT * FROM public.connector_instances WHERE connector_instance_id = ANY ($1)`, ids)
}
