package triggers

// affected renders a recount mark for everything that the rows of one side name.
func (w *watch) affected(s side) string {
	values := join(w.names, ", ", func(f fact) string { return s.named(f.expr, f.name) })
	return w.store(s.query([]string{"DISTINCT " + values}, w.where))
}

// changed renders a recount mark for everything that is named by rows of one side which the other side does not have as
// often: EXCEPT ALL in both directions, counted in one pass.
func (w *watch) changed(sides ...side) string {
	facts := append(w.names[:len(w.names):len(w.names)], w.facts...)
	of := func(alias string, facts []fact) string {
		return join(facts, ", ", func(f fact) string { return alias + "." + ident(f.name) })
	}
	from := union(sides, func(s side) string {
		values := []string{s.signed("1") + " AS sign"}
		for _, f := range facts {
			values = append(values, s.named(f.expr, f.name))
		}
		return s.query(values, w.where)
	})
	return w.store("SELECT DISTINCT " + of("d", w.names) + "\nFROM (\n" +
		indent("SELECT "+of("c", w.names)+"\nFROM (\n"+indent(from)+"\n) c\nGROUP BY "+of("c", facts)+
			"\nHAVING "+op("pg_catalog.sum(c.sign)", "<>", "0")) +
		"\n) d")
}

// store inserts one mark per row of a query of the names.
func (w *watch) store(query string) string {
	names := join(w.names, ", ", func(f fact) string { return ident(f.name) })
	values := []string{
		literal(w.scope) + "::tidemark.mark_scope", literal(string(w.component)) + "::tidemark.component", "true",
		join(w.names, ", ", func(f fact) string { return "a." + ident(f.name) }),
	}
	return "INSERT INTO tidemark.marks (scope, component, recount, " + names + ")\nSELECT " + wrap(values) +
		"\nFROM (\n" + indent(query) + "\n) a;"
}
