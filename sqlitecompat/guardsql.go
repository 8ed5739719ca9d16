package sqlitecompat

import (
	"fmt"
	"slices"
	"strings"
)

// trigger is a guard trigger as sqlite_schema holds it.
type trigger struct{ name, table, sql string }

// renderGuards returns the guard triggers of the tables.
func renderGuards(guards []guard) []trigger {
	var out []trigger
	for _, g := range guards {
		out = append(out, g.insert(), g.update(), g.replace(), g.delete())
	}
	return out
}

// insert fires before the row is there, because only then can it be compared with the one that it replaces.
func (g guard) insert() trigger {
	var body []string
	primary := g.keyed(g.keys[0], "e", "NEW")
	known := primary
	if g.rowid {
		known += " AND NEW.event_seq <> -1" // what a BEFORE trigger sees in the place of a number yet to be given
	}
	for _, m := range g.marks {
		body = append(body, m.insert("NEW", "", m.may("NEW"),
			fmt.Sprintf("NOT EXISTS (SELECT 1 FROM %s e WHERE %s)", g.table, all(known, m.is("e"), equal(m.same, "e", "NEW")))))
	}
	for _, conflict := range g.conflicts() {
		for _, m := range g.marks {
			body = append(body, m.insert("e", g.table, conflict, m.is("e"), "NOT ("+all(primary, m.is("NEW"), equal(m.same, "e", "NEW"))+")"))
		}
	}
	body = append(body, g.whole()...)
	return g.render("insert", "BEFORE INSERT", body)
}

// update fires after the row has changed: before, SQLite does not show every generated column of the new one.
func (g guard) update() trigger {
	var body []string
	for _, m := range g.marks {
		same := equal(m.same, "OLD", "NEW")
		body = append(body,
			m.insert("OLD", "", m.is("OLD"), "NOT ("+all(m.is("NEW"), same)+")"),
			m.insert("NEW", "", m.is("NEW"), "NOT ("+all(m.is("OLD"), same)+")"))
	}
	when := "AFTER UPDATE"
	if !g.rowid {
		when += " OF " + strings.Join(sorted(g.columns, g.keys...), ", ")
	}
	return g.render("update", when, body)
}

// replace fires before a key changes, when the row that UPDATE OR REPLACE would delete is still there.
func (g guard) replace() trigger {
	var body []string
	for _, conflict := range g.conflicts() {
		for _, m := range g.marks {
			body = append(body, m.insert("e", g.table, conflict, m.is("e"), "NOT ("+g.keyed(g.keys[0], "e", "OLD")+")"))
		}
	}
	body = append(body, g.whole()...)
	when := "BEFORE UPDATE"
	if len(g.others) == 0 && !g.opaque && !g.rowid { // the columns that decide on other keys may be any
		when += " OF " + strings.Join(sorted(nil, g.keys...), ", ")
	}
	return g.render("replace", when, body)
}

// whole marks the whole table where it cannot be told which rows OR REPLACE would delete.
func (g guard) whole() []string {
	switch {
	case !g.opaque:
		return nil
	case g.component == "manifest":
		return []string{g.marks[0].insert("e", g.table)}
	}
	return []string{guardMark{scope: "all", component: g.component}.insert("", "")}
}

// sorted returns the columns of all lists, each once.
func sorted(columns []string, more ...[]string) []string {
	out := slices.Clone(columns)
	for _, m := range more {
		out = append(out, m...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (g guard) delete() trigger {
	var body []string
	for _, m := range g.marks {
		body = append(body, m.insert("OLD", "", m.is("OLD")))
	}
	return g.render("delete", "AFTER DELETE", body)
}

// render puts a trigger together. It asks for the hooked row first, so that it costs the hooked writer one look.
func (g guard) render(event, when string, body []string) trigger {
	name := guardPrefix + g.table + "_" + event
	sql := fmt.Sprintf("CREATE TRIGGER %s %s ON %s\nWHEN NOT EXISTS (SELECT 1 FROM hooked)\nBEGIN\n%s\nEND", name, when, g.table, strings.Join(body, "\n"))
	return trigger{name, g.table, sql}
}

// insert leaves the mark of a row where all conditions hold and where it is not there already. Not OR IGNORE: in a trigger the
// conflict clause of the outer statement would win.
func (m guardMark) insert(name, from string, conditions ...string) string {
	columns := []string{"scope", "component", "recount"}
	values := []string{"'" + m.scope + "'", "'" + m.component + "'", "1"}
	there := []string{"scope = '" + m.scope + "'", "component = '" + m.component + "'", "recount = 1"}
	for _, c := range []struct{ column, value string }{
		{"connector_instance_id", m.connection}, {"stream", m.stream}, {"run_id", m.run}, {"profile_key", m.profile}, {"connector_id", m.connector},
	} {
		if c.value == "" {
			if m.scope == "run" || c.column == "stream" && m.scope == "connection" {
				there = append(there, c.column+" IS NULL")
			}
			continue
		}
		columns = append(columns, c.column)
		values = append(values, row(c.value, name))
		there = append(there, c.column+" IS "+row(c.value, name))
	}
	if from != "" {
		from = " FROM " + from + " " + name
	}
	conditions = slices.DeleteFunc(conditions, func(c string) bool { return c == "" })
	conditions = append(conditions, "NOT EXISTS (SELECT 1 FROM marks WHERE "+strings.Join(there, " AND ")+")")
	return fmt.Sprintf("  INSERT INTO marks (%s)\n  SELECT %s%s\n  WHERE %s;", strings.Join(columns, ", "), strings.Join(values, ", "), from,
		strings.Join(conditions, "\n    AND "))
}
