package sqlitecompat

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"tidemark/drain"
	"tidemark/summary"
)

// What can be wrong with the guard triggers.
const (
	notInstalled   = summary.CaptureNotInstalled // no set was ever recorded
	tableMissing   = summary.CaptureTableMissing
	triggerMissing = summary.CaptureTriggerMissing
	triggerAltered = summary.CaptureTriggerAltered
	triggerTouched = summary.CaptureTriggerTouched // dropped, and put back as it was
	tableReplaced  = summary.CaptureTableReplaced  // by one whose columns are not where the hooks read them
	indexUnguarded = summary.CaptureIndexUnguarded // a unique index came or went since the guards were rendered
	hookedRowLeft  = summary.CaptureHookedRowLeft  // the row that keeps the guards still was committed
	fileReplaced   = summary.CaptureFileReplaced   // what others write to the file of that name is not seen here
)

// mend is the command that puts the guards back in place.
const mend = "tidemark migrate up"

// recorded is a set of guard triggers.
type recorded struct {
	version  int64
	triggers []trigger
}

// Inventory compares the guard triggers with the set that was last recorded, and returns what differs, by table; nothing if
// all is well. While there is a finding, a foreign writer's changes of that table may go unmarked. It writes nothing, but from here on
// what this process reads of the table is untrusted: to put that on record takes the write lock, which another may hold for long.
func (d *DB) Inventory(ctx context.Context) ([]drain.Finding, error) {
	found, _, _, err := inventory(ctx, d.reader)
	if err != nil {
		return nil, fmt.Errorf("take inventory: %w", unreachable(err))
	}
	var up bool
	if err := d.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM hooked)`).Scan(&up); err != nil {
		return nil, fmt.Errorf("take inventory: %w", unreachable(err))
	}
	if up {
		found = append(found, drain.Finding{Table: "hooked", Object: "table hooked", Problem: hookedRowLeft, Fix: mend,
			Detail: "its row keeps every guard trigger still; only a transaction of Tidemark's may hold it"})
	}
	unfit, err := d.unfit(ctx)
	if err != nil {
		return nil, fmt.Errorf("take inventory: %w", unreachable(err))
	}
	gone := func(f drain.Finding) bool { return f.Table == unfit && f.Problem == tableMissing }
	if unfit != "" && d.capturing.Load() && !slices.ContainsFunc(found, gone) {
		found = append(found, drain.Finding{Table: unfit, Object: "table " + unfit, Problem: tableReplaced, Fix: mend,
			Detail: "its columns are not in the order in which Tidemark reads the rows that its own connection changes"})
	}
	if d.moved() {
		found = append(found, drain.Finding{Table: everyTable, Object: "file " + d.path, Problem: fileReplaced, Fix: "start the server again",
			Detail: "another file lies there than the one that is open, or none: what others write there goes unseen"})
	}
	d.lose(found)
	return found, nil
}

// moved reports whether another file lies where the one that is open did, or none.
func (d *DB) moved() bool {
	now, err := os.Stat(d.path)
	return err != nil || !os.SameFile(now, d.file)
}

// inventory is what one snapshot shows, but for the hooked row, the recorded set and this program's own.
func inventory(ctx context.Context, q queryer) (found []drain.Finding, set, own recorded, err error) {
	if set, err = recordedSet(ctx, q); err != nil {
		return nil, set, own, err
	}
	tables, actual, err := schemaObjects(ctx, q)
	if err != nil {
		return nil, set, own, err
	}
	if own, err = ownSet(ctx, q); err != nil {
		return nil, set, own, err
	}
	for _, g := range guards {
		f := drain.Finding{Table: g.table, Object: "table " + g.table, Fix: mend}
		switch {
		case !slices.Contains(tables, g.table):
			f.Problem, f.Detail, f.Fix = tableMissing, "the source table is gone", "restore it from a copy of the file"
			found = append(found, f)
		case set.version == 0:
			f.Problem, f.Detail = notInstalled, "its guard triggers were never installed"
			found = append(found, f)
		default:
			found = append(found, set.differences(g.table, actual)...)
			if set.version == own.version && !slices.Equal(set.of(g.table), own.of(g.table)) {
				f.Problem, f.Detail = indexUnguarded, "a unique index came or went: OR REPLACE may have deleted rows by it without a mark"
				found = append(found, f)
			}
		}
	}
	return found, set, own, nil
}

// of are the triggers of a table, by name.
func (s recorded) of(table string) []trigger {
	out := slices.DeleteFunc(slices.Clone(s.triggers), func(t trigger) bool { return t.table != table })
	slices.SortFunc(out, compareTriggers)
	return out
}

// differences lists the triggers of a table that are not as recorded.
func (s recorded) differences(table string, actual map[string]installed) []drain.Finding {
	var found []drain.Finding
	for _, t := range s.triggers {
		is := actual[t.name]
		if t.table != table || is.sql == t.sql && is.sealed {
			continue
		}
		f := drain.Finding{Table: table, Object: "trigger " + t.name, Problem: triggerAltered, Detail: "it does something else than was installed", Fix: mend}
		switch is.sql {
		case "":
			f.Problem, f.Detail = triggerMissing, "it was dropped, or its table was replaced by another"
		case t.sql:
			f.Problem, f.Detail = triggerTouched, "it was dropped, and put back as it was"
		}
		found = append(found, f)
	}
	return found
}

// installed is a guard trigger that is there.
type installed struct {
	sql    string
	sealed bool // it was there before the seal, and has not been dropped since
}

// seal is a view that every installation makes last. What is created later lies behind it in the schema, also after a VACUUM, which
// keeps the order of triggers and views: so a trigger that was dropped and put back is told from one that was left alone.
const seal = `tidemark_guards_seal`

// recordedSet reads the newest set; version 0 if there is none.
func recordedSet(ctx context.Context, q queryer) (recorded, error) {
	var s recorded
	rows, err := q.QueryContext(ctx, `
		SELECT set_version, object_name, table_name, definition FROM trigger_sets
		WHERE set_version = (SELECT max(set_version) FROM trigger_sets) ORDER BY object_name`)
	if err != nil {
		return s, err
	}
	defer rows.Close() //nolint:errcheck // read to its end, or its error is told
	for rows.Next() {
		var t trigger
		if err := rows.Scan(&s.version, &t.name, &t.table, &t.sql); err != nil {
			return s, err
		}
		s.triggers = append(s.triggers, t)
	}
	return s, rows.Err()
}

// schemaObjects reads the names of all tables and the guard triggers with their text.
func schemaObjects(ctx context.Context, q queryer) (tables []string, triggers map[string]installed, err error) {
	rows, err := q.QueryContext(ctx, `
		SELECT type, name, coalesce(sql, ''), rowid < coalesce((SELECT rowid FROM sqlite_schema WHERE type = 'view' AND name = ?), 0)
		FROM sqlite_schema WHERE type IN ('table', 'trigger')`, seal)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close() //nolint:errcheck // read to its end, or its error is told
	triggers = map[string]installed{}
	for rows.Next() {
		var kind, name string
		var t installed
		if err := rows.Scan(&kind, &name, &t.sql, &t.sealed); err != nil {
			return nil, nil, err
		}
		switch {
		case kind == "table":
			tables = append(tables, name)
		case strings.HasPrefix(name, guardPrefix):
			triggers[name] = t
		}
	}
	return tables, triggers, rows.Err()
}
