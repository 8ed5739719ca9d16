package conformance

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/summary"
)

// same compares what the engines derived, byte for byte, and what the read API makes of it at one fixed time (SPEC G7); deep
// reads every connection by itself, too.
func same(t *testing.T, players []player, when string, deep bool) {
	t.Helper()
	want := derived(t, players[0].Engine, deep)
	for _, p := range players[1:] {
		got := derived(t, p.Engine, deep)
		for _, key := range slices.Sorted(maps.Keys(union(want, got))) {
			if want[key] != got[key] {
				t.Errorf("%s: %s differs\n%s: %s\n%s, %s writer: %s", when, key, players[0].Name, want[key], p.Name, p.kind, got[key])
			}
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}

func union(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// derived is everything that must not differ, under a name for each part.
func derived(t *testing.T, e *enginetest.Engine, deep bool) map[string]string {
	t.Helper()
	rows, err := e.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, r := range rows {
		for column, value := range r.Columns {
			out[r.Table+"["+r.Key+"]."+column] = value
		}
	}
	for _, owner := range []string{"ada", "bob", "nobody"} {
		page, err := e.Page(t.Context(), summary.PageQuery{Owner: owner, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Observations {
			out["summary of "+o.ConnectionID] = render(t, summary.Synthesize(o, now, false))
			if !deep {
				continue
			}
			scoped, err := e.Scoped(t.Context(), owner, o.ConnectionID)
			if err != nil {
				t.Fatal(err)
			}
			if len(scoped.Observations) != 1 || scoped.Detail == nil {
				t.Fatalf("%s: scoped read of %q found %d", e.Name, o.ConnectionID, len(scoped.Observations))
			}
			out["scoped summary of "+o.ConnectionID] = render(t, summary.Synthesize(scoped.Observations[0], now, true))
			out["detail of "+o.ConnectionID] = render(t, scoped.Detail)
		}
	}
	return out
}

// now is when the summaries are read; the engines' clock (enginetest.Clock) stands still a little earlier.
var now = summary.NewInstant(enginetest.Clock.Add(1e9))

// render is v as JSON without versions.
func render(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	unversioned(doc)
	if text, err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func unversioned(doc any) {
	switch v := doc.(type) {
	case map[string]any:
		delete(v, "version")
		for _, member := range v {
			unversioned(member)
		}
	case []any:
		for _, member := range v {
			unversioned(member)
		}
	}
}
