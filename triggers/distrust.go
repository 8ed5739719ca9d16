package triggers

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Distrust takes an inventory and records in capture_state every table that has a finding. It locks no source table: a writer may
// hold one, and for that very reason changes may go unmarked. Called every few seconds, it is what detects lost capture (SPEC G9);
// Install mends it. It returns what it found, and the tables that lose their trust by it.
func Distrust(ctx context.Context, q Beginner) (found []Finding, lost []string, err error) {
	tx, err := q.Begin(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("record lost capture: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit there is nothing to undo
	if found, err = inventory(ctx, tx); err != nil {
		return nil, nil, fmt.Errorf("take inventory: %w", err)
	}
	if len(found) == 0 {
		return nil, nil, nil
	}
	for i := range sources {
		s := &sources[i]
		j := slices.IndexFunc(found, func(f Finding) bool { return f.Table == s.table })
		if j < 0 {
			continue
		}
		// What is on record for the same reason stays, so that since tells when it began. No recount earns trust while a finding
		// is left, and an installation that removes it moves since.
		tag, err := tx.Exec(ctx, `
			INSERT INTO tidemark.capture_state AS c (table_name, trusted, reason_code, detail, recount, components)
			VALUES ($1, false, $2, $3, $4::text[]::tidemark.component[], $4::text[]::tidemark.component[])
			ON CONFLICT (table_name) DO UPDATE SET trusted = false, since = excluded.since, reason_code = excluded.reason_code,
				detail = excluded.detail, recount = excluded.recount
			WHERE c.trusted OR c.reason_code IS DISTINCT FROM excluded.reason_code OR c.detail IS DISTINCT FROM excluded.detail`,
			s.table, string(found[j].Problem), found[j].reason(), s.recount())
		if err != nil {
			return found, nil, fmt.Errorf("record lost capture of %s: %w", s.table, err)
		}
		if tag.RowsAffected() > 0 {
			lost = append(lost, s.table)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return found, nil, fmt.Errorf("record lost capture: %w", err)
	}
	return found, lost, nil
}

// reason is capture_state.detail.
func (f Finding) reason() string { return f.Object + ": " + f.Detail }

// distrust enters every source table into capture_state: trusted if it was empty when its triggers were first installed. A
// table that has a finding is trusted no more, from now on: one that was not trusted before either must not earn trust by
// a recount that began before this. It names the tables that it declared untrusted.
func distrust(ctx context.Context, tx pgx.Tx, broken []Finding) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT table_name, coalesce(reason_code, '') FROM tidemark.capture_state`)
	if err != nil {
		return nil, fmt.Errorf("read capture state: %w", err)
	}
	reasons := map[string]string{}
	var table, was string
	if _, err := pgx.ForEachRow(rows, []any{&table, &was}, func() error { reasons[table] = was; return nil }); err != nil {
		return nil, fmt.Errorf("read capture state: %w", err)
	}
	var out []string
	for i := range sources {
		s := &sources[i]
		first := reasons[s.table] == string(NotInstalled)
		var reason, detail string
		if first {
			populated, err := s.populated(ctx, tx)
			if err != nil {
				return nil, err
			}
			if populated {
				reason, detail = InstalledOnPopulated, "the table had rows when its triggers were first installed"
			}
		} else {
			for _, f := range broken {
				if f.Table == s.table {
					reason, detail = string(f.Problem), f.reason()
					break
				}
			}
		}
		if !first && reason == "" {
			continue
		}
		if err := s.enter(ctx, tx, reason, detail); err != nil {
			return nil, err
		}
		if reason != "" {
			out = append(out, s.table)
		}
	}
	return out, nil
}

func (s *source) populated(ctx context.Context, tx pgx.Tx) (populated bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+ident("public", s.table)+`)`).Scan(&populated)
	if err != nil {
		return false, fmt.Errorf("look into source table %s: %w", ident("public", s.table), err)
	}
	return populated, nil
}

// recount names the components that rest on the table.
func (s *source) recount() []string {
	names := make([]string, len(s.components))
	for i, c := range s.components {
		names[i] = string(c)
	}
	return names
}

// enter writes the table's row of capture_state: trusted if there is no reason against it.
func (s *source) enter(ctx context.Context, tx pgx.Tx, reason, detail string) error {
	recount := []string{}
	if reason != "" {
		recount = s.recount()
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO tidemark.capture_state (table_name, trusted, reason_code, detail, recount, components)
		VALUES ($1, $2 = '', nullif($2, ''), nullif($3, ''), $4::text[]::tidemark.component[], $5::text[]::tidemark.component[])
		ON CONFLICT (table_name) DO UPDATE SET trusted = excluded.trusted, since = excluded.since, reason_code = excluded.reason_code,
			detail = excluded.detail, recount = excluded.recount, components = excluded.components`,
		s.table, reason, detail, recount, s.recount())
	if err != nil {
		return fmt.Errorf("enter capture state of %s: %w", s.table, err)
	}
	return nil
}
