package triggers

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// set is a trigger set as an installation recorded it; without objects if none was.
type set struct {
	version int
	objects []object
}

// readSet reads the newest recorded set: an old server judges the catalog by what a newer one installed.
func readSet(ctx context.Context, tx pgx.Tx) (set, error) {
	var s set
	rows, err := tx.Query(ctx, `
		SELECT set_version, object_kind, object_name, table_name, definition, coalesce(enabled, '')
		FROM tidemark.trigger_sets
		WHERE set_version = (SELECT max(set_version) FROM tidemark.trigger_sets)
		ORDER BY table_name, object_kind, object_name`)
	if err != nil {
		return s, fmt.Errorf("read recorded trigger set: %w", err)
	}
	var o object
	_, err = pgx.ForEachRow(rows, []any{&s.version, &o.kind, &o.name, &o.table, &o.definition, &o.enabled}, func() error {
		if o.on = ""; o.kind == kindTrigger {
			o.on = ident("public", o.table)
		}
		s.objects = append(s.objects, o)
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("read recorded trigger set: %w", err)
	}
	return s, nil
}

// record stores what was installed, in the catalog's own words, unless it is stored already.
func (s set) record(ctx context.Context, tx pgx.Tx, c catalog) error {
	var installed []object
	for _, o := range wanted() {
		is := c.objects[o.key()]
		is.table = o.table
		installed = append(installed, is)
	}
	if s.version == SetVersion && sameObjects(s.objects, installed) {
		return nil
	}
	if _, err := tx.Exec(ctx, `DELETE FROM tidemark.trigger_sets WHERE set_version = $1`, SetVersion); err != nil {
		return fmt.Errorf("record trigger set: %w", err)
	}
	for _, o := range installed {
		_, err := tx.Exec(ctx, `
			INSERT INTO tidemark.trigger_sets (set_version, object_kind, object_name, table_name, definition, enabled)
			VALUES ($1, $2, $3, $4, $5, nullif($6, ''))`, SetVersion, o.kind, o.name, o.table, o.definition, o.enabled)
		if err != nil {
			return fmt.Errorf("record trigger set: %w", err)
		}
	}
	return nil
}

// sameObjects compares regardless of order.
func sameObjects(a, b []object) bool {
	if len(a) != len(b) {
		return false
	}
	for _, o := range a {
		if !slices.Contains(b, o) {
			return false
		}
	}
	return true
}
