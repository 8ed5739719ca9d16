package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/summary"
)

// Drain performs one bounded drain: Result.More says that marks were left. It waits for the drain lock.
func (d *DB) Drain(ctx context.Context) (drain.Result, error) {
	return d.Write(ctx, func(tx drain.Tx) (drain.Result, error) { return drain.Run(ctx, tx, drain.Options{}) })
}

// Pending reports whether a drain would find something: a mark that is not parked, or a failed connection whose retry is due.
func (d *DB) Pending(ctx context.Context) (pending bool, err error) {
	err = d.pool.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM tidemark.marks m WHERE `+pendingMarks+`)
		    OR EXISTS (SELECT FROM tidemark.marks_backlog)
		    OR EXISTS (SELECT FROM tidemark.failures WHERE retry_at <= clock_timestamp())`).Scan(&pending)
	if err != nil {
		return false, fmt.Errorf("look for marks: %w", unreachable(err))
	}
	return pending, nil
}

// Rebuild recounts the connections in ids, or everything if ids is nil; see drain.Rebuild.
func (d *DB) Rebuild(ctx context.Context, ids []string, progress func(done, total int64)) (drain.RebuildResult, error) {
	return drain.Rebuild(ctx, d, ids, progress)
}

// Recount derives some components of every connection again; see drain.Recount.
func (d *DB) Recount(ctx context.Context, components summary.Set, progress func(done, total int64)) (drain.RebuildResult, error) {
	return drain.Recount(ctx, d, components, progress)
}

// Verify compares evidence with a recount; see drain.Verify.
func (d *DB) Verify(ctx context.Context, ids []string, progress func(done, total int64)) ([]drain.Difference, error) {
	return drain.Verify(ctx, d, ids, progress)
}

// connections are the ids of connections that exist or have something derived.
const connections = `(SELECT connector_instance_id FROM public.connector_instances
	UNION SELECT connector_instance_id FROM tidemark.connector_summary_evidence
	UNION SELECT connector_instance_id FROM tidemark.retained_size_stream)`

// ConnectionsAfter implements drain.Engine: each table is walked by its key from after on.
func (d *DB) ConnectionsAfter(ctx context.Context, after string, limit int) ([]string, error) {
	return d.list(ctx, `
		(SELECT connector_instance_id FROM public.connector_instances WHERE connector_instance_id > $1 ORDER BY 1 LIMIT $2)
		UNION (SELECT DISTINCT connector_instance_id FROM tidemark.connector_summary_evidence WHERE connector_instance_id > $1 ORDER BY 1 LIMIT $2)
		UNION (SELECT DISTINCT connector_instance_id FROM tidemark.retained_size_stream WHERE connector_instance_id > $1 ORDER BY 1 LIMIT $2)
		ORDER BY 1 LIMIT $2`, after, limit)
}

// RunsAfter implements drain.Engine.
func (d *DB) RunsAfter(ctx context.Context, after string, limit int) ([]string, error) {
	return d.list(ctx, `
		(SELECT DISTINCT run_id FROM public.spine_events WHERE run_id > $1 ORDER BY 1 LIMIT $2)
		UNION (SELECT DISTINCT run_id FROM tidemark.run_evidence WHERE run_id > $1 ORDER BY 1 LIMIT $2)
		ORDER BY 1 LIMIT $2`, after, limit)
}

func (d *DB) list(ctx context.Context, sql string, args ...any) ([]string, error) {
	rows, err := d.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list ids: %w", unreachable(err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return out, unreachable(err)
}

// CountConnections implements drain.Engine.
func (d *DB) CountConnections(ctx context.Context) (n int64, err error) {
	err = d.pool.QueryRow(ctx, `SELECT count(*) FROM `+connections+` c`).Scan(&n)
	return n, unreachable(err)
}

// OpenRebuild implements drain.Engine.
func (d *DB) OpenRebuild(ctx context.Context, components string) (p drain.Progress, err error) {
	const open = `SELECT rebuild_id, phase, after_id, done, total FROM tidemark.rebuilds WHERE finished_at IS NULL AND components = $1`
	scan := func() error {
		return d.pool.QueryRow(ctx, open, components).Scan(&p.ID, &p.Phase, &p.AfterID, &p.Done, &p.Total)
	}
	// What a rebuild recounted before capture was lost, or long ago, proves nothing now: begin anew.
	_, err = d.pool.Exec(ctx, `
		UPDATE tidemark.rebuilds SET finished_at = clock_timestamp()
		WHERE finished_at IS NULL AND (started_at < clock_timestamp() - interval '1 hour'
			OR started_at <= (SELECT max(since) FROM tidemark.capture WHERE NOT trusted))`)
	if err != nil {
		return p, unreachable(err)
	}
	if err = scan(); err == nil {
		p.Resumed = true
		return p, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return p, unreachable(err)
	}
	_, err = d.pool.Exec(ctx, `
		INSERT INTO tidemark.rebuilds (components, total)
		SELECT $1, (SELECT count(*) FROM `+connections+` c) + (SELECT count(DISTINCT run_id) FROM public.spine_events)
		ON CONFLICT DO NOTHING`, components) // another rebuild may have been opened meanwhile: then both work on the one
	if err != nil {
		return p, unreachable(err)
	}
	return p, unreachable(scan())
}

// SaveRebuild implements drain.Tx.
func (t *drainTx) SaveRebuild(ctx context.Context, p drain.Progress, finished bool) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE tidemark.rebuilds SET phase = $2, after_id = $3, done = $4, total = greatest(total, $5),
		       finished_at = CASE WHEN $6 THEN clock_timestamp() ELSE finished_at END
		WHERE rebuild_id = $1`, p.ID, p.Phase, p.AfterID, p.Done, p.Total, finished)
	return err
}
