package triggers

import "tidemark/summary"

// source describes one source table: what of it evidence or the manifest rests on.
type source struct {
	table string // in schema public
	// components are in doubt while capture of the table is not trusted; the first is the table's own.
	components []summary.Component
	// A table has either a tally or watches.
	tally   *tally
	watches []watch
}

// tally describes a table of which evidence keeps counts and bytes per connection and stream. Its marks carry deltas.
type tally struct {
	component   summary.Component
	rows, bytes string // columns of tidemark.marks for the deltas
	size        string // the column that is summed
	// wide: sums of size may not fit a bigint. The mark then asks for a recount; the writer does not fail.
	wide bool
	// live holds for the rows that count, and newest is a time column whose maximum over them evidence keeps. A table has
	// both or neither.
	live   expr
	newest string
}

// watch describes facts that can only be recomputed whole. Its marks ask for a recount.
type watch struct {
	scope     string // tidemark.mark_scope
	component summary.Component
	// names are the columns of the mark that say what is to be recomputed.
	names []fact
	// facts are, beside names, what evidence rests on: an UPDATE that leaves the multiset of them as it was leaves no mark.
	facts []fact
	// where holds for the rows that matter; "" means all.
	where expr
}

// fact is a value of a source row under a name.
type fact struct {
	name string
	expr expr
	// generated is the value of a generated column, for who comes before it is there; "" for any other.
	generated expr
}

// columns are facts that are columns.
func columns(names ...string) []fact {
	facts := make([]fact, len(names))
	for i, n := range names {
		facts[i] = fact{name: n, expr: col(n)}
	}
	return facts
}
