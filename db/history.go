package db

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tidemark/summary"
)

// RunHistory implements server.Store.
func (d *DB) RunHistory(ctx context.Context, q summary.RunsQuery) (summary.RunsPage, error) {
	var out summary.RunsPage
	err := d.snapshot(ctx, func(tx pgx.Tx) (err error) {
		if out.Observation, err = connection(ctx, tx, q.Owner, q.ConnectionID); err != nil || out.Observation == nil {
			return err
		}
		out.Runs, err = newestRuns(ctx, tx, q.ConnectionID, q.Newest(), q.Limit+1)
		return err
	})
	if err != nil {
		return summary.RunsPage{}, fmt.Errorf("read runs: %w", err)
	}
	if len(out.Runs) > q.Limit {
		out.Runs, out.More = out.Runs[:q.Limit], true
	}
	return out, nil
}

// newestRunsOf walks the runs that belong to a connection ($1), from a first_seq ($2) down, by the indexes of runs_of.
const newestRunsOf = `
	WITH o AS MATERIALIZED (SELECT * FROM tidemark.run_owners WHERE connector_instance_id = $1)
	SELECT r.run_json::text FROM o, tidemark.runs_of(o.profile_key, o.connector_id, o.connector_instance_id) r
	WHERE r.first_seq <= $2 ORDER BY r.first_seq DESC LIMIT $3`

func newestRuns(ctx context.Context, tx pgx.Tx, id string, newest int64, limit int) ([]summary.Run, error) {
	rows, err := tx.Query(ctx, newestRunsOf, id, newest, limit)
	if err != nil {
		return nil, err
	}
	runs := []summary.Run{}
	var text string
	_, err = pgx.ForEachRow(rows, []any{&text}, func() error {
		var run summary.Run
		if err := json.Unmarshal([]byte(text), &run); err != nil {
			return err
		}
		runs = append(runs, run)
		return nil
	})
	return runs, err
}

// timeline reads events of one run ($2) from an event_seq ($3) on, if the run belongs to a connection of an owner ($1) by what its
// events say in this very snapshot. A run without further events gives one row of nulls.
const timeline = `
	WITH named AS (
		SELECT min(browser_surface_profile_key) AS key, max(browser_surface_profile_key) AS other_key,
		       min(connector_instance_id) AS id, max(connector_instance_id) AS other_id,
		       min(source_id) AS source, max(source_id) AS other_source
		FROM public.spine_events WHERE run_id = $2),
	owner AS (
		SELECT c.connector_instance_id, c.owner_subject_id
		FROM named n JOIN public.connector_instances c ON c.connector_instance_id = n.id
		WHERE n.key IS NULL AND n.id = n.other_id
		UNION ALL
		SELECT c.connector_instance_id, c.owner_subject_id
		FROM named n JOIN public.connector_instances c
		  ON c.source_binding ->> 'browser_profile_key' = n.key COLLATE "default" AND c.connector_id = n.source
		WHERE n.key = n.other_key AND n.source = n.other_source AND NOT EXISTS (
			SELECT FROM public.connector_instances o
			WHERE o.source_binding ->> 'browser_profile_key' = n.key COLLATE "default" AND o.connector_id = n.source
			  AND o.connector_instance_id <> c.connector_instance_id))
	SELECT o.connector_instance_id, e.*
	FROM owner o LEFT JOIN LATERAL (
		SELECT event_seq, event_id, event_type, occurred_at, recorded_at, status,
		       CASE WHEN octet_length(data::text) <= $5 THEN data::text END, octet_length(data::text)
		FROM public.spine_events WHERE run_id = $2 AND event_seq >= $3 ORDER BY event_seq LIMIT $4) e ON true
	WHERE o.owner_subject_id = $1
	ORDER BY e.event_seq`

// Timeline implements server.Store.
func (d *DB) Timeline(ctx context.Context, q summary.TimelineQuery) (summary.Timeline, error) {
	t := summary.Timeline{Events: []summary.RunEvent{}}
	rows, err := d.pool.Query(ctx, timeline, q.Owner, q.RunID, q.First(), q.Limit+1, summary.MaxEventData)
	if err != nil {
		return t, fmt.Errorf("read timeline: %w", unreachable(err))
	}
	var seq, size *int64
	var id, kind, status, data *string
	var occurred, recorded *summary.Instant
	_, err = pgx.ForEachRow(rows, []any{&t.ConnectionID, &seq, &id, &kind, &occurred, &recorded, &status, &data, &size}, func() error {
		if seq != nil {
			t.Events = append(t.Events, summary.RunEvent{
				EventSeq: *seq, EventID: *id, EventType: *kind, OccurredAt: *occurred, RecordedAt: *recorded, Status: status,
				Data: data, DataBytes: *size,
			})
		}
		return nil
	})
	if err != nil {
		return summary.Timeline{}, fmt.Errorf("read timeline: %w", unreachable(err))
	}
	if len(t.Events) > q.Limit {
		t.Events, t.More = t.Events[:q.Limit], true
	}
	return t, nil
}
