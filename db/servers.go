package db

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
)

// SaveServer records what a server says of itself, and forgets those that have not been heard of for an hour.
func (d *DB) SaveServer(ctx context.Context, s drain.ServerState) error {
	state, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode server state: %w", err)
	}
	_, err = d.pool.Exec(ctx, `
		WITH forgotten AS (DELETE FROM tidemark.servers WHERE seen_at < clock_timestamp() - interval '1 hour' AND server_id <> $1)
		INSERT INTO tidemark.servers AS s (server_id, name, started_at, seen_at, state) VALUES ($1, $2, $3, clock_timestamp(), $4)
		ON CONFLICT (server_id) DO UPDATE SET seen_at = excluded.seen_at, state = excluded.state`,
		s.ServerID, s.Name, s.StartedAt.Time(), string(state))
	if err != nil {
		return fmt.Errorf("record server: %w", unreachable(err))
	}
	return nil
}

// RemoveServer forgets a server that ends in good order.
func (d *DB) RemoveServer(ctx context.Context, id string) error {
	if _, err := d.pool.Exec(ctx, `DELETE FROM tidemark.servers WHERE server_id = $1`, id); err != nil {
		return fmt.Errorf("remove server: %w", unreachable(err))
	}
	return nil
}

// servers lists those that have been heard of, the oldest first.
func (d *DB) servers(ctx context.Context) ([]drain.ServerState, error) {
	rows, err := d.pool.Query(ctx, `SELECT state::text, server_id, name, started_at, seen_at FROM tidemark.servers ORDER BY started_at, server_id`)
	if err != nil {
		return nil, fmt.Errorf("list servers: %w", unreachable(err))
	}
	out, err := pgx.AppendRows([]drain.ServerState{}, rows, func(row pgx.CollectableRow) (s drain.ServerState, err error) {
		var text string
		var kept drain.ServerState
		if err = row.Scan(&text, &kept.ServerID, &kept.Name, &kept.StartedAt, &kept.SeenAt); err == nil {
			err = json.Unmarshal([]byte(text), &s)
		}
		s.ServerID, s.Name, s.StartedAt, s.SeenAt = kept.ServerID, kept.Name, kept.StartedAt, kept.SeenAt
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("list servers: %w", unreachable(err))
	}
	return out, nil
}
