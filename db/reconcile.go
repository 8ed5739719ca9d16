package db

import (
	"context"
	"fmt"
)

// Reconcile implements server.Store: drains until no mark of the connections is left that was visible at the call and that
// a drain would take. It never touches the wake-up flag.
func (d *DB) Reconcile(ctx context.Context, ids []string) error {
	for {
		var behind bool
		err := d.pool.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM tidemark.connection_marks
			               WHERE (connector_instance_id = ANY ($1) OR connector_instance_id IS NULL) AND held <> 'parked')`, ids).Scan(&behind)
		if err != nil {
			return fmt.Errorf("look for marks: %w", unreachable(err))
		}
		if !behind {
			return nil
		}
		result, err := d.Drain(ctx)
		if err != nil {
			return fmt.Errorf("reconcile: %w", err)
		}
		if !result.More { // all that was visible was taken; what is there now came later
			return nil
		}
	}
}
