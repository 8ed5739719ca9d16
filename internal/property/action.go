package property

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"tidemark/drain"
	"tidemark/internal/enginetest"
)

// actions are what may happen next. Writers' come several times, by their weight, so that they are drawn more often.
func (w *world) actions() map[string]func(*rapid.T) {
	out := map[string]func(*rapid.T){
		"":                w.check,
		"begin":           w.begin,
		"savepoint":       w.savepoint,
		"commit":          func(t *rapid.T) { w.finish(t, w.someone(t)) },
		"drain":           func(t *rapid.T) { w.keep(t, "drain", w.drain) },
		"drain again":     func(t *rapid.T) { w.keep(t, "drain", w.drain) },
		"rebuild":         w.rebuild,
		"rebuild cut off": w.cutOff,
		"scrub":           func(t *rapid.T) { w.keep(t, "scrub", w.scrub) },
		"mark":            w.mark,
		"reconcile":       w.reconcile,
		"retry":           w.retry,
		"verify":          func(t *rapid.T) { w.e.CheckVerify(t) },
		"hold":            w.hold,
		"empty":           w.empty,
		"shell":           w.shell,
	}
	for kind, s := range statements {
		for n := range s.weight {
			out[fmt.Sprintf("write %s %d", kind, n)] = func(t *rapid.T) {
				writer := w.someone(t)
				w.run(t, writer, pick(t, s.generators)(t).In(w.e))
			}
		}
	}
	if w.e.Name == enginetest.Postgres {
		out["replicate"] = w.replicate
	} else {
		out["foreign keys"] = w.foreignKeys
	}
	if w.canHold {
		out["prepare"], out["commit prepared"] = w.prepare, w.commitPrepared
	}
	return out
}

func (w *world) begin(t *rapid.T) {
	s := w.someone(t)
	if s.open {
		return
	}
	forms := []string{"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ", "BEGIN ISOLATION LEVEL SERIALIZABLE"}
	if w.e.Name == enginetest.SQLite {
		forms = []string{"BEGIN", "BEGIN IMMEDIATE"}
	}
	w.must(t, s, pick(t, forms))
	s.open = true
}

// savepoint sets one, goes back to one, or releases one.
func (w *world) savepoint(t *rapid.T) {
	s := w.someone(t)
	if !s.open {
		return
	}
	switch how := rapid.IntRange(0, 3).Draw(t, "how"); {
	case how < 2 || s.savepoints == 0:
		s.savepoints++
		w.must(t, s, fmt.Sprintf("SAVEPOINT s%d", s.savepoints))
	case how == 2:
		s.savepoints = rapid.IntRange(1, s.savepoints).Draw(t, "which")
		w.must(t, s, fmt.Sprintf("ROLLBACK TO SAVEPOINT s%d", s.savepoints))
	default:
		n := rapid.IntRange(1, s.savepoints).Draw(t, "which")
		w.must(t, s, fmt.Sprintf("RELEASE SAVEPOINT s%d", n))
		s.savepoints = n - 1
	}
}

func (w *world) drain(ctx context.Context) error {
	_, err := w.e.Drain(ctx)
	return err
}

// scrub goes on with a round. There is nothing to be found.
func (w *world) scrub(ctx context.Context) error {
	step, err := drain.NewScrubber(w.e, time.Now).Step(ctx)
	if len(step.Findings) > 0 {
		return fmt.Errorf("found %+v", step.Findings)
	}
	return err
}

func (w *world) rebuild(t *rapid.T) {
	var ids []string // all
	if rapid.Bool().Draw(t, "some") {
		ids = []string{pick(t, connections), "never"}
	}
	w.keep(t, "rebuild", func(ctx context.Context) error {
		_, err := w.e.Rebuild(ctx, ids, nil)
		return err
	})
}

// cutOff stops a rebuild of everything after its first chunk; the next one resumes it.
func (w *world) cutOff(t *rapid.T) {
	w.keep(t, "rebuild cut off", func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		_, err := w.e.Rebuild(ctx, nil, func(int64, int64) { cancel() })
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	})
}

func (w *world) mark(t *rapid.T) {
	w.beforeKeeper(t)
	var err error
	if rapid.Bool().Draw(t, "all") {
		err = w.e.MarkAll(t.Context())
	} else {
		err = w.e.Mark(t.Context(), pick(t, connections))
	}
	if err != nil {
		t.Logf("mark: %v", err) // a connection that is not there
	}
}

func (w *world) reconcile(t *rapid.T) {
	id := pick(t, connections)
	w.keep(t, "reconcile", func(ctx context.Context) error { return w.e.Reconcile(ctx, []string{id}) })
}

// retry lets the back-off of every failed connection end.
func (w *world) retry(t *rapid.T) {
	w.beforeKeeper(t)
	w.e.Foreign(t, w.e.Derived("UPDATE failures SET retry_at = '2001-01-01T00:00:00.000000Z'"))
}

// hold keeps a snapshot of this moment open, or lets go of the one that is kept.
func (w *world) hold(t *rapid.T) {
	if w.held != nil {
		w.release()
		return
	}
	s, release := w.e.Hold(t)
	w.held, w.letGo = &s, release
}

// empty truncates a table. TRUNCATE is not MVCC-safe: a snapshot from before sees nothing in the table (SPEC G2).
func (w *world) empty(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "rarely") > 0 {
		return
	}
	w.quiet(t)
	if w.e.Name == enginetest.Postgres {
		w.release()
	}
	w.run(t, w.someone(t), enginetest.Empty(pick(t, enginetest.Tables)).In(w.e))
}

// shell lets psql or sqlite3 write. A statement that fails is what that program reports.
func (w *world) shell(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "rarely") > 0 {
		return
	}
	w.beforeKeeper(t)
	sql := "UPDATE records SET " + pick(t, []string{"deleted = NOT deleted", "emitted_at = " + at(t), "record_json = " + pick(t, bodies)}) +
		" WHERE stream = " + quoted(t, streams)
	if w.e.Name == enginetest.Postgres {
		sql = "SET lock_timeout = '30ms'; " + sql
	}
	if err := w.e.Do(t.Context(), enginetest.Shell, sql); err != nil {
		t.Logf("shell: %v", err)
	}
}

// replicate writes as a replication apply worker does: foreign keys are not checked then, so nothing new is referred to.
func (w *world) replicate(t *rapid.T) {
	s := w.writers[len(w.writers)-1]
	w.finish(t, s)
	w.must(t, s, "BEGIN")
	s.open = true
	w.must(t, s, "SET LOCAL session_replication_role = replica")
	for range rapid.IntRange(1, 2).Draw(t, "statements") {
		if s.open {
			w.run(t, s, pick(t, []generator{editRecords, deleteRecords, editChanges, editBlobs, editEvents, insertEvents, editGap, editConnection})(t).In(w.e))
		}
	}
	w.finish(t, s)
}

func (w *world) foreignKeys(t *rapid.T) {
	s := w.writers[len(w.writers)-1]
	w.quiet(t)
	w.must(t, s, "PRAGMA foreign_keys = "+pick(t, []string{"on", "off"}))
}

func (w *world) prepare(t *rapid.T) {
	s := pick(t, w.writers[:2])
	if !s.open {
		return
	}
	w.gid++
	gid := fmt.Sprintf("g%d", w.gid)
	s.open, s.savepoints = false, 0
	if err := s.Exec(t.Context(), "PREPARE TRANSACTION '"+gid+"'"); err != nil {
		t.Logf("prepare: %v", err)
		return
	}
	w.prepared = append(w.prepared, gid)
}

func (w *world) commitPrepared(t *rapid.T) {
	if len(w.prepared) > 0 {
		w.settlePrepared(t)
	}
}
