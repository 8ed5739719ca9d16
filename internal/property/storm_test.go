package property

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidemark/drain"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// How long a storm lasts in `make test`.
const stormLasts = 6 * time.Second

func TestStormOnPostgres(t *testing.T) {
	storm(t, enginetest.OpenPostgres(t, pgtest.Shared(t), enginetest.Fixture{}), stormLasts)
}

func TestStormOnSQLite(t *testing.T) {
	storm(t, enginetest.OpenSQLite(t, enginetest.Fixture{}), stormLasts)
}

// storm lets writers, drains, rebuilds, a scrub and readers run at the same time, each as fast as it can. What a sequence of steps cannot
// show, two statements of a drain with a commit in between, is shown here. Every snapshot must keep G2, the end G3, and
// the scrub must find nothing. Who else watches does so all the time.
func storm(t *testing.T, e *enginetest.Engine, lasts time.Duration, watch ...func(context.Context, *rand.Rand) error) {
	e.Exec(t, beginning...)
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	scripts := drawn(2000)
	var group sync.WaitGroup
	errs := make(chan error, 16)
	run := func(what string, once func(context.Context, *rand.Rand) error) {
		r := rand.New(rand.NewPCG(uint64(len(what)), uint64(time.Now().UnixNano())))
		group.Go(func() {
			for ctx.Err() == nil {
				if err := once(ctx, r); err != nil && ctx.Err() == nil {
					errs <- fmt.Errorf("%s: %w", what, err)
					return
				}
			}
		})
	}
	writers := []enginetest.Session{e.Writer(t), e.ForeignWriter(t)}
	if e.Name == enginetest.Postgres {
		writers = append(writers, e.Writer(t), e.Writer(t))
	}
	for i, s := range writers {
		run(fmt.Sprint("writer ", i), func(ctx context.Context, r *rand.Rand) error {
			return write(ctx, e, s, r, scripts)
		})
	}
	run("drain", func(ctx context.Context, _ *rand.Rand) error {
		_, err := e.Drain(ctx)
		return err
	})
	run("second drain", func(ctx context.Context, r *rand.Rand) error {
		return e.Reconcile(ctx, []string{connections[r.IntN(len(connections))]})
	})
	run("rebuild", func(ctx context.Context, r *rand.Rand) error {
		if r.IntN(4) == 0 {
			return e.MarkAll(context.WithoutCancel(ctx)) // as writers do, see write
		}
		_, err := e.Rebuild(ctx, nil, nil)
		return err
	})
	for i, once := range watch {
		run(fmt.Sprint("watcher ", i), once)
	}
	scrubber := drain.NewScrubber(e, time.Now)
	run("scrub", func(ctx context.Context, _ *rand.Rand) error {
		step, err := scrubber.Step(ctx)
		for _, f := range step.Findings {
			err = errors.Join(err, fmt.Errorf("found %+v", f))
		}
		return err
	})
	checks := 0
	for ctx.Err() == nil && !t.Failed() {
		e.Report(t, e.Load(t).Check())
		checks++
	}
	cancel()
	group.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	for _, s := range writers {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d snapshots, %d connections scrubbed", checks, scrubber.Counters().Checked)
	e.CheckG3(t)
}

// drawn are statements of all kinds.
func drawn(n int) []enginetest.Statement {
	var all []generator
	for _, s := range statements {
		for range s.weight {
			all = append(all, s.generators...)
		}
	}
	any := rapid.Custom(func(t *rapid.T) enginetest.Statement { return pick(t, all)(t) })
	out := make([]enginetest.Statement, n)
	for i := range out {
		out[i] = any.Example(i)
	}
	return out
}

// write runs one transaction: one to four statements, some of which fail, committed or rolled back. It goes on when the storm ends: the
// server might commit what its client has given up, after the last drain.
func write(ctx context.Context, e *enginetest.Engine, s enginetest.Session, r *rand.Rand, scripts []enginetest.Statement) error {
	ctx = context.WithoutCancel(ctx)
	next := func() string { return scripts[r.IntN(len(scripts))].In(e) }
	if r.IntN(2) == 0 {
		_ = s.Exec(ctx, next()) // refused, or not
		return nil
	}
	begin := "BEGIN"
	switch {
	case e.Name == enginetest.SQLite:
		begin = "BEGIN IMMEDIATE"
	case r.IntN(3) == 0:
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ"
	}
	if err := s.Exec(ctx, begin); err != nil {
		return err
	}
	for range 1 + r.IntN(4) {
		if s.Exec(ctx, next()) != nil {
			break
		}
	}
	end := "COMMIT"
	if r.IntN(5) == 0 {
		end = "ROLLBACK"
	}
	if err := s.Exec(ctx, end); err != nil {
		return s.Exec(ctx, "ROLLBACK")
	}
	return nil
}
