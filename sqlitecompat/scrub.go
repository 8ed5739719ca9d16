package sqlitecompat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"tidemark/drain"
	"tidemark/summary"
)

var _ drain.ScrubEngine = (*DB)(nil)

// Scrub implements drain.ScrubEngine.
func (d *DB) Scrub(ctx context.Context) (drain.ScrubState, error) {
	s, err := source{q: d.reader}.scrub(ctx)
	if err != nil {
		return s, fmt.Errorf("read scrub: %w", unreachable(err))
	}
	return s, nil
}

func (s source) scrub(ctx context.Context) (drain.ScrubState, error) {
	at := drain.ScrubState{Phase: drain.PhaseConnections, Findings: []drain.ScrubCount{}}
	var began, ended *summary.Instant
	var last drain.ScrubRound
	err := s.q.QueryRowContext(ctx, `
		SELECT phase, after_id, began_at, checked, found, last_began_at, last_ended_at, last_checked, last_found FROM scrub`).
		Scan(&at.Phase, &at.AfterID, &at.BeganAt, &at.Checked, &at.Found, &began, &ended, &last.Checked, &last.Found)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return at, err
	}
	if began != nil && ended != nil {
		last.BeganAt, last.EndedAt = *began, *ended
		at.Last = &last
	}
	err = s.each(ctx, `SELECT cause, found, last_at, connector_instance_id FROM scrub_findings ORDER BY cause`, nil, func(rows *sql.Rows) error {
		var c drain.ScrubCount
		err := rows.Scan(&c.Cause, &c.Found, &c.LastAt, &c.ConnectionID)
		at.Findings = append(at.Findings, c)
		return err
	})
	return at, err
}

// SaveScrub implements drain.ScrubEngine. What is derived is written without hooks, as a drain does.
func (d *DB) SaveScrub(ctx context.Context, s drain.ScrubState, found []drain.ScrubFinding) error {
	var last drain.ScrubRound
	var began, ended *summary.Instant
	if s.Last != nil {
		last = *s.Last
		began, ended = &last.BeganAt, &last.EndedAt
	}
	return d.draining(ctx, func(conn *sql.Conn) (bool, error) {
		_, err := conn.ExecContext(ctx, `
			INSERT OR REPLACE INTO scrub (one, phase, after_id, began_at, checked, found, last_began_at, last_ended_at, last_checked, last_found)
			VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.Phase, s.AfterID, s.BeganAt, s.Checked, s.Found, began, ended, last.Checked, last.Found)
		if err != nil {
			return false, unreachable(err)
		}
		for _, f := range found {
			_, err := conn.ExecContext(ctx, `
				INSERT INTO scrub_findings (cause, found, last_at, connector_instance_id) VALUES (?, 1, ?, ?)
				ON CONFLICT (cause) DO UPDATE SET found = found + 1, last_at = excluded.last_at, connector_instance_id = excluded.connector_instance_id`,
				string(f.Cause), d.instant(), f.ConnectionID)
			if err != nil {
				return false, unreachable(err)
			}
		}
		return true, nil
	})
}
