package triggers

import "strings"

// expr is SQL over one row, which it calls $: `$.stream`. Every operator, function and type in it is qualified by its
// schema, because it is run with the rights of the functions' owner under the search_path of whoever writes (SPEC G11).
type expr string

// of puts a row's alias in the place of $.
func (e expr) of(alias string) string { return strings.ReplaceAll(string(e), "$.", alias+".") }

// col is the column of that name.
func col(name string) expr { return expr("$." + ident(name)) }

// op is a binary operator of pg_catalog between two SQL texts.
func op(left, operator, right string) string {
	return left + " OPERATOR(pg_catalog." + operator + ") " + right
}

// minus negates an SQL text.
func minus(operand string) string { return "OPERATOR(pg_catalog.-) " + operand }

// oneOf tests a text column against constants.
func oneOf(column string, values ...string) expr {
	return expr(op(string(col(column)), "=", "ANY ("+literals(values...)+")"))
}

// only is e where the condition holds, else null.
func only(condition, e expr) expr { return "CASE WHEN " + condition + " THEN " + e + " END" }

// member is the text of one member of a JSON column.
func member(column, name string) expr { return expr(op(string(col(column)), "->>", literal(name))) }

// verbatim is a JSON column as the text that was received.
func verbatim(column string) expr { return col(column) + "::pg_catalog.text" }

// join renders one SQL text per element, separated.
func join[T any](of []T, separator string, render func(T) string) string {
	texts := make([]string, len(of))
	for i, e := range of {
		texts[i] = render(e)
	}
	return strings.Join(texts, separator)
}
