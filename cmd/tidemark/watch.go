package main

import (
	"context"
	"log/slog"
	"time"

	"tidemark/summary"
)

const (
	// captureEvery is how often triggers and trust are looked at: loss of capture is to be detected within 5 s (SPEC G9).
	captureEvery = 2 * time.Second
	// recountAgain is how long after a recount that failed the next is tried.
	recountAgain = 10 * time.Second
)

// watchTriggers puts triggers that are not as installed in place again, which declares untrusted what they may have missed.
// It returns nil when ctx ends; what fails is logged and tried again.
func watchTriggers(ctx context.Context, e engine, log *slog.Logger) error {
	for pause(ctx, captureEvery) {
		broken, err := e.inventory(ctx)
		for _, b := range broken {
			log.WarnContext(ctx, "capture lost", "table", b.Table, "object", b.Object, "problem", b.Problem, "detail", b.Detail)
		}
		if err == nil && len(broken) > 0 {
			err = e.install(ctx)
		}
		warn(ctx, log, "triggers cannot be looked after", err)
	}
	return nil
}

// watchTrust recounts everything while capture is not trusted, from the start on. It returns nil when ctx ends; what fails
// is logged and tried again.
func watchTrust(ctx context.Context, e engine, log *slog.Logger) error {
	for wait := time.Duration(0); pause(ctx, wait); {
		wait = captureEvery
		lost, err := untrusted(ctx, e)
		if err == nil && len(lost) > 0 {
			log.InfoContext(ctx, "recount begins", "untrusted", lost)
			began := time.Now()
			if _, err = rebuildAll(ctx, e, nil); err == nil {
				log.InfoContext(ctx, "recount done", "took", time.Since(began).Round(time.Millisecond))
			} else {
				wait = recountAgain
			}
		}
		warn(ctx, log, "capture cannot be recounted", err)
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
