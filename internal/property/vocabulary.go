package property

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// Few names, so that statements meet.
var (
	connectors  = []string{"k1", "k2"}
	connections = []string{"c1", "c2", "c3", "c4"}
	owners      = []string{"o1", "o2"}
	streams     = []string{"s1", "s2", "Ö"}
	recordKeys  = []string{"1", "2", "3"}
	runs        = []string{"r1", "r2", "r3", "r4"}
	profiles    = []string{"p1", "p2"}
	kinds       = []string{"account", "local_device", "browser_collector", "manual"}
	bodies      = []string{"NULL", `'{}'`, `'{"a": 1}'`, `'{"b": 2}'`, `'"ünïcode ☃"'`}
	events      = []string{
		"run.started", "run.progress", "run.completed", "run.completed", "run.failed", "run.cancelled", "run.abandoned", "surface.failed",
	}
	details = []string{
		`"failure_reason":"otp_required"`, `"failure_reason":"the password is hunter2"`, `"browser_surface_status":"crashed"`,
		`"records_emitted":3`, `"known_gaps":[1,2]`, `"streams":[{"stream":"s1","considered":2,"covered":2}]`, `"n":1`,
	}
	lifecycles = []string{"open", "acknowledged", "in_progress", "resolved", "expired"}
	gapStates  = []string{"pending", "in_progress", "recovered", "terminal"}
	manifests  = []string{"NULL", `'{"version":"1"}'`, `'{"version":"2"}'`, `'[]'`}
)

// pick draws one of the values.
func pick[T any](t *rapid.T, of []T) T { return rapid.SampledFrom(of).Draw(t, "pick") }

// quoted draws one of the values as an SQL literal.
func quoted(t *rapid.T, of []string) string { return "'" + pick(t, of) + "'" }

// orNull draws a literal, or now and then NULL.
func orNull(t *rapid.T, of []string) string {
	if rapid.IntRange(0, 3).Draw(t, "null") == 0 {
		return "NULL"
	}
	return quoted(t, of)
}

// at draws a time.
func at(t *rapid.T) string {
	return fmt.Sprintf("'2026-01-%02dT00:00:00.%06dZ'", rapid.IntRange(1, 5).Draw(t, "day"), rapid.IntRange(0, 1).Draw(t, "µs"))
}

func boolean(t *rapid.T) string { return pick(t, []string{"true", "false"}) }

func small(t *rapid.T) string { return fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "n")) }

// rows draws one to three tuples.
func rows(t *rapid.T, tuple func() []string) string {
	n := rapid.IntRange(1, 3).Draw(t, "rows")
	out := make([]string, n)
	for i := range out {
		out[i] = "(" + strings.Join(tuple(), ", ") + ")"
	}
	return strings.Join(out, ", ")
}

// where draws a condition on any of the columns.
func where(t *rapid.T, columns map[string][]string, names ...string) string {
	var out []string
	for _, name := range names {
		if rapid.Bool().Draw(t, "by "+name) {
			out = append(out, name+" = "+quoted(t, columns[name]))
		}
	}
	if len(out) == 0 {
		out = append(out, names[0]+" = "+quoted(t, columns[names[0]]))
	}
	return strings.Join(out, " AND ")
}
