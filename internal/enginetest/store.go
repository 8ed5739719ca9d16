package enginetest

import (
	"encoding/json"

	"tidemark/internal/recount"
	"tidemark/summary"
)

// CheckStore holds what the read API shows against the recount: every connection of every owner, once, in order; whatever
// it does not call behind must be right (SPEC G2).
func (e *Engine) CheckStore(t TB, state *recount.State) {
	t.Helper()
	owners := map[string]int{}
	for _, want := range state.Expected {
		owners[want["identity"].(map[string]any)["owner_subject_id"].(string)]++
	}
	counted := map[[2]string]bool{} // connectors of owners: all connections of one tell the same of it
	for owner, n := range owners {
		found := e.pages(t, owner, max(2, n/2))
		if len(found) != n {
			t.Errorf("%s: the pages of owner %q show %d connections, want %d", e.Name, owner, len(found), n)
		}
		for i := range found {
			e.checkObservation(t, state.Expected[found[i].ConnectionID], &found[i])
			if of := [2]string{found[i].Identity.ConnectorID, owner}; !counted[of] {
				counted[of] = true
				e.checkUnattributed(t, state, &found[i])
			}
		}
	}
}

// pages walks an owner's pages.
func (e *Engine) pages(t TB, owner string, limit int) []summary.Observation {
	t.Helper()
	var out []summary.Observation
	q := summary.PageQuery{Owner: owner, Limit: limit}
	for {
		page, err := e.Page(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: page of %q: %v", e.Name, owner, err)
		}
		for _, o := range page.Observations {
			at := summary.PositionOf(&o)
			if q.After != nil && q.After.Compare(at) >= 0 {
				t.Fatalf("%s: page of %q: %v comes after %v", e.Name, owner, at, *q.After)
			}
			q.After = &at
			out = append(out, o)
		}
		if !page.More {
			return out
		}
	}
}

// checkUnattributed holds the one count of a scoped read that is of no single connection against the recount.
func (e *Engine) checkUnattributed(t TB, state *recount.State, o *summary.Observation) {
	t.Helper()
	scoped, err := e.Scoped(t.Context(), o.Identity.OwnerSubjectID, o.ConnectionID)
	if err != nil || scoped.Detail == nil {
		t.Fatalf("%s: scoped read of %q: %+v, %v", e.Name, o.ConnectionID, scoped.Detail, err)
	}
	want := state.Unattributed(o.Identity.ConnectorID, o.Identity.OwnerSubjectID)
	if got := scoped.Detail.UnattributedRuns; got != want {
		t.Errorf("%s: connection %q: unattributed runs as read: want %d, got %d", e.Name, o.ConnectionID, want, got)
	}
}

// of says which parts of a stream belong to which component.
var of = map[summary.Component][]string{
	summary.Records:       {"record_count", "newest_emitted_at"},
	summary.RetainedBytes: {"record_bytes", "change_count", "change_bytes", "blob_count", "blob_bytes"},
}

func (e *Engine) checkObservation(t TB, want recount.Evidence, o *summary.Observation) {
	t.Helper()
	text, err := json.Marshal(o.Facts)
	if err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	got, err := recount.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	if o.Version > 0 && o.DirtySince == nil && len(o.Behind) > 0 {
		t.Errorf("%s: connection %q has no mark and yet %v is behind", e.Name, o.ConnectionID, o.Behind.Sorted())
	}
	var problems []recount.Problem
	compare := func(path string, want, got any) {
		problems = append(problems, recount.Compare(o.ConnectionID, "as read: "+path, want, got)...)
	}
	for _, c := range []summary.Component{
		summary.Identity, summary.Runs, summary.Schedule, summary.Gaps, summary.Attention, summary.Device,
	} {
		if !o.Behind[c] {
			compare(string(c), filled(want[string(c)]), filled(got[string(c)]))
		}
	}
	wanted, shown := byName(want["streams"]), byName(got["streams"])
	for c, columns := range of {
		if o.Behind[c] {
			continue
		}
		for name := range shown {
			if wanted[name] == nil {
				wanted[name] = map[string]any{}
			}
		}
		for name, w := range wanted {
			for _, column := range columns {
				compare(name+"."+column, orZero(column, w[column]), orZero(column, shown[name][column]))
			}
		}
	}
	for _, p := range problems {
		t.Errorf("%s: %v", e.Name, p)
	}
}

// filled puts empty lists where Go renders null.
func filled(v any) any {
	doc, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for _, list := range []string{"streams", "items", "runs"} {
		if value, has := doc[list]; has && value == nil {
			doc[list] = []any{}
		}
	}
	if open, ok := doc["open"]; ok {
		doc["open"] = filled(open)
	}
	return doc
}

func byName(streams any) map[string]map[string]any {
	out := map[string]map[string]any{}
	list, _ := streams.([]any)
	for _, s := range list {
		if doc, ok := s.(map[string]any); ok {
			out[doc["stream"].(string)] = doc
		}
	}
	return out
}

func orZero(column string, v any) any {
	if v == nil && column != "newest_emitted_at" {
		return json.Number("0")
	}
	return v
}
