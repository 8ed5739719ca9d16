package sqlitecompat

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"tidemark/drain"
	"tidemark/summary"
)

// Status counts the backlog and what there is, in one snapshot.
func (d *DB) Status(ctx context.Context) (drain.Status, error) {
	s := drain.Status{Engine: "sqlite", Servers: []drain.ServerState{}}
	err := d.snapshot(ctx, func(src source) (err error) {
		err = src.q.QueryRowContext(ctx, `
			SELECT (SELECT max(version) FROM schema_version), (SELECT count(*) FROM connector_instances),
			       (SELECT count(*) FROM connector_summary_evidence),
			       (SELECT count(*) FROM connector_summary_evidence WHERE state = 'failed'),
			       (SELECT count(*) FROM marks) + (SELECT count(*) FROM marks_parked), (SELECT count(*) FROM marks_parked),
			       (SELECT min(marked_at) FROM (SELECT marked_at FROM marks UNION ALL SELECT marked_at FROM marks_parked)),
			       drained_at, version
			FROM drain_status`).
			Scan(&s.SchemaVersion, &s.Connections, &s.Evidence, &s.Failed, &s.MarksPending, &s.MarksParked, &s.OldestMark, &s.LastDrainAt, &s.MaxVersion)
		if err == nil {
			s.Capture, err = src.capture(ctx)
		}
		if err == nil {
			s.Scrub, err = src.scrub(ctx)
		}
		return err
	})
	if err != nil {
		return s, fmt.Errorf("read status: %w", err)
	}
	return s, nil
}

// Capture lists the source tables and whether their capture is trusted, by name.
func (d *DB) Capture(ctx context.Context) ([]drain.CaptureState, error) {
	out, err := source{d.reader, d.losses()}.capture(ctx)
	if err != nil {
		return nil, fmt.Errorf("read capture state: %w", unreachable(err))
	}
	return out, nil
}

func (s source) capture(ctx context.Context) ([]drain.CaptureState, error) {
	out := []drain.CaptureState{}
	err := s.each(ctx, `SELECT table_name, trusted, since, reason_code, detail, recount FROM capture_state ORDER BY table_name`, nil,
		func(rows *sql.Rows) error {
			var c drain.CaptureState
			var recount string
			if err := rows.Scan(&c.Table, &c.Trusted, &c.Since, &c.ReasonCode, &c.Detail, &recount); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(recount), &c.Recount); err != nil {
				return fmt.Errorf("decode recount of %s: %w", c.Table, err)
			}
			for _, l := range s.lost {
				l.overlay(&c)
			}
			out = append(out, c)
			return nil
		})
	return out, err
}

// Trust records that the capture of these tables is intact and that what it may have missed has been recounted, unless it was lost
// once more since they were read.
func (d *DB) Trust(ctx context.Context, lost []drain.CaptureState) error {
	err := d.immediate(ctx, func(conn *sql.Conn) (bool, error) {
		for _, s := range lost {
			_, err := conn.ExecContext(ctx, `
				UPDATE capture_state SET trusted = 1, since = ?1, reason_code = NULL, detail = NULL, recount = '[]'
				WHERE NOT trusted AND table_name = ?2 AND since = ?3`, d.instant(), s.Table, s.Since)
			if err != nil {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("trust capture: %w", unreachable(err))
	}
	return nil
}

// Ready implements server.Store.
func (d *DB) Ready(ctx context.Context) ([]summary.Check, error) {
	checks := []summary.Check{{Name: summary.CheckDatabase, OK: true}}
	migrations := summary.Check{Name: summary.CheckMigrations, OK: true}
	if err := d.CheckSchema(ctx); err != nil {
		if code(err) != 0 {
			return nil, err
		}
		migrations.OK, migrations.Reason = false, err.Error()
		return append(checks, migrations), nil
	}
	states, err := d.Capture(ctx)
	if err != nil {
		return nil, err
	}
	oldest, err := source{q: d.reader}.oldestMark(ctx)
	if err != nil {
		return nil, fmt.Errorf("read drain lag: %w", unreachable(err))
	}
	return append(checks, migrations, drain.CheckCapture(states), lagCheck(oldest, d.instant())), nil
}

// oldestMark is when the oldest mark was made that waits for a drain; nil if none does.
func (s source) oldestMark(ctx context.Context) (at *summary.Instant, err error) {
	err = s.q.QueryRowContext(ctx, `SELECT (SELECT marked_at FROM marks ORDER BY mark_id LIMIT 1)`).Scan(&at)
	return at, err
}

func lagCheck(oldest *summary.Instant, now summary.Instant) summary.Check {
	if oldest == nil || now.Sub(*oldest) <= summary.MaxDrainLag {
		return summary.Check{Name: summary.CheckDrain, OK: true}
	}
	return summary.Check{Name: summary.CheckDrain, Reason: fmt.Sprintf(
		"the oldest mark is %s old: is a server draining? see `tidemark status`", now.Sub(*oldest).Round(1e9))}
}
