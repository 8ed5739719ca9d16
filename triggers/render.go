package triggers

import (
	"fmt"
	"strings"

	"tidemark/summary"
)

// SetVersion numbers the trigger set that this program installs. It rises whenever what is rendered changes, so that
// servers of two versions can run side by side (tidemark.trigger_sets).
const SetVersion = 3

// function is a trigger function in schema tidemark.
type function struct {
	name, body string
}

// qualified is the function's name with its schema.
func (f function) qualified() string { return ident("tidemark", f.name) }

// definition creates the function, or replaces it; exactly as pg_get_functiondef prints it.
func (f function) definition() string {
	return "CREATE OR REPLACE FUNCTION " + f.qualified() + "()\n RETURNS trigger\n LANGUAGE plpgsql\n SECURITY DEFINER\n" +
		"AS $function$" + f.body + "$function$\n"
}

// The states of a trigger (pg_trigger.tgenabled): in which session_replication_role it fires.
const (
	onOrigin  = "O" // not under replica
	onReplica = "R" // only under replica
	always    = "A"
	disabled  = "D"
)

// enable is how ALTER TABLE names the states.
var enable = map[string]string{onOrigin: "ENABLE", onReplica: "ENABLE REPLICA", always: "ENABLE ALWAYS"}

// trigger is a trigger on a source table, or on a member of it.
type trigger struct {
	name, on, function string // on is qualified, as the catalog prints it
	events, rest       string // before and after ON
	enabled            string
}

// definition is what pg_get_triggerdef prints under a search_path without ours.
func (t trigger) definition() string { return "CREATE TRIGGER " + t.clauses() }

// replacement creates the trigger, or replaces it under a lock that readers do not notice.
func (t trigger) replacement() string { return "CREATE OR REPLACE TRIGGER " + t.clauses() }

func (t trigger) clauses() string {
	return ident(t.name) + " " + t.events + " ON " + t.on + " " + t.rest +
		" EXECUTE FUNCTION " + ident("tidemark", t.function) + "()"
}

// enabling puts the trigger into its state.
func (t trigger) enabling() string {
	return "ALTER TABLE " + t.on + " " + enable[t.enabled] + " TRIGGER " + ident(t.name)
}

// moved is the trigger on another table.
func (t trigger) moved(on string) trigger {
	t.on = on
	return t
}

// capture is all that is installed on one source table.
type capture struct {
	source    *source
	functions []function
	triggers  []trigger
}

// render describes every object that captures the changes of a table whose partition keys are made of these columns; none if it is
// not partitioned. It is pure.
func render(s *source, keys []string) capture {
	c := capture{source: s}
	add := func(what, events, rest, enabled, body string) {
		name := s.table + "_" + what
		c.functions = append(c.functions, function{name, body})
		c.triggers = append(c.triggers, trigger{"tidemark_" + what, ident("public", s.table), name, "AFTER " + events, rest, enabled})
	}
	add("insert", "INSERT", "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT", onOrigin,
		s.body(unlessReplica, "NULL", (*tally).insert, func(w *watch) string { return w.affected(cameRows) }))
	add("update", "UPDATE", "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT", onOrigin,
		s.body(unlessReplica, "NULL", (*tally).update, func(w *watch) string { return w.changed(wentRows, cameRows) }))
	add("delete", "DELETE", "REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT", onOrigin,
		s.body(unlessReplica, "NULL", (*tally).delete, func(w *watch) string { return w.affected(wentRows) }))
	add("truncate", "TRUNCATE", "FOR EACH STATEMENT", always, truncated(s))
	add("replica", "INSERT OR DELETE OR UPDATE", "FOR EACH ROW", onReplica,
		s.body(onlyReplica, "NULL", (*tally).row, func(w *watch) string { return w.changed(wentRow, cameRow) }))
	c.functions = append(c.functions, s.move())
	if len(keys) > 0 {
		c.triggers = append(c.triggers, s.onMove(keys))
	}
	return c
}

// A restore may have turned every trigger to ORIGIN, so the functions test the role themselves: no change is marked twice.
const (
	unlessReplica = "="
	onlyReplica   = "<>"
)

// body is the body of a function that marks rows and returns result.
func (s *source) body(role, result string, ofTally func(*tally) string, ofWatch func(*watch) string) string {
	test := "IF " + op("pg_catalog.current_setting('session_replication_role')", role, "'replica'") +
		" THEN\n    RETURN " + result + ";\nEND IF;\n"
	if s.tally != nil {
		return block("", test+ofTally(s.tally)+"\n"+wake("FOUND AND ", result))
	}
	if len(s.watches) == 1 {
		return block("", test+ofWatch(&s.watches[0])+"\n"+wake("FOUND AND ", result))
	}
	var marking strings.Builder
	for i := range s.watches {
		marking.WriteString(ofWatch(&s.watches[i]) + "\nmarked := marked OR FOUND;\n")
	}
	return block("marked pg_catalog.bool := false;", test+marking.String()+wake("marked AND ", result))
}

// truncated marks every connection: the rows are gone, and what they were is not known.
func truncated(s *source) string {
	return block("", "INSERT INTO tidemark.marks (scope, component, recount)\nVALUES ('all'::tidemark.mark_scope, "+
		literal(string(s.components[0]))+"::tidemark.component, true);\n"+wake("", "NULL"))
}

// wake ends a function: it notifies the listener if it asked for that, after the mark: a listener that raises the flag waits until every
// transaction that may have read the old flag has ended. pg_sequence_last_value gives what SELECT last_value would, at a
// quarter of the price. A transaction that has notified could not be prepared, and would fail at its commit if the queue were full:
// the leader looks at the queue only now and then.
func wake(given, result string) string {
	return "IF " + given + op("pg_catalog.pg_sequence_last_value('tidemark.wake_flag')", "=", "2") + "\n    AND " +
		op("pg_catalog.current_setting('max_prepared_transactions')", "=", "'0'") + "\n    AND " +
		op("pg_catalog.pg_notification_queue_usage()", "<", fmt.Sprintf("%g::pg_catalog.float8", summary.MaxQueueUsage)) + " THEN\n" +
		"    PERFORM pg_catalog.pg_notify('tidemark_dirty', '');\nEND IF;\nRETURN " + result + ";"
}

func block(declare, statements string) string {
	text := "\n"
	if declare != "" {
		text += "DECLARE\n" + indent(declare) + "\n"
	}
	return text + "BEGIN\n" + indent(statements) + "\nEND\n"
}

// sql is everything that installs the capture of a table on an empty database, for people to read.
func (c capture) sql() string {
	var b strings.Builder
	b.WriteString("-- Rendered from sources.go; `go test ./triggers -run Golden -update` writes it anew.\n")
	for i, f := range c.functions {
		b.WriteString("\n" + f.definition() + ";\n" + f.revocation() + ";\n")
		if i < len(c.triggers) {
			b.WriteString(c.triggers[i].replacement() + ";\n" + c.triggers[i].enabling() + ";\n")
		}
	}
	return b.String()
}

// revocation keeps others from hanging the function onto tables of their own. Firing a trigger needs no such right.
func (f function) revocation() string {
	return "REVOKE ALL ON FUNCTION " + f.qualified() + "() FROM PUBLIC"
}
