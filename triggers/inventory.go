package triggers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Beginner is what Inventory needs of a *pgxpool.Pool, a *pgx.Conn or a pgx.Tx.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Inventory compares the triggers and their functions in the catalog with the newest set that an installation recorded, and
// returns what differs, by table; nothing if all is well. It writes nothing and waits while an installation is under way.
// Called every few seconds, it is what detects lost capture (SPEC G9).
func Inventory(ctx context.Context, q Beginner) ([]Finding, error) {
	tx, err := q.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("take inventory: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // nothing was written
	found, err := inventory(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("take inventory: %w", err)
	}
	return found, nil
}

func inventory(ctx context.Context, tx pgx.Tx) ([]Finding, error) {
	// A definition is printed from the catalog of the moment, not of the snapshot: without the lock an installation that
	// commits in between would look like an alteration.
	if _, err := tx.Exec(ctx, `SELECT pg_catalog.pg_advisory_xact_lock_shared($1)`, int64(installLock)); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, pinned); err != nil {
		return nil, err
	}
	c, err := readCatalog(ctx, tx)
	if err != nil {
		return nil, err
	}
	s, err := readSet(ctx, tx)
	if err != nil {
		return nil, err
	}
	return s.judge(c), nil
}

// judge lists how the catalog differs from the set.
func (s set) judge(c catalog) []Finding {
	if len(s.objects) > 0 {
		found := compare(c.withMoves(s.objects), c)
		slices.SortStableFunc(found, func(a, b Finding) int { return strings.Compare(a.Table, b.Table) })
		return found
	}
	var found []Finding
	for i := range sources {
		found = append(found, Finding{
			sources[i].table, "table " + ident("public", sources[i].table), NotInstalled, "its triggers were never installed", fix,
		})
	}
	return found
}
