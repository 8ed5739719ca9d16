package triggers

import (
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// plain are the names that need no quotes. No name of ours is a keyword; a test compares what is rendered with what the
// catalog prints.
var plain = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// ident quotes an identifier as the catalog prints it: only where it must. Dotted names have several parts.
func ident(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, p := range parts {
		if quoted[i] = p; !plain.MatchString(p) {
			quoted[i] = quote(p)
		}
	}
	return strings.Join(quoted, ".")
}

// quote quotes any identifier.
func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// literal quotes a string constant.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// literals renders an array of string constants.
func literals(ss ...string) string {
	quoted := make([]string, len(ss))
	for i, s := range ss {
		quoted[i] = literal(s)
	}
	return "ARRAY[" + strings.Join(quoted, ", ") + "]"
}
