package triggers

// A MERGE whose UPDATE moves a row to another partition shows the row to no UPDATE trigger's transition tables. It puts it into those of
// INSERT and DELETE triggers, which fire only if the MERGE has such actions, too (PostgreSQL 15.18 and 18.4; its commit "Fix transition
// tables for MERGE with cross-partition UPDATEs"). No trigger can tell a MERGE from an UPDATE, so every row that may move asks for a
// recount, which is right whatever the statement triggers count beside it.

// move is the function that does so. It returns the row: null would drop the change.
func (s *source) move() function {
	return function{s.table + "_move", s.body(unlessReplica, "NEW", (*tally).moved, (*watch).moved)}
}

// onMove is the trigger that calls it on a table whose partition keys are made of these columns. It comes before the change, since a row
// that moves fires no UPDATE trigger after it, and its name comes after all usual ones, since each trigger may change the key once more.
// Images are compared because not every type can be told equal.
func (s *source) onMove(keys []string) trigger {
	row := func(name string) string {
		return "ROW(" + join(keys, ", ", func(c string) string { return name + "." + ident(c) }) + ")"
	}
	return trigger{"~tidemark_move", ident("public", s.table), s.move().name, "BEFORE UPDATE",
		"FOR EACH ROW WHEN (record_image_ne(" + row("old") + ", " + row("new") + "))", onOrigin}
}

// withMoves adds to objects that are there however tables are partitioned the triggers that depend on it.
func (c catalog) withMoves(objects []object) []object {
	out := objects[:len(objects):len(objects)]
	for i := range sources {
		s := &sources[i]
		if keys := c.keys[s.table]; len(keys) > 0 {
			out = append(out, s.onMove(keys).object(s.table))
		}
	}
	return out
}

// moved renders a recount mark for the streams that a row leaves and enters.
func (t *tally) moved() string {
	w := watch{scope: "connection", component: t.component, names: columns(stream...), where: t.live}
	return w.moved()
}

// moved renders a recount mark for everything that a row names before and after, while the columns of NEW are not generated yet.
func (w *watch) moved() string {
	names := join(w.names, ", ", func(f fact) string { return "r." + ident(f.name) })
	rows := union([]side{wentRow.only(), cameRow.only()}, func(s side) string {
		values := make([]string, len(w.names))
		for i, f := range w.names {
			if f.generated != "" {
				f.expr = f.generated
			}
			values[i] = s.named(f.expr, f.name)
		}
		return s.query(values, w.where)
	})
	return w.store("SELECT DISTINCT " + names + "\nFROM (\n" + indent(rows) + "\n) r")
}
