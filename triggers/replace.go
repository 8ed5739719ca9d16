package triggers

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// change is what brings one object of the catalog to what it should be.
type change struct {
	object     object
	statements []string
}

// changes lists what of the source tables differs from what this program wants, functions before the triggers that call them, and
// what calls them where nothing should.
func changes(c catalog) ([]change, error) {
	var out []change
	expected := map[key]bool{}
	for i := range sources {
		r := render(&sources[i], c.keys[sources[i].table])
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
			out = append(out, c.change(o, t)...)
			expected[o.key()] = true
			for _, m := range c.members[r.source.table] {
				expected[o.moved(m.on).key()] = true
			}
		}
	}
	for _, o := range c.superfluous(wanted(), expected) {
		out = append(out, change{o, []string{"DROP TRIGGER " + ident(o.name) + " ON " + o.on}})
	}
	return out, nil
}

// childChanges lists what differs on the tables below the source tables, once these are as they should be: the row triggers of
// partitions are there by then.
func childChanges(c catalog) []change {
	var out []change
	for i := range sources {
		r := render(&sources[i], c.keys[sources[i].table])
		objects := r.objects()
		for _, m := range c.members[r.source.table] {
			for j, t := range r.triggers {
				if !m.foreign {
					out = append(out, c.change(objects[len(r.functions)+j].moved(m.on), t.moved(m.on))...)
				}
			}
		}
	}
	return out
}

// change is what a trigger needs; none if it is as it should be.
func (c catalog) change(o object, t trigger) []change {
	switch problem, _ := c.check(o); problem {
	case "":
		return nil
	case TriggerDisabled, TriggerDemoted:
		return []change{{o, []string{t.enabling()}}}
	default:
		return []change{{o, []string{t.replacement(), t.enabling()}}}
	}
}

// replace makes the changes and names what it changed.
func replace(ctx context.Context, tx pgx.Tx, todo []change) ([]string, error) {
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
