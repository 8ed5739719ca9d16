package property

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"pgregory.net/rapid"

	"tidemark/internal/enginetest"
	"tidemark/internal/recount"
)

// world is one engine with writers in the middle of things.
type world struct {
	e        *enginetest.Engine
	writers  []*writer
	prepared []string // transactions that wait for COMMIT PREPARED
	canHold  bool     // max_prepared_transactions > 0
	gid      int
	held     *recount.Snapshot // nil without one
	letGo    func()
}

// writer is a session that may have a transaction open.
type writer struct {
	enginetest.Session
	open       bool
	savepoints int
}

func newWorld(t *rapid.T, e *enginetest.Engine) *world {
	w := &world{e: e}
	for _, open := range []func(enginetest.TB) enginetest.Session{e.Writer, e.Writer, e.ForeignWriter} {
		if len(w.writers) == 1 && e.Name == enginetest.SQLite {
			continue // one connection of the layer writes
		}
		w.writers = append(w.writers, &writer{Session: open(t)})
	}
	if e.Name == enginetest.Postgres { // nobody here can wait for another: they are one goroutine
		for _, s := range w.writers {
			w.must(t, s, "SET lock_timeout = '30ms'")
		}
	}
	for _, sql := range beginning {
		if err := w.writers[0].Exec(t.Context(), sql); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
	}
	return w
}

// close ends all sessions; what is open is rolled back.
func (w *world) close() error {
	w.release()
	var errs []error
	for _, s := range w.writers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

func (w *world) release() {
	if w.held != nil {
		w.letGo()
		w.held = nil
	}
}

// someone draws a writer; on SQLite only one may be in the middle of a transaction.
func (w *world) someone(t *rapid.T) *writer {
	s := pick(t, w.writers)
	if w.e.Name == enginetest.SQLite {
		for _, other := range w.writers {
			if other != s {
				w.finish(t, other)
			}
		}
	}
	return s
}

// run executes one statement of a writer. Failing is allowed; a broken transaction goes back to a savepoint or ends.
func (w *world) run(t *rapid.T, s *writer, sql string) {
	err := s.Exec(t.Context(), sql)
	if err == nil {
		return
	}
	t.Logf("refused: %v", err)
	if !s.open || w.e.Name == enginetest.SQLite && rapid.Bool().Draw(t, "goes on") {
		return
	}
	if s.savepoints > 0 && rapid.Bool().Draw(t, "back to savepoint") {
		w.must(t, s, fmt.Sprintf("ROLLBACK TO SAVEPOINT s%d", s.savepoints))
		return
	}
	w.end(t, s, "ROLLBACK")
}

// must executes what may not fail.
func (w *world) must(t *rapid.T, s *writer, sql string) {
	if err := s.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// end commits or rolls back. A commit may fail: deferred constraints, serialization.
func (w *world) end(t *rapid.T, s *writer, how string) {
	s.open, s.savepoints = false, 0
	err := s.Exec(t.Context(), how)
	if err == nil {
		return
	}
	t.Logf("%s: %v", how, err)
	if how == "ROLLBACK" {
		t.Fatalf("%s: %v", how, err)
	}
	if w.e.Name == enginetest.SQLite { // the transaction is still open
		s.open = true
		w.end(t, s, "ROLLBACK")
	}
}

// finish ends a writer's transaction, if it has one.
func (w *world) finish(t *rapid.T, s *writer) {
	if s.open {
		w.end(t, s, pick(t, []string{"COMMIT", "COMMIT", "ROLLBACK"}))
	}
}

// quiet ends every transaction: of those that hold the writer lock on SQLite, and before a TRUNCATE, which waits for all.
func (w *world) quiet(t *rapid.T) {
	for _, s := range w.writers {
		w.finish(t, s)
	}
	for len(w.prepared) > 0 {
		w.settlePrepared(t)
	}
}

// beforeKeeper makes way for a drain, which on SQLite needs the one writer connection.
func (w *world) beforeKeeper(t *rapid.T) {
	if w.e.Name == enginetest.SQLite {
		w.quiet(t)
	}
}

func (w *world) settlePrepared(t *rapid.T) {
	gid := w.prepared[0]
	w.prepared = w.prepared[1:]
	// Whoever commits needs a session without an open transaction of its own.
	w.e.Foreign(t, pick(t, []string{"COMMIT PREPARED '", "COMMIT PREPARED '", "ROLLBACK PREPARED '"})+gid+"'")
}

// check holds the present, and the past that is held open, against G2.
func (w *world) check(t *rapid.T) {
	w.e.CheckG2(t)
	if w.held != nil {
		w.e.Report(t, w.e.LoadFrom(t, *w.held).Check())
	}
}

// keep runs a drain or the like, and sees to it that versions rise exactly where content changed.
func (w *world) keep(t *rapid.T, what string, work func(context.Context) error) {
	w.beforeKeeper(t)
	before := w.e.Load(t).Stored
	if err := work(t.Context()); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for id, row := range w.e.Load(t).Stored {
		old, had := before[id]
		changed := !had || len(recount.Compare(id, "", content(old), content(row))) > 0
		if rose := !had || row["version"] != old["version"]; rose != changed {
			t.Errorf("%s: connection %s: content changed: %v, version: %v → %v", what, id, changed, old["version"], row["version"])
		}
	}
}

// content is an evidence row without what says how it came to be.
func content(e recount.Evidence) map[string]any {
	out := maps.Clone(map[string]any(e))
	delete(out, "version")
	delete(out, "computed_at")
	return out
}
