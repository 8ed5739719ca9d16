package triggers

// The kinds of objects, as tidemark.trigger_sets names them.
const (
	kindFunction = "function"
	kindTrigger  = "trigger"
)

// object is a function or trigger as the catalog has it, or should have it.
type object struct {
	kind, name string
	table      string // the source table it serves
	definition string // pg_get_functiondef, pg_get_triggerdef
	enabled    string // pg_trigger.tgenabled; "" for functions
}

// key tells objects apart. A function has its table in its name; the catalog does not know it otherwise.
type key struct{ kind, table, name string }

func (o object) key() key {
	if o.kind == kindFunction {
		return key{o.kind, "", o.name}
	}
	return key{o.kind, o.table, o.name}
}

// String names the object for people.
func (o object) String() string {
	if o.kind == kindFunction {
		return "function " + ident("tidemark", o.name)
	}
	return "trigger " + ident(o.name) + " on " + ident("public", o.table)
}

// objects are the functions and triggers of a capture, functions first.
func (c capture) objects() []object {
	var out []object
	for _, f := range c.functions {
		out = append(out, object{kind: kindFunction, name: f.name, table: c.source.table, definition: f.definition()})
	}
	for _, t := range c.triggers {
		out = append(out, object{kind: kindTrigger, name: t.name, table: t.table, definition: t.definition(), enabled: t.enabled})
	}
	return out
}

// wanted is what this program installs.
func wanted() []object {
	var out []object
	for i := range sources {
		out = append(out, render(&sources[i]).objects()...)
	}
	return out
}
