package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/summary"
)

// Status counts the backlog and what there is, in one snapshot.
func (d *DB) Status(ctx context.Context) (drain.Status, error) {
	s := drain.Status{Engine: "postgres", Capture: []drain.CaptureState{}, Servers: []drain.ServerState{}}
	err := d.pool.QueryRow(ctx, `
		SELECT (SELECT version FROM tidemark.schema_version), (SELECT count(*) FROM public.connector_instances),
		       (SELECT count(*) FROM tidemark.connector_summary_evidence),
		       (SELECT count(*) FROM tidemark.connector_summary_evidence WHERE state = 'failed'),
		       (SELECT count(*) FROM tidemark.pending_marks), (SELECT count(*) FROM tidemark.marks_backlog),
		       (SELECT count(*) FROM tidemark.marks_parked), (SELECT min(marked_at) FROM tidemark.pending_marks),
		       (SELECT drained_at FROM tidemark.drain_cursor WHERE seq > 0 ORDER BY seq DESC LIMIT 1),
		       (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tidemark.evidence_version)`).
		Scan(&s.SchemaVersion, &s.Connections, &s.Evidence, &s.Failed, &s.MarksPending, &s.MarksBacklog, &s.MarksParked,
			&s.OldestMark, &s.LastDrainAt, &s.MaxVersion)
	if err != nil {
		return s, fmt.Errorf("read status: %w", unreachable(err))
	}
	if s.Capture, err = d.Capture(ctx); err != nil {
		return s, err
	}
	if s.Scrub, err = d.Scrub(ctx); err != nil {
		return s, err
	}
	if s.Servers, err = d.servers(ctx); err != nil {
		return s, err
	}
	s.Audit, err = d.Audit(ctx)
	return s, err
}

// Capture lists the source tables and whether their capture is trusted, by name.
func (d *DB) Capture(ctx context.Context) ([]drain.CaptureState, error) {
	rows, err := d.pool.Query(ctx, `
		SELECT table_name, trusted, since, reason_code, detail, recount::text[] FROM tidemark.capture ORDER BY table_name`)
	if err != nil {
		return nil, fmt.Errorf("read capture state: %w", unreachable(err))
	}
	out, err := pgx.AppendRows([]drain.CaptureState{}, rows, func(row pgx.CollectableRow) (c drain.CaptureState, err error) {
		var recount []string
		err = row.Scan(&c.Table, &c.Trusted, &c.Since, &c.ReasonCode, &c.Detail, &recount)
		c.Recount = []summary.Component{}
		for _, r := range recount {
			c.Recount = append(c.Recount, summary.Component(r))
		}
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read capture state: %w", unreachable(err))
	}
	return out, nil
}

// Trust records that the capture of these tables is intact and that what it may have missed has been recounted, unless it was lost
// once more since they were read. Connectors are read live; clients are told of them all, since some may have changed unseen.
func (d *DB) Trust(ctx context.Context, lost []drain.CaptureState) error {
	tables, since := make([]string, len(lost)), make([]time.Time, len(lost))
	for i, s := range lost {
		tables[i], since[i] = s.Table, s.Since.Time()
	}
	_, err := d.pool.Exec(ctx, `
		WITH earned AS (
			UPDATE tidemark.capture_state s SET trusted = true, since = clock_timestamp(), reason_code = NULL, detail = NULL, recount = '{}'
			FROM unnest($1::text[], $2::timestamptz[]) e (table_name, since)
			WHERE s.table_name = e.table_name AND s.since = e.since AND NOT s.trusted
			  AND NOT EXISTS (SELECT FROM tidemark.capture_touched t WHERE t.table_name = s.table_name)
			RETURNING s.table_name)
		INSERT INTO tidemark.marks (scope, component, recount, connector_id)
		SELECT 'connector', 'manifest', true, c.connector_id FROM public.connectors c WHERE 'connectors' IN (SELECT table_name FROM earned)`, tables, since)
	if err != nil {
		return fmt.Errorf("trust capture: %w", unreachable(err))
	}
	return nil
}
