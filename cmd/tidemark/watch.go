package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"tidemark/drain"
	"tidemark/summary"
	"tidemark/triggers"
)

const (
	// captureEvery is how often triggers and trust are looked at: loss of capture is to be detected within 5 s (SPEC G9).
	captureEvery = 2 * time.Second
	// touchedEvery is how often it is asked whether event triggers have seen something.
	touchedEvery = 250 * time.Millisecond
	// mendAgain is how long after the triggers could not be put in place, for another reason than a long transaction, it is tried again.
	mendAgain = 30 * time.Second
	// recountAgain is how long after a recount that failed the next is tried.
	recountAgain = 10 * time.Second
)

// captureWatch looks after the triggers of a server. What is wrong with them goes on record first: to mend them takes locks that a
// writer may hold for long, or rights that the server may not have.
type captureWatch struct {
	engine engine
	log    *slog.Logger
	leads  func() bool // whether this server drains: then it is the one that recounts

	told   []drain.Finding // that the log has
	mendAt time.Time       // not before
}

// start looks at the triggers for the first time, and brings them up to date. What cannot be mended now must not keep the server from
// serving what is well.
func (w *captureWatch) start(ctx context.Context) {
	w.look(ctx)
	if len(w.told) == 0 {
		warn(ctx, w.log, "triggers cannot be brought up to date", w.engine.mend(ctx))
	}
}

// look puts on record what is wrong with the triggers, and tries to mend it.
func (w *captureWatch) look(ctx context.Context) {
	broken, err := w.engine.distrust(ctx)
	warn(ctx, w.log, "triggers cannot be looked after", err)
	news := false
	for _, f := range broken {
		if f.Problem == summary.CaptureNotInstalled || slices.Contains(w.told, f) {
			continue
		}
		news = true
		w.log.WarnContext(ctx, "capture lost", "table", f.Table, "object", f.Object, "problem", f.Problem, "detail", f.Detail, "fix", f.Fix)
	}
	if len(broken) > 0 && (news || !time.Now().Before(w.mendAt)) {
		err := w.engine.mend(ctx)
		switch {
		case err == nil: // what is left cannot be mended from here: a table above or below that has, or can have, no triggers of ours
			broken, err = w.engine.inventory(ctx)
			warn(ctx, w.log, "triggers cannot be looked after", err)
		case news:
			warn(ctx, w.log, "triggers cannot be put in place; tried again", err)
		}
		if w.mendAt = time.Now(); len(broken) > 0 && !triggers.Held(err) { // each try may hold writers up for a moment
			w.mendAt = w.mendAt.Add(mendAgain)
		}
	}
	w.told = broken
}

// run looks every few seconds, or as soon as event triggers have seen something. It returns nil when ctx ends.
func (w *captureWatch) run(ctx context.Context) error {
	looked := time.Now()
	for pause(ctx, touchedEvery) {
		if time.Since(looked) < captureEvery {
			touched, err := w.engine.touched(ctx)
			if err != nil || !touched || len(w.told) > 0 { // what is known already is looked at in its turn
				continue
			}
		}
		w.look(ctx)
		looked = time.Now()
	}
	return nil
}

// recount recounts what is not trusted, from the start on. It returns nil when ctx ends; what fails is logged and tried again.
func (w *captureWatch) recount(ctx context.Context) error {
	for wait := time.Duration(0); pause(ctx, wait); {
		wait = touchedEvery
		if !w.leads() {
			continue
		}
		began, lost := time.Now(), []string(nil)
		err := recountLost(ctx, w.engine, func(tables []string) {
			lost = tables
			w.log.InfoContext(ctx, "recount begins", "untrusted", lost)
		})
		if err == nil && len(lost) > 0 {
			w.log.InfoContext(ctx, "recount done", "untrusted", lost, "took", time.Since(began).Round(time.Millisecond))
		}
		if wait = captureEvery; err != nil {
			wait = recountAgain
		}
		warn(ctx, w.log, "capture cannot be recounted", err)
	}
	return nil
}

// pause waits for d and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

func warn(ctx context.Context, log *slog.Logger, what string, err error) {
	if err != nil && ctx.Err() == nil {
		log.WarnContext(ctx, what, "error", summary.Redact(err.Error()))
	}
}
