package triggers

import "strings"

// The kinds of objects, as tidemark.trigger_sets names them.
const (
	kindFunction = "function"
	kindTrigger  = "trigger"
)

// object is a function or trigger as the catalog has it, or should have it.
type object struct {
	kind, name string
	table      string // the source table it serves
	on         string // of triggers: the table they are on, as the catalog prints it: the source, or a member of it
	definition string // pg_get_functiondef, pg_get_triggerdef
	enabled    string // pg_trigger.tgenabled; "" for functions
}

// key tells objects apart. A function has its table in its name; the catalog does not know it otherwise.
type key struct{ kind, on, name string }

func (o object) key() key { return key{o.kind, o.on, o.name} }

// String names the object for people.
func (o object) String() string {
	if o.kind == kindFunction {
		return "function " + ident("tidemark", o.name)
	}
	return "trigger " + ident(o.name) + " on " + o.on
}

// moved is the trigger as it should be on another table.
func (o object) moved(on string) object {
	o.definition = strings.Replace(o.definition, " ON "+o.on+" ", " ON "+on+" ", 1)
	o.on = on
	return o
}

// objects are the functions and triggers of a capture, functions first.
func (c capture) objects() []object {
	var out []object
	for _, f := range c.functions {
		out = append(out, object{kind: kindFunction, name: f.name, table: c.source.table, definition: f.definition()})
	}
	for _, t := range c.triggers {
		out = append(out, t.object(c.source.table))
	}
	return out
}

// object is the trigger as the catalog should have it, for a source table.
func (t trigger) object(table string) object {
	return object{kind: kindTrigger, name: t.name, table: table, on: t.on, definition: t.definition(), enabled: t.enabled}
}

// wanted is what this program installs on the source tables themselves, however they are partitioned.
func wanted() []object {
	var out []object
	for i := range sources {
		out = append(out, render(&sources[i], nil).objects()...)
	}
	return out
}
