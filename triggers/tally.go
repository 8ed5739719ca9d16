package triggers

import "strings"

// stream is what a tally's marks are grouped by.
var stream = []string{"connector_instance_id", "stream"}

// insert renders how a statement's new rows are marked; one row, the hot path, without grouping.
func (t *tally) insert() string { return t.oneOrMore(cameRows) }

// delete renders how a statement's deleted rows are marked.
func (t *tally) delete() string { return t.oneOrMore(wentRows) }

func (t *tally) oneOrMore(s side) string {
	several := "EXISTS (SELECT FROM " + strings.Fields(s.from)[0] + " OFFSET 1)"
	return branch(several, t.store(t.sums(s), s), t.one(s))
}

// update renders how a statement's changed rows are marked; one row that stays in its stream without grouping.
func (t *tally) update() string {
	several := "EXISTS (SELECT FROM new_rows OFFSET 1) OR EXISTS (\n" +
		indent("SELECT FROM old_rows o, new_rows n\nWHERE NOT ("+
			join(stream, " AND ", func(c string) string { return op("o."+c, "=", "n."+c) })+")") +
		"\n)"
	return branch(several, t.store(t.difference(wentRows, cameRows), cameRows, wentRows), t.pair())
}

// row renders how a row trigger marks.
func (t *tally) row() string {
	return "IF " + op("TG_OP", "=", "'INSERT'") + " THEN\n" + indent(t.one(cameRow.only())) +
		"\nELSIF " + op("TG_OP", "=", "'DELETE'") + " THEN\n" + indent(t.one(wentRow.only())) +
		"\nELSE\n" + indent(t.store(t.difference(wentRow.only(), cameRow.only()), cameRow, wentRow)) +
		"\nEND IF;"
}

// one marks a side that has exactly one row.
func (t *tally) one(s side) string {
	values := []string{s.alias + ".connector_instance_id", s.alias + ".stream", s.signed("1"), s.signed(s.alias + "." + t.size)}
	if t.newest != "" {
		values = append(values, s.alias+"."+t.newest)
	}
	return t.into(s) + "\n" + s.query(append([]string{t.mark()}, values...), t.live) + ";"
}

// pair marks one row that was changed within its stream: the sums are differences.
func (t *tally) pair() string {
	rows, bytes := "0", op("n."+t.size, "-", "o."+t.size)
	changed := op("o."+t.size, "<>", "n."+t.size)
	values := []string{t.mark(), "n.connector_instance_id", "n.stream"}
	if t.live == "" {
		values = append(values, rows, bytes)
	} else {
		old, came := t.live.of("o"), t.live.of("n")
		count := func(live, value string) string { return "CASE WHEN " + live + " THEN " + value + " ELSE 0 END" }
		moved := op("("+old+")", "<>", "("+came+")") + " OR " + op("o."+t.newest, "<>", "n."+t.newest)
		newest := func(live, value string) string {
			return string(only(expr(live+" AND ("+moved+")"), expr(value+"."+t.newest)))
		}
		values = append(values, op(count(came, "1"), "-", count(old, "1")),
			op(count(came, "n."+t.size), "-", count(old, "o."+t.size)), newest(came, "n"), newest(old, "o"))
		changed = "(" + old + " OR " + came + ") AND (" + moved + " OR " + changed + ")"
	}
	return t.into(cameRows, wentRows) + "\nSELECT " + wrap(values) +
		"\nFROM old_rows o, new_rows n\nWHERE " + changed + ";"
}

// sums groups one side's rows by stream.
func (t *tally) sums(s side) string {
	values := []string{
		s.alias + ".connector_instance_id", s.alias + ".stream", s.signed("pg_catalog.count(*)") + " AS rows",
		s.signed("pg_catalog.sum("+s.alias+"."+t.size+")") + " AS bytes",
	}
	if t.newest != "" {
		values = append(values, "pg_catalog.max("+s.alias+"."+t.newest+") AS "+s.newest())
	}
	return s.query(values, t.live) + "\nGROUP BY " + list(s.alias, stream)
}

// difference groups what came and went by stream. Rows of a stream that evidence cannot tell apart cancel out: those of one
// time where it keeps the newest, else all, so what is left is the least that a statement changed. A join on the key would
// miss rows whose key moved, and sums alone a time that moved.
func (t *tally) difference(sides ...side) string {
	by := stream
	if t.newest != "" {
		by = append(stream[:len(stream):len(stream)], t.newest)
	}
	from := union(sides, func(s side) string {
		values := []string{s.signed("1") + " AS sign", s.signed(s.alias+"."+t.size) + " AS bytes"}
		for _, c := range by {
			values = append(values, s.named(col(c), c))
		}
		return s.query(values, t.live)
	})
	rows, bytes := "pg_catalog.sum(c.sign)", "pg_catalog.sum(c.bytes)"
	groups := "SELECT " + list("c", by) + ", " + rows + " AS rows, " + bytes + " AS bytes\nFROM (\n" + indent(from) +
		"\n) c\nGROUP BY " + list("c", by) + "\nHAVING " + op(rows, "<>", "0") + " OR " + op(bytes, "<>", "0")
	if t.newest == "" {
		return groups
	}
	moved := func(sign string) string {
		return "pg_catalog.max(t." + t.newest + ") FILTER (WHERE " + op("t.rows", sign, "0") + ")"
	}
	return "SELECT " + list("t", stream) + ", pg_catalog.sum(t.rows) AS rows, pg_catalog.sum(t.bytes) AS bytes,\n       " +
		moved(">") + " AS newest_gained,\n       " + moved("<") + " AS newest_lost\nFROM (\n" + indent(groups) +
		"\n) t\nGROUP BY " + list("t", stream) + "\nHAVING " + op("pg_catalog.sum(t.bytes)", "<>", "0") +
		" OR pg_catalog.bool_or(" + op("t.rows", "<>", "0") + ")"
}

// store inserts one mark per group.
func (t *tally) store(groups string, sides ...side) string {
	values := []string{t.mark(), "g.connector_instance_id", "g.stream", "g.rows", "g.bytes"}
	into := t.into(sides...)
	if t.wide {
		fits := op("pg_catalog.abs(g.bytes)", "<=", "9223372036854775807")
		values[3], values[4] = string(only(expr(fits), "g.rows")), string(only(expr(fits), "g.bytes"))
		values = append(values, "NOT ("+fits+")")
		into = strings.TrimSuffix(into, ")") + ", recount)"
	}
	if t.newest != "" {
		for _, s := range sides {
			values = append(values, "g."+s.newest())
		}
	}
	return into + "\nSELECT " + wrap(values) + "\nFROM (\n" + indent(groups) + "\n) g;"
}

// into names the columns of a mark, with the newest times of the sides.
func (t *tally) into(sides ...side) string {
	columns := []string{"component", "connector_instance_id", "stream", t.rows, t.bytes}
	if t.newest != "" {
		for _, s := range sides {
			columns = append(columns, s.newest())
		}
	}
	return "INSERT INTO tidemark.marks (" + strings.Join(columns, ", ") + ")"
}

func (t *tally) mark() string { return literal(string(t.component)) + "::tidemark.component" }

// list names columns of an alias.
func list(alias string, columns []string) string {
	return join(columns, ", ", func(c string) string { return alias + "." + c })
}

func branch(condition, then, otherwise string) string {
	return "IF " + condition + " THEN\n" + indent(then) + "\nELSE\n" + indent(otherwise) + "\nEND IF;"
}
