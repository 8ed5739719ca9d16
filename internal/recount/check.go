package recount

import (
	"encoding/json"
	"fmt"
)

// Problem is one way in which a snapshot breaks a guarantee.
type Problem struct{ Connection, Field, Want, Got string }

func (p Problem) String() string {
	return fmt.Sprintf("connection %q: %s: want %s, got %s", p.Connection, p.Field, p.Want, p.Got)
}

// Check holds the snapshot against G2: where no mark of a connection is visible its evidence equals the recount; where marks
// are, counts and bytes with their deltas equal it, and whatever no mark covers does. No problem, nothing wrong.
func (s *State) Check() []Problem {
	c := checker{State: s}
	for _, id := range keys(s.Expected, s.Stored, toEvidence(s.sizes)) {
		c.connection(id)
	}
	for _, id := range s.twice {
		c.report(id, "evidence rows", "1", "more")
	}
	c.runs()
	for table, reason := range s.untrusted {
		c.report("", "capture of "+table, "trusted", reason)
	}
	return c.problems
}

// Settled holds it against G3: Check, and no mark is left but those of connections whose evidence says that it failed.
func (s *State) Settled() []Problem {
	c := checker{State: s, problems: s.Check()}
	c.settledRuns()
	problems := c.problems
	for _, mark := range s.marks.all {
		if mark.doc["held"] == "parked" && s.Stored[mark.key]["state"] == "failed" {
			continue
		}
		problems = append(problems, Problem{mark.key, "marks", "none left", render(mark.doc)})
	}
	return problems
}

// checker gathers what is wrong with a state.
type checker struct {
	*State
	problems []Problem
}

func (c *checker) report(id, field, want, got string) {
	c.problems = append(c.problems, Problem{id, field, want, got})
}

// connection checks one that exists, or of which something derived does.
func (c *checker) connection(id string) {
	want, exists := c.Expected[id]
	b := c.marks.of(id, profileKey(want))
	if !exists {
		if !b.components["identity"] {
			c.report(id, "what is derived of a deleted connection", "nothing", "present")
		}
		return
	}
	got, has := c.Stored[id]
	c.operator(id, want, b, has)
	switch {
	case has:
		c.components(id, want, got, b)
	case b.components["identity"]:
		return // everything is unobserved, and says so; orphans that it adopted are in no mark
	default:
		c.report(id, "evidence", "present", "missing")
	}
	if !b.everywhere["records"] {
		c.compare(id, "retained_size_stream", list(asDocs(got["streams"])), list(c.sizes[id]))
	}
	c.streams(id, want, got, b)
}

// components checks what is recomputed whole.
func (c *checker) components(id string, want, got Evidence, b behind) {
	for _, component := range []string{"identity", "runs", "schedule", "gaps", "attention", "device"} {
		if !b.components[component] {
			c.compare(id, component, want[component], got[component])
		}
	}
	if !b.everywhere["records"] {
		c.compare(id, "totals of its own streams", totals(asDocs(got["streams"])), got["totals"])
	}
	if got["state"] == "failed" && b.marks == 0 {
		c.report(id, "marks of a failed connection", "parked", "none")
	}
}

// operator checks the view connector_summary_overview.
func (c *checker) operator(id string, want Evidence, b behind, observed bool) {
	view, ok := c.overview[id]
	if !ok {
		c.report(id, "overview", "a row", "none")
		return
	}
	var since any
	if b.marks > 0 {
		since = b.since
	}
	c.compare(id, "overview.dirty", b.marks > 0, truth(view["dirty"]))
	c.compare(id, "overview.dirty_since", since, view["dirty_since"])
	total := want["totals"].(map[string]any)
	if observed && !b.anyRecounted() && number(total["total_retained_bytes"]).IsInt64() { // else it fails, and SQLite has no such numbers
		c.compare(id, "overview.total_records", total["total_records"], view["total_records"])
		c.compare(id, "overview.total_retained_bytes", total["total_retained_bytes"], view["total_retained_bytes"])
	}
}

// truth reads SQLite's 0 and 1, too.
func truth(v any) any {
	switch v {
	case json.Number("0"):
		return false
	case json.Number("1"):
		return true
	}
	return v
}

func asDocs(v any) []map[string]any {
	entries, _ := v.([]any)
	out := make([]map[string]any, 0, len(entries))
	for _, e := range entries {
		if doc, ok := e.(map[string]any); ok {
			out = append(out, doc)
		}
	}
	return out
}

func (c *checker) compare(id, path string, want, got any) {
	c.problems = append(c.problems, Compare(id, path, want, got)...)
}

func toEvidence[V any](m map[string]V) map[string]Evidence {
	out := make(map[string]Evidence, len(m))
	for k := range m {
		out[k] = nil
	}
	return out
}
