package triggers

import (
	"fmt"
	"slices"
	"strings"
)

// compare lists how the catalog differs from what should be there, in the order of should.
func compare(should []object, c catalog) []Finding {
	var out []Finding
	missing := map[string]bool{}
	for _, o := range should {
		if !c.tables[o.table] {
			if !missing[o.table] {
				missing[o.table] = true
				out = append(out, Finding{o.table, "table " + ident("public", o.table), TableMissing, "the table does not exist", fix})
			}
			continue
		}
		if problem, detail := c.check(o); problem != "" {
			out = append(out, Finding{o.table, o.String(), problem, detail, fix})
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
