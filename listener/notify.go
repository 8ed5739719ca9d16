package listener

import (
	"context"
	"time"
)

// leadByNotify is the adaptive protocol (DESIGN.md): awake with the flag down while there is something to drain, asleep
// with the flag up while there is not. model_test.go explores the same steps under the same names.
func (l *Listener) leadByNotify(ctx context.Context, s *session) error {
	// Committed before the first drain: what commits later is heard.
	if err := s.listen(ctx); err != nil {
		return err
	}
	l.announce(ctx, RoleLeader, SignalNotify, ReasonConfigured)
	for {
		if err := l.drainDry(ctx, s); err != nil {
			return err
		}
		if s.crowded {
			if err := l.pollWhileCrowded(ctx, s); err != nil {
				return err
			}
			continue
		}
		if err := l.armAndSleep(ctx, s); err != nil {
			return err
		}
		if err := s.lowerFlag(ctx); err != nil {
			return err
		}
	}
}

// armAndSleep raises the flag and returns when there may be something to drain, or when the flag must come down.
func (l *Listener) armAndSleep(ctx context.Context, s *session) error {
	l.enter(PhaseArming)
	if err := s.raiseFlag(ctx); err != nil {
		return err
	}
	h, err := s.takeHorizon(ctx)
	if err != nil {
		return err
	}
	wait := doubling{from: armFrom, to: armTo}
	for {
		// In this order: only what is looked for after the horizon has passed is looked for in all transactions that may
		// have left a mark without a NOTIFY.
		passed, err := s.checkHorizon(ctx, h)
		if err != nil {
			return err
		}
		if l.checkPending(ctx) {
			l.woken(false)
			return ctx.Err()
		}
		if passed {
			return l.sleep(ctx, s)
		}
		n, err := s.await(ctx, wait.step())
		if err != nil {
			return err
		}
		if n != nil {
			l.woken(true)
			return nil
		}
		if err := s.beat(ctx); err != nil || s.crowded {
			return err
		}
	}
}

// sleep returns when a NOTIFY arrives, when the safety poll finds a mark or when the notification queue fills up.
func (l *Listener) sleep(ctx context.Context, s *session) error {
	l.enter(PhaseAsleep)
	polled := l.cfg.Now()
	for {
		n, err := s.await(ctx, min(l.cfg.SafetyPoll, l.cfg.PingEvery))
		if err != nil {
			return err
		}
		if n != nil {
			l.woken(true)
			return nil
		}
		if err := s.beat(ctx); err != nil || s.crowded {
			return err
		}
		if l.cfg.Now().Sub(polled) < l.cfg.SafetyPoll {
			continue
		}
		polled = l.cfg.Now()
		if l.checkPending(ctx) {
			l.woken(false)
			return ctx.Err()
		}
	}
}

// pollWhileCrowded drains without NOTIFY until the notification queue has room again. The flag is down.
func (l *Listener) pollWhileCrowded(ctx context.Context, s *session) error {
	l.announce(ctx, RoleLeader, SignalPoll, ReasonQueueUsage)
	for s.crowded {
		if err := l.pollOnce(ctx, s); err != nil {
			return err
		}
	}
	l.announce(ctx, RoleLeader, SignalNotify, ReasonConfigured)
	return nil
}

// pollUntilProbed drains without NOTIFY until there is room for the probe that could not be made.
func (l *Listener) pollUntilProbed(ctx context.Context, s *session) error {
	if err := l.drainDry(ctx, s); err != nil {
		return err
	}
	s.crowded = true
	for s.crowded {
		if err := l.pollOnce(ctx, s); err != nil {
			return err
		}
	}
	return errSurveyAgain
}

// poll drains without NOTIFY until the session ends, or in good order after limit if that is not 0.
func (l *Listener) poll(ctx context.Context, s *session, limit time.Duration) error {
	if err := l.drainDry(ctx, s); err != nil {
		return err
	}
	for began := l.cfg.Now(); limit == 0 || l.cfg.Now().Sub(began) < limit; {
		if err := l.pollOnce(ctx, s); err != nil {
			return err
		}
	}
	return errSurveyAgain
}

// pollOnce waits for one interval and drains if there is something to drain.
func (l *Listener) pollOnce(ctx context.Context, s *session) error {
	l.enter(PhasePolling)
	if err := s.pause(ctx, l.cfg.PollEvery); err != nil {
		return err
	}
	if err := s.beat(ctx); err != nil {
		return err
	}
	if !l.checkPending(ctx) {
		return nil
	}
	l.woken(false)
	return l.drainDry(ctx, s)
}
