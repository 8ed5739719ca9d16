package enginetest

import (
	"fmt"

	"tidemark/internal/recount"
)

// Hold opens a snapshot and keeps it until release.
func (e *Engine) Hold(t TB) (s recount.Snapshot, release func()) {
	t.Helper()
	s, release, err := e.snapshot(t.Context())
	if err != nil {
		t.Fatalf("%s: open snapshot: %v", e.Name, err)
	}
	return s, release
}

// Load reads the state of this moment.
func (e *Engine) Load(t TB) *recount.State {
	t.Helper()
	s, release := e.Hold(t)
	defer release()
	return e.LoadFrom(t, s)
}

// LoadFrom reads the state of a snapshot.
func (e *Engine) LoadFrom(t TB, s recount.Snapshot) *recount.State {
	t.Helper()
	state, err := recount.Load(t.Context(), s)
	if err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	return state
}

// CheckG2 holds the present state against G2, and what the read API shows of it. Nobody may commit meanwhile.
func (e *Engine) CheckG2(t TB) *recount.State {
	t.Helper()
	state := e.Load(t)
	e.Report(t, state.Check())
	e.CheckStore(t, state)
	return state
}

// CheckG3 drains everything and holds the outcome against G3; verify must find nothing, either.
func (e *Engine) CheckG3(t TB) *recount.State {
	t.Helper()
	e.Settle(t)
	state := e.Load(t)
	e.Report(t, state.Settled())
	e.CheckVerify(t)
	return state
}

// Report reports problems.
func (e *Engine) Report(t TB, problems []recount.Problem) {
	t.Helper()
	for _, p := range problems {
		t.Errorf("%s: %v", e.Name, p)
	}
}

// CheckVerify expects that verify finds nothing.
func (e *Engine) CheckVerify(t TB) {
	t.Helper()
	found, err := e.Verify(t.Context(), nil, nil)
	if err != nil {
		t.Fatalf("%s: verify: %v", e.Name, err)
	}
	for _, d := range found {
		t.Errorf("%s: verify: %+v", e.Name, d)
	}
}

// Marks counts the pending marks.
func (e *Engine) Marks(t TB) int64 {
	t.Helper()
	status, err := e.Status(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	return status.MarksPending
}

// Versions are those of the evidence rows, by connection.
func Versions(s *recount.State) map[string]string {
	out := map[string]string{}
	for id, row := range s.Stored {
		out[id] = fmt.Sprint(row["version"])
	}
	return out
}
