package listener

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// LocalConfig says what a Local works with. Drainer and Wake are required; every other zero value is a default.
type LocalConfig struct {
	Drainer Drainer
	// Wake yields when marks may have been committed: after a commit of this process, or when PRAGMA data_version moved.
	// A buffer of one, into which the engine sends without waiting, loses nothing.
	Wake <-chan struct{}
	// SafetyPoll is how often marks are looked for whatever the signal.
	SafetyPoll time.Duration
	Logger     *slog.Logger     // nil: no log
	Now        func() time.Time // nil: time.Now; must advance
	Jitter     func() float64   // nil: random; in [0, 1), spreads retries
}

// Local drains a database of this process whenever there is something to drain: the loop for SQLite. There is no
// connection to lose and nobody to be elected; a drain is a write transaction, of which SQLite allows one at a time.
// Make it with NewLocal, start it with Run. Safe for concurrent use.
type Local struct {
	cfg LocalConfig
	*worker
}

// NewLocal returns a Local that is not running yet.
func NewLocal(cfg LocalConfig) *Local {
	cfg.SafetyPoll = positive(cfg.SafetyPoll, DefaultSafetyPoll)
	cfg.Logger, cfg.Now, cfg.Jitter = surroundings(cfg.Logger, cfg.Now, cfg.Jitter)
	return &Local{cfg: cfg, worker: newWorker(cfg.Drainer, cfg.Logger, cfg.Now, cfg.Jitter)}
}

// Status is what the loop is and has done until now.
func (l *Local) Status() Status { return l.snapshot() }

// Run drains and waits until ctx ends, and returns nil. Drains that fail are reported and tried again. Call it once. No
// goroutine outlives it.
func (l *Local) Run(ctx context.Context) error {
	switch {
	case l.cfg.Drainer == nil:
		return errors.New("configure local listener: no drainer")
	case l.cfg.Wake == nil:
		return errors.New("configure local listener: no wake signal")
	}
	l.become(RoleLeader, SignalCommit, ReasonConfigured)
	defer l.disconnected(PhaseStopped)
	for {
		if err := l.drainDry(ctx, solid{}); err != nil {
			return nil // only the end of ctx
		}
		if err := l.wait(ctx); err != nil {
			return nil
		}
	}
}

// wait returns when there may be something to drain; it is an error if ctx ends first.
func (l *Local) wait(ctx context.Context) error {
	l.enter(PhaseAsleep)
	ticker := time.NewTicker(l.cfg.SafetyPoll)
	defer ticker.Stop()
	for wake := l.cfg.Wake; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, open := <-wake:
			if !open { // the engine is closing; a drain will say so
				wake = nil
				continue
			}
			l.woken(true)
			return nil
		case <-ticker.C:
			if l.checkPending(ctx) {
				l.woken(false)
				return ctx.Err()
			}
		}
	}
}
