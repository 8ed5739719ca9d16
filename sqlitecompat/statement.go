package sqlitecompat

import "strings"

// kind is what a statement does to the rows and to the transaction.
type kind int

const (
	other       kind = iota // PRAGMA, ATTACH, VACUUM, EXPLAIN, …: run as it is
	selects                 // reads rows
	writes                  // INSERT, REPLACE, UPDATE, DELETE
	defines                 // CREATE, ALTER, DROP: may delete rows of source tables, too
	begins                  // BEGIN
	commits                 // COMMIT, END
	rollsBack               // ROLLBACK
	rollsBackTo             // ROLLBACK TO name
	saves                   // SAVEPOINT name
	releases                // RELEASE name; a commit if it names the savepoint that opened the transaction
)

// statement is one statement of an SQL text.
type statement struct {
	text string // without the semicolon
	kind kind
	name string // of the savepoint
	// short: it inserts the rows that it lists. Not worth a watch over the caller's context, which costs as much as the insert.
	short bool
}

// changes reports whether the statement may change rows.
func (s statement) changes() bool { return s.kind == writes || s.kind == defines }

// cacheable reports whether a prepared statement may be kept for the same text. Never a PRAGMA: some take effect when they are prepared.
func (s statement) cacheable() bool {
	return (s.kind == selects || s.kind == writes) && len(s.text) <= maxCachedText
}

var firstWords = map[string]kind{
	"SELECT": selects, "VALUES": selects,
	"INSERT": writes, "REPLACE": writes, "UPDATE": writes, "DELETE": writes,
	"CREATE": defines, "ALTER": defines, "DROP": defines,
	"BEGIN": begins, "COMMIT": commits, "END": commits, "ROLLBACK": rollsBack, "SAVEPOINT": saves, "RELEASE": releases,
}

// split cuts an SQL text into its statements. A statement that it misunderstands is run all the same: if it commits
// captured changes, the commit hook refuses.
func split(sql string) []statement {
	var out []statement
	l := lexer{text: sql}
	for {
		first := l.next()
		for first.text == ";" {
			first = l.next()
		}
		if first.text == "" {
			return out
		}
		s := classify(first, l)
		end, listed := l.statement(first)
		s.text = l.text[first.start:end]
		s.short = listed && (first.is("INSERT") || first.is("REPLACE"))
		out = append(out, s)
	}
}

// classify looks at a statement from its first token on; rest is a copy and may be consumed.
func classify(first token, rest lexer) statement {
	if first.quoted {
		return statement{}
	}
	if first.is("WITH") {
		return statement{kind: rest.main()}
	}
	s := statement{kind: firstWords[strings.ToUpper(first.text)]}
	switch s.kind {
	case saves:
		s.name = rest.next().name()
	case releases:
		s.name = rest.savepoint(rest.next())
	case rollsBack: // ROLLBACK [TRANSACTION [name]] [TO [SAVEPOINT] name]
		for t := rest.next(); t.text != "" && t.text != ";"; t = rest.next() {
			if t.is("TO") {
				return statement{kind: rollsBackTo, name: rest.savepoint(rest.next())}
			}
		}
	}
	return s
}

// savepoint reads [SAVEPOINT] name from first on.
func (l *lexer) savepoint(first token) string {
	if first.is("SAVEPOINT") {
		if t := l.next(); t.text != "" && t.text != ";" {
			return t.name()
		}
	}
	return first.name()
}

// main finds what follows the tables of a WITH clause: the first such word outside of parentheses. SELECT and VALUES
// cannot be names, so nothing that writes is taken for a read; a table named replace is taken for a write, which is harmless.
func (l *lexer) main() kind {
	depth := 0
	for t := l.next(); t.text != "" && t.text != ";"; t = l.next() {
		switch {
		case t.text == "(":
			depth++
		case t.text == ")":
			depth--
		case depth == 0 && (t.is("SELECT") || t.is("VALUES")):
			return selects
		case depth == 0 && (t.is("INSERT") || t.is("REPLACE") || t.is("UPDATE") || t.is("DELETE")):
			return writes
		}
	}
	return other
}

// statement goes past the statement that first begins, and returns where its text ends and whether it has VALUES and no SELECT. Semicolons inside CREATE TRIGGER do
// not end it; "; END ;" does, as in sqlite3_complete.
func (l *lexer) statement(first token) (end int, listed bool) {
	values, query := false, false
	create, trigger := first.is("CREATE"), false
	explain := first.is("EXPLAIN")
	beforeEnd, afterEnd := false, false // after a semicolon in a trigger; after END behind one
	end = first.end
	for {
		t := l.next()
		values, query = values || t.is("VALUES"), query || t.is("SELECT")
		switch {
		case t.text == "", t.text == ";" && (!trigger || afterEnd):
			return end, values && !query
		case trigger:
			afterEnd = beforeEnd && t.is("END")
			beforeEnd = t.text == ";"
		case explain && t.is("CREATE"):
			create = true
		case create && t.is("TRIGGER"):
			trigger = true
		case create && !t.is("TEMP") && !t.is("TEMPORARY"):
			create = false
		}
		if !t.is("QUERY") && !t.is("PLAN") && !t.is("CREATE") {
			explain = false
		}
		end = t.end
	}
}
