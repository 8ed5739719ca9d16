package sqlitecompat

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"tidemark/summary"
)

// Diagnosis implements server.Store.
func (d *DB) Diagnosis(ctx context.Context, owner, id string) (*summary.Diagnosis, error) {
	var out *summary.Diagnosis
	err := d.snapshot(ctx, func(s source) error {
		o, err := s.connection(ctx, owner, id)
		if err != nil || o == nil {
			return err
		}
		out = &summary.Diagnosis{Observation: *o}
		return s.diagnose(ctx, out)
	})
	if err != nil {
		return nil, fmt.Errorf("diagnose connection: %w", err)
	}
	return out, nil
}

// countMarks counts the marks that cover the connections in ?1.
var countMarks = `
	WITH ids (id) AS MATERIALIZED (SELECT value FROM json_each(?1))
	SELECT component, count(*), max(recount), parked, id IS NULL, min(marked_at)
	FROM ` + covering + ` GROUP BY component, parked, id IS NULL`

// openGaps reads the gaps of one connection (?1) that are not closed.
const openGaps = `
	SELECT gap_id, stream, record_key, reason, status, attempt_count, next_attempt_after, created_at, updated_at
	FROM connector_detail_gaps WHERE connector_instance_id = ?1 AND status IN ('pending', 'in_progress')
	ORDER BY next_attempt_after NULLS FIRST, gap_id LIMIT ?2`

// machinery reads what is told of the drain, of one connection's (?1) failure, and of capture.
const machinery = `
	SELECT d.drained_at, d.marks_taken, f.reason_code, f.attempts, f.failed_at, f.retry_at, (
		SELECT json_group_array(json_object('table', table_name, 'trusted', json(iif(trusted, 'true', 'false')), 'reason_code', reason_code,
		       'since', since, 'recount', json(recount)))
		FROM (SELECT * FROM capture_state ORDER BY table_name))
	FROM drain_status d LEFT JOIN failures f ON f.connector_instance_id = ?1`

func (s source) diagnose(ctx context.Context, d *summary.Diagnosis) error {
	o := &d.Observation
	err := s.each(ctx, countMarks, []any{array([]string{o.ConnectionID})}, func(rows *sql.Rows) error {
		var m summary.MarkCount
		err := rows.Scan(&m.Component, &m.Marks, &m.Recount, &m.Parked, &m.Broad, &m.Since)
		d.Marks = append(d.Marks, m)
		return err
	})
	if err != nil {
		return fmt.Errorf("count marks: %w", err)
	}
	err = s.each(ctx, openGaps, []any{o.ConnectionID, summary.MaxOpenGaps}, func(rows *sql.Rows) error {
		g, err := scanGap(rows)
		d.OpenGaps = append(d.OpenGaps, g)
		return err
	})
	if err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}
	if err := readMachinery(s.q.QueryRowContext(ctx, machinery, o.ConnectionID), d); err != nil {
		return err
	}
	for i := range d.Capture {
		for _, l := range s.lost {
			if c := &d.Capture[i]; c.Table == l.table && c.Trusted {
				c.Trusted, c.Since, c.ReasonCode, c.Recount = false, l.since, &l.reason, l.components
			}
		}
	}
	err = s.q.QueryRowContext(ctx, unattributed, o.Identity.ConnectorID, o.Identity.OwnerSubjectID).Scan(&d.UnattributedRuns)
	if err != nil {
		return fmt.Errorf("count unattributed runs: %w", err)
	}
	return nil
}

func readMachinery(row *sql.Row, d *summary.Diagnosis) error {
	var drained, failed, retry *summary.Instant
	var taken int64
	var attempts *int64
	var reason *string
	var capture string
	if err := row.Scan(&drained, &taken, &reason, &attempts, &failed, &retry, &capture); err != nil {
		return fmt.Errorf("read drain and capture state: %w", err)
	}
	if drained != nil {
		d.LastDrain = &summary.DrainRecord{At: *drained, MarksTaken: taken}
	}
	if reason != nil {
		d.Failure = &summary.FailureRecord{ReasonCode: *reason, Attempts: *attempts, FailedAt: *failed, RetryAt: *retry}
	}
	if err := json.Unmarshal([]byte(capture), &d.Capture); err != nil {
		return fmt.Errorf("decode capture state: %w", err)
	}
	return nil
}
