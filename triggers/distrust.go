package triggers

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// notInstalled is the reason_code with which the migrations enter every table: until its triggers are there, nothing is captured.
const notInstalled = "not_installed"

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
		was, known := reasons[s.table]
		known = known && was != notInstalled
		var reason, detail string
		if !known {
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
					reason, detail = string(f.Problem), f.Object+": "+f.Detail
					break
				}
			}
		}
		if known && reason == "" {
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

// enter writes the table's row of capture_state: trusted if there is no reason against it.
func (s *source) enter(ctx context.Context, tx pgx.Tx, reason, detail string) error {
	recount := []string{}
	if reason != "" {
		for _, c := range s.components {
			recount = append(recount, string(c))
		}
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO tidemark.capture_state (table_name, trusted, reason_code, detail, recount)
		VALUES ($1, $2 = '', nullif($2, ''), nullif($3, ''), $4::text[]::tidemark.component[])
		ON CONFLICT (table_name) DO UPDATE SET trusted = excluded.trusted, since = excluded.since,
			reason_code = excluded.reason_code, detail = excluded.detail, recount = excluded.recount`,
		s.table, reason, detail, recount)
	if err != nil {
		return fmt.Errorf("enter capture state of %s: %w", s.table, err)
	}
	return nil
}
