package triggers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// lockWithin bounds, in milliseconds, how long one attempt waits for all its table locks. While it waits, and while it
// holds some of them, writers queue behind it. Less than the default deadlock_timeout of 1 s: in a deadlock with a writer it
// is this attempt that gives up, never the writer.
const lockWithin = 800

// errLocked says that an attempt did not get its locks.
var errLocked = errors.New("end the long transaction that uses the table, or wait, and run `tidemark migrate up` again")

// change is what brings one object of the catalog to what it should be.
type change struct {
	object     object
	statements []string
}

// changes lists what differs from what this program wants, functions before the triggers that call them.
func changes(c catalog) ([]change, error) {
	var out []change
	for i := range sources {
		r := render(&sources[i])
		if !c.tables[r.source.table] {
			return nil, fmt.Errorf("source table %s does not exist: run `tidemark migrate up`", ident("public", r.source.table))
		}
		objects := r.objects()
		for j, f := range r.functions {
			if problem, _ := c.check(objects[j]); problem != "" {
				out = append(out, change{objects[j], []string{f.definition(), f.revocation(),
					"ALTER FUNCTION " + f.qualified() + "() OWNER TO " + quote(c.owner)}})
			}
		}
		for j, t := range r.triggers {
			o := objects[len(r.functions)+j]
			switch problem, _ := c.check(o); {
			case problem == TriggerDisabled, problem == TriggerDemoted:
				out = append(out, change{o, []string{t.enabling()}})
			case problem != "":
				out = append(out, change{o, []string{t.replacement(), t.enabling()}})
			}
		}
	}
	return out, nil
}

// replace makes the changes and names what it changed.
func replace(ctx context.Context, tx pgx.Tx, c catalog, broken []Finding) ([]string, error) {
	todo, err := changes(c)
	if err != nil {
		return nil, err
	}
	if err := lock(ctx, tx, tablesOf(todo, broken)); err != nil {
		return nil, err
	}
	var names []string
	for _, ch := range todo {
		for _, sql := range ch.statements {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return nil, fmt.Errorf("replace %s: %w", ch.object, err)
			}
		}
		names = append(names, ch.object.String())
	}
	return names, nil
}

// tablesOf names the tables to lock: those whose triggers change, and those whose capture was broken, even if only a
// function was: a transaction that has written unmarked must end before a recount can make good for it.
func tablesOf(todo []change, broken []Finding) []string {
	touched := map[string]bool{}
	for _, ch := range todo {
		touched[ch.object.table] = touched[ch.object.table] || ch.object.kind == kindTrigger
	}
	for _, f := range broken {
		touched[f.Table] = true
	}
	var tables []string
	for i := range sources {
		if touched[sources[i].table] {
			tables = append(tables, ident("public", sources[i].table))
		}
	}
	return tables
}

// lock takes the locks that creating and enabling triggers needs: they exclude writers, not readers.
func lock(ctx context.Context, tx pgx.Tx, tables []string) error {
	if len(tables) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL statement_timeout = %d`, lockWithin)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `LOCK TABLE `+strings.Join(tables, ", ")+` IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		var pg *pgconn.PgError
		// query_canceled (by the timeout, or else by our context, which whoever tries again will notice), deadlock_detected
		if errors.As(err, &pg) && (pg.Code == "57014" || pg.Code == "40P01") {
			return fmt.Errorf("lock %s: %w: %w", strings.Join(tables, ", "), err, errLocked)
		}
		return fmt.Errorf("lock %s: %w", strings.Join(tables, ", "), err)
	}
	_, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`)
	return err
}
