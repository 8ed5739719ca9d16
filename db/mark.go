package db

import (
	"context"
	"fmt"

	"tidemark/drain"
)

// Mark leaves a recount mark for one connection, for whoever knows that something changed behind the triggers' back.
// drain.ErrUnknownConnection if the id names neither a connection nor evidence of one.
func (d *DB) Mark(ctx context.Context, id string) error {
	var known bool
	err := d.pool.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM public.connector_instances WHERE connector_instance_id = $1)
		    OR EXISTS (SELECT FROM tidemark.connector_summary_evidence WHERE connector_instance_id = $1)`, id).Scan(&known)
	if err != nil {
		return fmt.Errorf("mark connection: %w", unreachable(err))
	}
	if !known {
		return fmt.Errorf("mark %q: %w", id, drain.ErrUnknownConnection)
	}
	if _, err := d.pool.Exec(ctx, `SELECT tidemark.mark($1)`, id); err != nil {
		return fmt.Errorf("mark connection: %w", unreachable(err))
	}
	return nil
}

// MarkAll leaves a recount mark for every connection.
func (d *DB) MarkAll(ctx context.Context) error {
	if _, err := d.pool.Exec(ctx, `SELECT tidemark.mark_all()`); err != nil {
		return fmt.Errorf("mark every connection: %w", unreachable(err))
	}
	return nil
}
