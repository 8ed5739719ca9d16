package db

import (
	"context"
	"fmt"

	"tidemark/drain"
)

// Reconcile implements server.Store: drains, the connections' own marks before any other, until none of them is left that was
// visible at the call and that a drain would take. It never touches the wake-up flag.
func (d *DB) Reconcile(ctx context.Context, ids []string) error {
	for {
		var behind bool
		err := d.pool.QueryRow(ctx, `
			WITH page AS MATERIALIZED (
				SELECT i.id AS connector_instance_id, c.source_binding ->> 'browser_profile_key' AS profile_key
				FROM unnest($1::text[]) AS i (id) LEFT JOIN public.connector_instances c ON c.connector_instance_id = i.id),`+marksOf+`
			SELECT EXISTS (SELECT FROM covering WHERE NOT parked)`, ids).Scan(&behind)
		if err != nil {
			return fmt.Errorf("look for marks: %w", unreachable(err))
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
