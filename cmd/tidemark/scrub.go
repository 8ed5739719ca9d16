package main

import (
	"context"
	"log/slog"
	"time"

	"tidemark/drain"
	"tidemark/summary"
)

const (
	// scrubRests is how long the scrub rests at least between two chunks, and while another server drains.
	scrubRests = time.Second
	// scrubAgain is how long after the beginning of a round the next begins at the earliest.
	scrubAgain = 10 * time.Minute
	// shownDifferences is how many differences of one finding are logged; shownText how many octets of each value.
	shownDifferences, shownText = 5, 200
)

// scrub is the background recount of a server. It works for its share of the time, while this server is the one that
// drains and capture is trusted: what is not trusted is recounted as a whole.
type scrub struct {
	*drain.Scrubber
	engine engine
	share  float64 // 0: never
	leads  func() bool
	log    *slog.Logger
	rests  time.Duration // scrubRests
}

func newScrub(e engine, share float64, leads func() bool, log *slog.Logger) *scrub {
	return &scrub{drain.NewScrubber(e, time.Now), e, share, leads, log, scrubRests}
}

// run returns nil when ctx ends; what fails is logged and tried again.
func (s *scrub) run(ctx context.Context) error {
	if s.share == 0 {
		return nil
	}
	for pause(ctx, s.rests) {
		if !s.leads() {
			continue
		}
		rest, err := s.step(ctx)
		warn(ctx, s.log, "scrub failed", err)
		if err != nil {
			rest = recountAgain
		}
		pause(ctx, rest)
	}
	return nil
}

// step goes on with the scrub if it is time to, and tells how long to rest.
func (s *scrub) step(ctx context.Context) (rest time.Duration, err error) {
	if lost, err := untrusted(ctx, s.engine); err != nil || len(lost) > 0 {
		return 0, err
	}
	at, err := s.engine.Scrub(ctx)
	if err != nil {
		return 0, err
	}
	if at.BeganAt == nil && at.Last != nil {
		if since := time.Since(at.Last.BeganAt.Time()); since >= 0 && since < scrubAgain {
			return min(scrubAgain-since, recountAgain), nil // another server may have taken its turn until then
		}
	}
	began := time.Now()
	step, err := s.Step(ctx)
	for _, f := range step.Findings {
		s.tell(ctx, f)
	}
	return time.Duration(float64(time.Since(began)) * (1 - s.share) / s.share), err
}

// tell logs a finding: what was expected, what was found, and what may have caused it.
func (s *scrub) tell(ctx context.Context, f drain.ScrubFinding) {
	args := []any{"connection", f.ConnectionID, "cause", f.Cause, "explanation", f.Explanation, "differences", len(f.Differences)}
	for _, d := range f.Differences[:min(len(f.Differences), shownDifferences)] {
		args = append(args, slog.Group(d.Field, "expected", shown(d.Want), "found", shown(d.Got)))
	}
	s.log.WarnContext(ctx, "scrub repaired evidence", args...)
}

// shown is a value of evidence as a log may hold it.
func shown(value string) string {
	if len(value) > shownText {
		value = value[:shownText] + "…"
	}
	return summary.Redact(value)
}
