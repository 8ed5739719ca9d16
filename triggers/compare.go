package triggers

import (
	"fmt"
	"slices"
	"strings"
)

// compare lists how the catalog differs from what should be there, in the order of should. What is as it should be, but was touched
// since the last installation, is named, one object a table, where nothing worse is known of the table.
func compare(should []object, c catalog) []Finding {
	var out []Finding
	missing, found := map[string]bool{}, map[string]bool{}
	expected := map[key]bool{}
	add := func(f Finding) {
		found[f.Table] = true
		out = append(out, f)
	}
	for _, o := range should {
		expected[o.key()] = true
		if !c.tables[o.table] {
			if !missing[o.table] {
				missing[o.table] = true
				add(Finding{o.table, "table " + ident("public", o.table), TableMissing, "the table does not exist", fix})
			}
			continue
		}
		if problem, detail := c.check(o); problem != "" {
			add(Finding{o.table, o.String(), problem, detail, fix})
		}
		if o.kind == kindFunction {
			continue
		}
		for _, m := range c.members[o.table] {
			on := o.moved(m.on)
			expected[on.key()] = true
			if problem, detail := c.check(on); problem != "" && m.seen && !m.foreign {
				add(Finding{o.table, on.String(), problem, detail, fix})
			}
		}
	}
	for _, o := range c.superfluous(should, expected) {
		add(Finding{o.table, o.String(), TriggerStray, "it marks what is marked already, or what is no row of " + o.table, fix})
	}
	for _, f := range append(c.unseen(), c.fleeting()...) {
		add(f)
	}
	for _, f := range c.touched {
		if !found[f.Table] {
			add(f)
		}
	}
	return out
}

// superfluous are the triggers that call our functions where none should.
func (c catalog) superfluous(should []object, expected map[key]bool) []object {
	serves := map[string]string{} // table, by function
	for _, o := range should {
		if o.kind == kindFunction {
			serves[o.name] = o.table
		}
	}
	var out []object
	for k, function := range c.calls {
		if o := c.objects[k]; !expected[k] && serves[function] != "" {
			o.table = serves[function]
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b object) int { return strings.Compare(a.on+" "+a.name, b.on+" "+b.name) })
	return out
}

// unseen lists the tables below source tables that no installation has seen, or that can have no triggers, and source tables that are
// below another table themselves.
func (c catalog) unseen() []Finding {
	var out []Finding
	for i := range sources {
		table := sources[i].table
		if free := c.above[table]; free != "" {
			out = append(out, Finding{table, "table " + ident("public", table), TableBelow,
				"it is a partition of another table, or inherits from it: a statement that names that one changes rows here and fires no trigger", free})
		}
		for _, m := range c.members[table] {
			switch {
			case m.foreign:
				out = append(out, Finding{table, "partition " + m.on, PartitionForeign, "changes of a foreign table cannot be noticed",
					"detach it: ALTER TABLE " + ident("public", table) + " DETACH PARTITION " + m.on})
			case !m.seen:
				out = append(out, Finding{table, "partition " + m.on, PartitionAttached, "its rows came, and may change, without a mark", fix})
			}
		}
	}
	return out
}

// fleeting lists, for each source table, what of it or of our own a crash would empty without a mark, and what it did empty.
func (c catalog) fleeting() []Finding {
	var out []Finding
	for i := range sources {
		table := sources[i].table
		if !c.recorded[table] {
			out = append(out, Finding{table, "table tidemark.capture_state", Forgotten, "nothing is on record of " + table, fix})
		}
		for _, u := range c.unlogged[table] {
			out = append(out, Finding{table, "table " + u, TableUnlogged, "it is UNLOGGED: a crash empties it, and leaves no mark", "ALTER TABLE " + u + " SET LOGGED"})
		}
	}
	return out
}

// check tells what is wrong with one object; "" if nothing is.
func (c catalog) check(o object) (Problem, string) {
	is, ok := c.objects[o.key()]
	if o.kind == kindFunction {
		switch owner := c.owners[o.key()]; {
		case !ok:
			return FunctionMissing, "the function does not exist"
		case is.definition != o.definition:
			return FunctionAltered, difference(is.definition, o.definition)
		case owner != c.owner:
			return FunctionOwner, fmt.Sprintf("it belongs to %s, the marks to %s", owner, c.owner)
		}
		return "", ""
	}
	switch {
	case !ok:
		return TriggerMissing, "the trigger does not exist"
	case is.definition != o.definition:
		return TriggerAltered, "it is " + is.definition
	case is.enabled == o.enabled:
		return "", ""
	case is.enabled == disabled:
		return TriggerDisabled, "it does not fire at all"
	default:
		return TriggerDemoted, fmt.Sprintf("its state is %s, not %s", enable[is.enabled], enable[o.enabled])
	}
}

// difference says where two function definitions differ: in a line before the body, or in the body.
func difference(is, should string) string {
	head, body, _ := strings.Cut(is, "\nAS ")
	wantHead, wantBody, _ := strings.Cut(should, "\nAS ")
	lines, want := strings.Split(head, "\n"), strings.Split(wantHead, "\n")
	for _, l := range lines {
		if !slices.Contains(want, l) {
			return "it has" + l
		}
	}
	for _, l := range want {
		if !slices.Contains(lines, l) {
			return "it lacks" + l
		}
	}
	if body != wantBody {
		return "its body differs"
	}
	return "its definition differs"
}
