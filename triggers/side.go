package triggers

import "strings"

// side is where a function finds the rows that came or went: a transition table, or NEW or OLD of a row trigger.
type side struct {
	alias string
	from  string // a FROM item; "" for NEW and OLD
	came  bool   // else the rows went
	// given is the condition under which there is such a row; "" for always.
	given string
}

var (
	cameRows = side{alias: "n", from: "new_rows n", came: true}
	wentRows = side{alias: "o", from: "old_rows o"}
	cameRow  = side{alias: "NEW", came: true, given: op("TG_OP", "<>", "'DELETE'")}
	wentRow  = side{alias: "OLD", given: op("TG_OP", "<>", "'INSERT'")}
)

// only is the side where it is known that there is a row.
func (s side) only() side {
	s.given = ""
	return s
}

// signed is an SQL text, negated for rows that went.
func (s side) signed(text string) string {
	if s.came {
		return text
	}
	if text == "1" {
		return "-1"
	}
	return minus(text)
}

// newest is the column of tidemark.marks for the newest time of the side.
func (s side) newest() string {
	if s.came {
		return "newest_gained"
	}
	return "newest_lost"
}

// query selects values of the side's rows for which where holds.
func (s side) query(values []string, where expr) string {
	var b strings.Builder
	b.WriteString("SELECT " + wrap(values))
	if s.from != "" {
		b.WriteString("\nFROM " + s.from)
	}
	var conditions []string
	for _, c := range []string{s.given, where.of(s.alias)} {
		if c != "" {
			conditions = append(conditions, c)
		}
	}
	if len(conditions) > 0 {
		b.WriteString("\nWHERE " + strings.Join(conditions, " AND "))
	}
	return b.String()
}

// named is a value of the side's rows under a name.
func (s side) named(value expr, name string) string {
	text := value.of(s.alias)
	if text == s.alias+"."+ident(name) {
		return text
	}
	return text + " AS " + ident(name)
}

// union is every row of the sides.
func union(sides []side, query func(side) string) string { return join(sides, "\nUNION ALL\n", query) }

// lineWidth is where a list of SQL texts goes on in the next line, so that golden files can be read.
const lineWidth = 110

// wrap separates the texts of a SELECT list by commas.
func wrap(texts []string) string {
	var b strings.Builder
	line := 0
	for i, t := range texts {
		switch {
		case i == 0:
		case line+len(t) > lineWidth:
			b.WriteString(",\n       ")
			line = 0
		default:
			b.WriteString(", ")
		}
		b.WriteString(t)
		line += len(t) + 2
	}
	return b.String()
}

// indent moves every line of an SQL text to the right.
func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }
