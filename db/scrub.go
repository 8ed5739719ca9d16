package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/summary"
)

var _ drain.ScrubEngine = (*DB)(nil)

// Scrub implements drain.ScrubEngine.
func (d *DB) Scrub(ctx context.Context) (drain.ScrubState, error) {
	s := drain.ScrubState{Phase: drain.PhaseConnections}
	var began, ended *summary.Instant
	var last drain.ScrubRound
	err := d.pool.QueryRow(ctx, `
		SELECT phase, after_id, began_at, checked, found, last_began_at, last_ended_at, last_checked, last_found FROM tidemark.scrub`).
		Scan(&s.Phase, &s.AfterID, &s.BeganAt, &s.Checked, &s.Found, &began, &ended, &last.Checked, &last.Found)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) { // a restore of other tables alone leaves none
		return s, fmt.Errorf("read scrub: %w", unreachable(err))
	}
	if began != nil && ended != nil {
		last.BeganAt, last.EndedAt = *began, *ended
		s.Last = &last
	}
	rows, err := d.pool.Query(ctx, `SELECT cause, found, last_at, connector_instance_id FROM tidemark.scrub_findings ORDER BY cause`)
	if err != nil {
		return s, fmt.Errorf("read findings of scrub: %w", unreachable(err))
	}
	s.Findings, err = pgx.AppendRows([]drain.ScrubCount{}, rows, pgx.RowToStructByPos[drain.ScrubCount])
	return s, unreachable(err)
}

// SaveScrub implements drain.ScrubEngine.
func (d *DB) SaveScrub(ctx context.Context, s drain.ScrubState, found []drain.ScrubFinding) error {
	var last drain.ScrubRound
	var began, ended *summary.Instant
	if s.Last != nil {
		last = *s.Last
		began, ended = &last.BeganAt, &last.EndedAt
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO tidemark.scrub (phase, after_id, began_at, checked, found, last_began_at, last_ended_at, last_checked, last_found)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (one) DO UPDATE SET phase = excluded.phase, after_id = excluded.after_id, began_at = excluded.began_at,
			checked = excluded.checked, found = excluded.found, last_began_at = excluded.last_began_at,
			last_ended_at = excluded.last_ended_at, last_checked = excluded.last_checked, last_found = excluded.last_found`,
		s.Phase, s.AfterID, timestamptz(s.BeganAt), s.Checked, s.Found, timestamptz(began), timestamptz(ended), last.Checked, last.Found)
	at := d.instant()
	for _, f := range found {
		batch.Queue(`
			INSERT INTO tidemark.scrub_findings AS f (cause, found, last_at, connector_instance_id) VALUES ($1, 1, $2, $3)
			ON CONFLICT (cause) DO UPDATE SET found = f.found + 1, last_at = excluded.last_at, connector_instance_id = excluded.connector_instance_id`,
			string(f.Cause), timestamptz(&at), f.ConnectionID)
	}
	return unreachable(d.pool.SendBatch(ctx, batch).Close())
}
