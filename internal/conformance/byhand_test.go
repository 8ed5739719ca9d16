package conformance

import (
	"errors"
	"slices"
	"testing"

	"tidemark/drain"
)

func TestMarksByHand(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t)[:2] {
		e := p.Engine
		before := versions(t, e)
		if err := e.Mark(t.Context(), "ci_home"); err != nil {
			t.Fatal(err)
		}
		if got := dirty(t, e); !slices.Equal(got, []string{"ci_home"}) {
			t.Errorf("%s: mark: dirty %q", e.Name, got)
		}
		e.CheckG2(t)
		if err := e.Mark(t.Context(), "ci_never"); !errors.Is(err, drain.ErrUnknownConnection) {
			t.Errorf("%s: mark of an unknown id: %v", e.Name, err)
		}
		if err := e.MarkAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := dirty(t, e); len(got) != len(before) {
			t.Errorf("%s: mark of all: dirty %q", e.Name, got)
		}
		e.CheckG2(t)
		e.CheckG3(t)
		if got := risen(before, versions(t, e)); len(got) != 0 {
			t.Errorf("%s: recounts of what was right changed %q", e.Name, got)
		}
	}
}

// What changed behind everybody's back is found by the recount that a mark by hand asks for.
func TestMarkByHandMends(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t)[:2] {
		e := p.Engine
		for _, mark := range []func() error{
			func() error { return e.Mark(t.Context(), "ci_home") },
			func() error { return e.MarkAll(t.Context()) },
		} {
			e.Foreign(t, e.Derived("UPDATE connector_summary_evidence SET total_records = 77, gaps_json = '{}', last_run_json = NULL WHERE connector_instance_id = 'ci_home'"),
				e.Derived("DELETE FROM retained_size_stream WHERE connector_instance_id = 'ci_home'"), e.Derived("DELETE FROM run_evidence WHERE run_id = 'r_home_7'"))
			if err := mark(); err != nil {
				t.Fatal(err)
			}
			e.CheckG2(t)
			e.CheckG3(t)
		}
	}
}

// The console asks for one connection: its marks are drained, whoever else is dirty.
func TestReconcile(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t)[:2] {
		e := p.Engine
		e.Exec(t, "DELETE FROM records WHERE connector_instance_id IN ('ci_home', 'ci_chase')")
		if err := e.Reconcile(t.Context(), []string{"ci_home"}); err != nil {
			t.Fatal(err)
		}
		if got := dirty(t, e); slices.Contains(got, "ci_home") {
			t.Errorf("%s: still dirty: %q", e.Name, got)
		}
		e.CheckG2(t)
		e.CheckG3(t)
	}
}
