package db

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tidemark/summary"
)

// Diagnosis implements server.Store.
func (d *DB) Diagnosis(ctx context.Context, owner, id string) (*summary.Diagnosis, error) {
	var out *summary.Diagnosis
	err := d.snapshot(ctx, func(tx pgx.Tx) error {
		o, err := connection(ctx, tx, owner, id)
		if err != nil || o == nil {
			return err
		}
		out = &summary.Diagnosis{Observation: *o}
		return diagnose(ctx, tx, out)
	})
	if err != nil {
		return nil, fmt.Errorf("diagnose connection: %w", err)
	}
	return out, nil
}

// countMarks counts the marks that cover one connection ($1).
const countMarks = `
	WITH page AS MATERIALIZED (
		SELECT c.connector_instance_id, c.source_binding ->> 'browser_profile_key' AS profile_key
		FROM public.connector_instances c WHERE c.connector_instance_id = $1),` + marksOf + `
	SELECT component::text, count(*), bool_or(recount), parked, connector_instance_id IS NULL, min(marked_at)
	FROM covering GROUP BY component, parked, connector_instance_id IS NULL`

// openGaps reads the gaps of one connection ($1) that are not closed.
const openGaps = `
	SELECT gap_id, stream, record_key, reason, status, attempt_count, next_attempt_after, created_at, updated_at
	FROM public.connector_detail_gaps WHERE connector_instance_id = $1 AND status IN ('pending', 'in_progress')
	ORDER BY next_attempt_after NULLS FIRST, gap_id LIMIT $2`

// machinery reads what is told of the drain, of one connection's ($1) failure, and of capture.
const machinery = `
	SELECT d.drained_at, d.marks_taken, f.reason_code, f.attempts, f.failed_at, f.retry_at,
	       (SELECT json_agg(json_build_object('table', t.table_name, 'trusted', t.trusted, 'reason_code', t.reason_code,
	               'since', to_char(t.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'recount', t.recount) ORDER BY t.table_name)
	        FROM tidemark.capture t)::text
	FROM (SELECT $1::text AS id) one
	LEFT JOIN tidemark.failures f ON f.connector_instance_id = one.id
	LEFT JOIN LATERAL (SELECT drained_at, marks_taken FROM tidemark.drain_cursor WHERE seq > 0 ORDER BY seq DESC LIMIT 1) d ON true`

func diagnose(ctx context.Context, tx pgx.Tx, d *summary.Diagnosis) error {
	o := &d.Observation
	rows, err := tx.Query(ctx, countMarks, o.ConnectionID)
	if err == nil {
		d.Marks, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m summary.MarkCount, err error) {
			return m, row.Scan(&m.Component, &m.Marks, &m.Recount, &m.Parked, &m.Broad, &m.Since)
		})
	}
	if err != nil {
		return fmt.Errorf("count marks: %w", err)
	}
	rows, err = tx.Query(ctx, openGaps, o.ConnectionID, summary.MaxOpenGaps)
	if err == nil {
		d.OpenGaps, err = pgx.CollectRows(rows, scanGap)
	}
	if err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}
	if err := readMachinery(tx.QueryRow(ctx, machinery, o.ConnectionID), d); err != nil {
		return err
	}
	err = tx.QueryRow(ctx, unattributed, o.Identity.ConnectorID, o.Identity.OwnerSubjectID).Scan(&d.UnattributedRuns)
	if err != nil {
		return fmt.Errorf("count unattributed runs: %w", err)
	}
	return nil
}

func readMachinery(row pgx.Row, d *summary.Diagnosis) error {
	var drained, failed, retry *summary.Instant
	var taken, attempts *int64
	var reason, capture *string
	if err := row.Scan(&drained, &taken, &reason, &attempts, &failed, &retry, &capture); err != nil {
		return fmt.Errorf("read drain and capture state: %w", err)
	}
	if drained != nil {
		d.LastDrain = &summary.DrainRecord{At: *drained, MarksTaken: *taken}
	}
	if reason != nil {
		d.Failure = &summary.FailureRecord{ReasonCode: *reason, Attempts: *attempts, FailedAt: *failed, RetryAt: *retry}
	}
	if capture != nil {
		if err := json.Unmarshal([]byte(*capture), &d.Capture); err != nil {
			return fmt.Errorf("decode capture state: %w", err)
		}
	}
	return nil
}
