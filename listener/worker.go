package listener

import (
	"context"
	"log/slog"
	"time"

	"tidemark/drain"
)

// Keys of log records.
const (
	keyError  = "error"
	keyCode   = "code"
	keySignal = "signal"
	keyReason = "reason"
	keyRole   = "role"
	keyRetry  = "retry_in"
)

// ground is what a loop stands on while it drains.
type ground interface {
	// pause waits for d; an error ends the loop's session.
	pause(ctx context.Context, d time.Duration) error
	// watch runs fn and returns its error; lost is set, and fn's context ended, if the ground gave way meanwhile.
	watch(ctx context.Context, fn func(context.Context) error) (err, lost error)
}

// worker drains for a loop and keeps account of it.
type worker struct {
	*tracker
	drainer Drainer
	log     *slog.Logger
	jitter  func() float64
	retry   doubling // between drains that fail
	// stepDown, if not 0, is after how many failures in a row whoever leads lets others try (errStepDown).
	stepDown int
	failed   int // drains in a row
}

func newWorker(d Drainer, log *slog.Logger, now func() time.Time, jitter func() float64) *worker {
	return &worker{
		tracker: newTracker(now), drainer: d, log: log, jitter: jitter,
		retry: doubling{from: drainRetryFrom, to: drainRetryTo},
	}
}

// drainDry drains until a drain finds nothing. While drains keep finding marks it pauses ever longer between them, as
// network drivers moderate interrupts, and in proportion to what the last drain cost: the processor belongs to the
// writers. Where a drain left marks behind only because its batch is bounded it goes on at once. A drain that fails is reported and tried again, later and later. The error is that of ctx or of the ground.
func (w *worker) drainDry(ctx context.Context, g ground) error {
	w.enter(PhaseDraining)
	moderate := doubling{from: moderateFrom, to: moderateTo}
	for {
		began := w.now()
		result, err, lost := w.drain(ctx, g)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case lost != nil:
			return lost
		case err != nil:
			if err := w.backOff(ctx, g, err); err != nil {
				return err
			}
			continue
		}
		w.retry.reset()
		w.failed = 0
		if result.Empty() {
			return nil
		}
		if result.More && result.Marks > 0 {
			continue
		}
		step := moderate.step()
		if err := g.pause(ctx, max(step, min(moderateShare*w.now().Sub(began), 2*step))); err != nil {
			return err
		}
	}
}

// drain runs one drain and accounts for its success.
func (w *worker) drain(ctx context.Context, g ground) (result drain.Result, err, lost error) {
	began := w.now()
	err, lost = g.watch(ctx, func(ctx context.Context) (err error) {
		result, err = w.drainer.Drain(ctx)
		return err
	})
	if err == nil {
		w.drained(result, w.now().Sub(began))
	}
	return result, err, lost
}

// backOff reports a drain that failed and waits before the next.
func (w *worker) backOff(ctx context.Context, g ground, err error) error {
	wait := spread(w.retry.step(), w.jitter)
	w.fault(FaultDrain, err)
	w.enter(PhaseBackingOff)
	w.log.WarnContext(ctx, "drain failed", keyError, describe(err), keyRetry, wait)
	if err := g.pause(ctx, wait); err != nil {
		return err
	}
	if w.failed++; w.stepDown > 0 && w.failed >= w.stepDown && w.snapshot().Role == RoleLeader {
		w.failed = 0
		return errStepDown
	}
	w.enter(PhaseDraining)
	return nil
}

// checkPending reports whether there is something to drain. If that cannot be found out, a drain is worth a try: it
// succeeds, or fails with a back-off.
func (w *worker) checkPending(ctx context.Context) bool {
	looking, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	pending, err := w.drainer.Pending(looking)
	if err != nil && ctx.Err() == nil {
		w.fault(FaultPending, err)
		w.log.WarnContext(ctx, "looking for marks failed", keyError, describe(err))
	}
	return pending || err != nil
}
