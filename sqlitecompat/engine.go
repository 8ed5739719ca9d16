package sqlitecompat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"tidemark/drain"
	"tidemark/summary"
)

// Drain performs one bounded drain: Result.More says that marks were left. Where there is nothing to drain it takes no lock.
func (d *DB) Drain(ctx context.Context) (drain.Result, error) {
	pending, err := d.Pending(ctx)
	if err != nil || !pending {
		return drain.Result{}, err
	}
	return d.Write(ctx, func(tx drain.Tx) (drain.Result, error) { return drain.Run(ctx, tx, drain.Options{}) })
}

// Pending reports whether a drain would find something: a mark that is not parked, or a failed connection whose retry is due.
func (d *DB) Pending(ctx context.Context) (pending bool, err error) {
	err = d.reader.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM marks) OR EXISTS (SELECT 1 FROM failures WHERE retry_at <= ?)`, d.instant()).Scan(&pending)
	if err != nil {
		return false, fmt.Errorf("look for marks: %w", unreachable(err))
	}
	return pending, nil
}

// Reconcile drains, the connections' own marks before any other, until none of them is left that was visible at the call and that a
// drain would take.
func (d *DB) Reconcile(ctx context.Context, ids []string) error {
	for {
		behind := false
		err := d.snapshot(ctx, func(s source) error {
			pending, err := s.PendingOf(ctx, ids)
			for _, p := range pending {
				behind = behind || p.Dirty() && !(p.Parked && len(p.Deltas) == 0)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("look for marks: %w", err)
		}
		if !behind {
			return nil
		}
		result, err := d.Write(ctx, func(tx drain.Tx) (drain.Result, error) { return drain.Run(ctx, tx, drain.Options{First: ids}) })
		if err != nil {
			return fmt.Errorf("reconcile: %w", err)
		}
		if !result.More { // all that was visible was taken; what is there now came later
			return nil
		}
	}
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

// Mark leaves a recount mark for one connection, for whoever knows that something changed behind the hooks' and the guards'
// back. drain.ErrUnknownConnection if the id names neither a connection nor evidence of one.
func (d *DB) Mark(ctx context.Context, id string) error {
	result, err := d.writer.ExecContext(ctx, `
		INSERT INTO main.marks (marked_at, component, recount, connector_instance_id) SELECT ?1, 'all', 1, ?2
		WHERE EXISTS (SELECT 1 FROM connector_instances WHERE connector_instance_id = ?2)
		   OR EXISTS (SELECT 1 FROM connector_summary_evidence WHERE connector_instance_id = ?2)`, d.instant(), id)
	if err != nil {
		return fmt.Errorf("mark connection: %w", unreachable(err))
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return fmt.Errorf("mark %q: %w", id, drain.ErrUnknownConnection)
	}
	d.marked()
	return nil
}

// MarkAll leaves a recount mark for every connection.
func (d *DB) MarkAll(ctx context.Context) error {
	_, err := d.writer.ExecContext(ctx, `INSERT INTO main.marks (marked_at, scope, component, recount) VALUES (?, 'all', 'all', 1)`, d.instant())
	if err != nil {
		return fmt.Errorf("mark every connection: %w", unreachable(err))
	}
	d.marked()
	return nil
}

// connections are the ids of connections that exist or have something derived.
const connections = `(SELECT connector_instance_id FROM connector_instances
	UNION SELECT connector_instance_id FROM connector_summary_evidence
	UNION SELECT connector_instance_id FROM retained_size_stream)`

// ConnectionsAfter implements drain.Engine: each table is walked by its key from after on.
func (d *DB) ConnectionsAfter(ctx context.Context, after string, limit int) ([]string, error) {
	return d.list(ctx, `
		SELECT id FROM (SELECT connector_instance_id AS id FROM connector_instances WHERE connector_instance_id > ?1 ORDER BY 1 LIMIT ?2)
		UNION SELECT id FROM (SELECT connector_instance_id AS id FROM connector_summary_evidence WHERE connector_instance_id > ?1 ORDER BY 1 LIMIT ?2)
		UNION SELECT id FROM (SELECT DISTINCT connector_instance_id AS id FROM retained_size_stream WHERE connector_instance_id > ?1 ORDER BY 1 LIMIT ?2)
		ORDER BY 1 LIMIT ?2`, after, limit)
}

// RunsAfter implements drain.Engine.
func (d *DB) RunsAfter(ctx context.Context, after string, limit int) ([]string, error) {
	return d.list(ctx, `
		SELECT id FROM (SELECT DISTINCT run_id AS id FROM spine_events WHERE run_id > ?1 ORDER BY 1 LIMIT ?2)
		UNION SELECT id FROM (SELECT run_id AS id FROM run_evidence WHERE run_id > ?1 ORDER BY 1 LIMIT ?2)
		ORDER BY 1 LIMIT ?2`, after, limit)
}

func (d *DB) list(ctx context.Context, query string, args ...any) ([]string, error) {
	out, err := source{q: d.reader}.list(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list ids: %w", unreachable(err))
	}
	return out, nil
}

// CountConnections implements drain.Engine.
func (d *DB) CountConnections(ctx context.Context) (n int64, err error) {
	err = d.reader.QueryRowContext(ctx, `SELECT count(*) FROM `+connections).Scan(&n)
	return n, unreachable(err)
}

// OpenRebuild implements drain.Engine.
func (d *DB) OpenRebuild(ctx context.Context, components string) (p drain.Progress, err error) {
	err = d.immediate(ctx, func(conn *sql.Conn) (bool, error) {
		const open = `SELECT rebuild_id, phase, after_id, done, total FROM rebuilds WHERE finished_at IS NULL AND components = ?1`
		scan := func() error {
			return conn.QueryRowContext(ctx, open, components).Scan(&p.ID, &p.Phase, &p.AfterID, &p.Done, &p.Total)
		}
		// What a rebuild recounted before capture was lost, or long ago, proves nothing now: begin anew.
		_, err := conn.ExecContext(ctx, `
			UPDATE rebuilds SET finished_at = ?1
			WHERE finished_at IS NULL AND (started_at < ?2 OR started_at <= (SELECT max(since) FROM capture_state WHERE NOT trusted))`,
			d.instant(), d.instant().Add(-time.Hour))
		if err != nil {
			return false, err
		}
		if err := scan(); err == nil || !errors.Is(err, sql.ErrNoRows) {
			p.Resumed = err == nil
			return true, err
		}
		_, err = conn.ExecContext(ctx, `
			INSERT INTO rebuilds (components, total)
			SELECT ?1, (SELECT count(*) FROM `+connections+`) + (SELECT count(DISTINCT run_id) FROM spine_events)`, components)
		if err != nil {
			return false, err
		}
		return true, scan()
	})
	return p, unreachable(err)
}
