package sqlitecompat

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tidemark/drain"
	"tidemark/summary"
)

// startCapture lets the hooks capture, if the tables are such that they can.
func (d *DB) startCapture(ctx context.Context) error {
	unfit, err := d.unfit(ctx)
	if err != nil {
		return unreachable(err)
	}
	if unfit != "" {
		return fmt.Errorf("table %s is not as migrated: its first columns must be %s; restore it from a copy of the file",
			unfit, strings.Join(hooks[unfit].columns, ", "))
	}
	d.capturing.Store(true)
	return nil
}

// unfit names a source table whose columns are not where the hooks read them; "" if there is none.
func (d *DB) unfit(ctx context.Context) (string, error) {
	for _, g := range guards {
		have, err := columns(ctx, d.reader, g.table)
		if err != nil {
			return "", err
		}
		for i, name := range hooks[g.table].columns {
			if i >= len(have) || have[i].name != name {
				return g.table, nil
			}
		}
	}
	return "", nil
}

// stopCapture leaves it to the guard triggers to mark what the hooked connection changes, once it is between two transactions.
func (d *DB) stopCapture(ctx context.Context) error {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it only goes back to the pool
	d.capturing.Store(false)
	return nil
}

// EnsureCapture puts the guard triggers in place where they differ from the newest recorded set, and leaves marks that have
// everything recounted which may have changed past them, in one transaction: nobody sees the one without the other. It
// returns what it mended. An older program does not replace a newer one's set.
func (d *DB) EnsureCapture(ctx context.Context) ([]drain.Finding, error) {
	found, err := d.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	set, err := recordedSet(ctx, d.reader)
	if err != nil {
		return nil, fmt.Errorf("read recorded triggers: %w", unreachable(err))
	}
	own, err := ownSet(ctx, d.reader)
	if err != nil {
		return nil, fmt.Errorf("render guard triggers: %w", unreachable(err))
	}
	if len(found) == 0 && !own.replaces(set) {
		return nil, nil
	}
	for _, f := range found {
		switch f.Problem {
		case tableMissing:
			return nil, fmt.Errorf("install guard triggers: table %s is missing: %s", f.Table, f.Fix)
		case fileReplaced:
			return nil, fmt.Errorf("install guard triggers: %s: %s; %s", f.Object, f.Detail, f.Fix)
		case tableReplaced:
			if err := d.stopCapture(ctx); err != nil {
				return nil, fmt.Errorf("install guard triggers: %w", unreachable(err))
			}
		}
	}
	err = d.immediate(ctx, func(conn *sql.Conn) (bool, error) {
		// What differs now, under the write lock. The hooked row is up here in any case, and the hooks have been stopped, so
		// these were looked up above.
		now, set, own, err := inventory(ctx, conn)
		if err != nil {
			return false, fmt.Errorf("take inventory: %w", err)
		}
		before := slices.DeleteFunc(slices.Clone(found), func(f drain.Finding) bool {
			return f.Problem != hookedRowLeft && f.Problem != tableReplaced
		})
		found = append(now, before...)
		target := set
		if own.replaces(set) {
			target = own
		}
		if err := target.install(ctx, conn); err != nil {
			return false, err
		}
		return true, distrust(ctx, conn, found, set.version == 0, d.instant())
	})
	if err != nil {
		return nil, fmt.Errorf("install guard triggers: %w", unreachable(err))
	}
	d.lose(nil) // it is on record now
	return found, nil
}

// ownSet is the set of this program for the database as it is.
func ownSet(ctx context.Context, q queryer) (recorded, error) {
	guards, err := guardsOf(ctx, q)
	return recorded{guardSet, renderGuards(guards)}, err
}

// replaces reports whether s is newer than the recorded set, or another build's of the same version.
func (s recorded) replaces(old recorded) bool {
	if s.version != old.version {
		return s.version > old.version
	}
	byName := func(a, b trigger) bool { return a == b }
	mine := slices.Clone(s.triggers)
	slices.SortFunc(mine, compareTriggers)
	return !slices.EqualFunc(mine, old.triggers, byName)
}

func compareTriggers(a, b trigger) int {
	switch {
	case a.name < b.name:
		return -1
	case a.name > b.name:
		return 1
	}
	return 0
}

// install makes the guard triggers those of s, touching only what differs, and records the set.
func (s recorded) install(ctx context.Context, conn *sql.Conn) error {
	_, actual, err := schemaObjects(ctx, conn)
	if err != nil {
		return fmt.Errorf("read triggers: %w", err)
	}
	want := map[string]string{}
	for _, t := range s.triggers {
		want[t.name] = t.sql
	}
	for name, is := range actual {
		if want[name] != is.sql {
			if _, err := conn.ExecContext(ctx, `DROP TRIGGER "`+name+`"`); err != nil {
				return fmt.Errorf("drop trigger %s: %w", name, err)
			}
		}
	}
	for _, t := range s.triggers {
		if actual[t.name].sql != t.sql {
			if _, err := conn.ExecContext(ctx, t.sql); err != nil {
				return fmt.Errorf("create trigger %s: %w", t.name, err)
			}
		}
		_, err := conn.ExecContext(ctx, `
			INSERT INTO trigger_sets (set_version, object_name, table_name, definition) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET definition = excluded.definition WHERE definition <> excluded.definition`, s.version, t.name, t.table, t.sql)
		if err != nil {
			return fmt.Errorf("record trigger %s: %w", t.name, err)
		}
	}
	for _, sql := range []string{`DROP VIEW IF EXISTS main.` + seal, `CREATE VIEW main.` + seal + ` AS SELECT 'keep this view' AS note`} {
		if _, err := conn.ExecContext(ctx, sql); err != nil {
			return fmt.Errorf("seal triggers: %w", err)
		}
	}
	return nil
}

// distrust says in capture_state that the tables which were found unguarded are not to be trusted, and leaves recount marks for them. At
// the first installation there may be nothing to recount.
func distrust(ctx context.Context, conn *sql.Conn, found []drain.Finding, first bool, now summary.Instant) error {
	var populated bool
	err := conn.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM connector_instances) OR EXISTS (SELECT 1 FROM connector_summary_evidence)
		    OR EXISTS (SELECT 1 FROM connectors) OR EXISTS (SELECT 1 FROM spine_events)`).Scan(&populated)
	if err != nil {
		return fmt.Errorf("look for rows: %w", err)
	}
	for _, g := range guards {
		i := slices.IndexFunc(found, func(f drain.Finding) bool { return f.Table == g.table || f.Table == everyTable })
		if i < 0 {
			continue
		}
		reason, detail := found[i].Problem, found[i].Object+": "+found[i].Problem
		if first {
			reason, detail = summary.CaptureOnPopulated, "the table had rows when its guard triggers were first installed"
		}
		recount, err := json.Marshal(g.components())
		if err == nil {
			_, err = conn.ExecContext(ctx, `
				INSERT INTO capture_state (table_name, trusted, since, reason_code, detail, recount)
				VALUES (?1, ?2, ?3, CASE WHEN NOT ?2 THEN ?4 END, CASE WHEN NOT ?2 THEN ?5 END, CASE WHEN ?2 THEN '[]' ELSE ?6 END)
				ON CONFLICT DO UPDATE SET trusted = excluded.trusted, since = excluded.since, reason_code = excluded.reason_code,
					detail = excluded.detail, recount = excluded.recount`,
				g.table, first && !populated, now, reason, detail, string(recount))
		}
		if err == nil && populated {
			if g.component == "manifest" {
				_, err = conn.ExecContext(ctx, `
					INSERT INTO main.marks (scope, component, recount, connector_id) SELECT 'connector', 'manifest', 1, connector_id FROM connectors`)
			} else {
				_, err = conn.ExecContext(ctx, `INSERT INTO main.marks (scope, component, recount) VALUES ('all', ?, 1)`, g.component)
			}
		}
		if err != nil {
			return fmt.Errorf("mark what %s may have missed: %w", g.table, err)
		}
	}
	return nil
}
