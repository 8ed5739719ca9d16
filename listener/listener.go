package listener

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// A leader whose drains fail stepDownAfter times in a row lets the others try, and stands back for standBack times what
// they wait between two tries.
const stepDownAfter, standBack = 3, 3

// strayWithin bounds drains while there is no connection to notice that the server is gone.
const strayWithin = 30 * time.Second

// Listener drains a PostgreSQL database whenever there is something to drain, as long as it is the one server that has
// been elected to. Make it with New, start it with Run. Safe for concurrent use.
type Listener struct {
	cfg Config
	err error // what is wrong with cfg
	// lost is set from the loss of a connection until there is another. Only Run's goroutine uses it.
	lost bool
	// begun is set once a connection was found fit for the signal, refused once the first was not. Only Run's goroutine uses them.
	begun, refused bool
	// back is until when it leaves the lead to others, after it has failed. Only Run's goroutine uses it.
	back time.Time
	*worker
}

// New returns a Listener that is not running yet. What is wrong with cfg is Run's error.
func New(cfg Config) *Listener {
	cfg, err := cfg.withDefaults()
	cfg.Logger, cfg.Now, cfg.Jitter = surroundings(cfg.Logger, cfg.Now, cfg.Jitter)
	w := newWorker(cfg.Drainer, cfg.Logger, cfg.Now, cfg.Jitter)
	w.stepDown = stepDownAfter
	return &Listener{cfg: cfg, err: err, worker: w}
}

// Status is what the loop is and has done until now.
func (l *Listener) Status() Status { return l.snapshot() }

// Run connects, and fails at once if that fails (unless the configuration is Patient); then it drains, follows, waits and reconnects until ctx ends, puts the
// wake-up flag down, lets another server lead, and returns nil. Call it once. No goroutine outlives it.
func (l *Listener) Run(ctx context.Context) error {
	if l.err != nil {
		return l.err
	}
	l.disconnected(PhaseConnecting)
	defer l.disconnected(PhaseStopped)
	return link[*session]{
		open: l.open, serve: l.serve, lost: l.lose, failed: l.failToOpen, now: l.cfg.Now, jitter: l.cfg.Jitter,
		bear: func(error) bool { return l.cfg.Patient && !l.refused },
	}.run(ctx)
}

func (l *Listener) open(ctx context.Context) (*session, error) {
	s, err := openSession(ctx, l.cfg)
	if err != nil {
		return nil, err
	}
	if s.unfit != nil && !l.begun {
		s.close()
		l.refused = true
		return nil, s.unfit.err
	}
	l.connected(l.lost, l.cfg.Now().Before(l.back))
	l.lost, l.begun = false, true
	return s, nil
}

// lose reports the end of a session.
func (l *Listener) lose(err error) {
	l.disconnected(PhaseConnecting)
	l.fault(FaultConnection, err)
	l.lost = true
	l.log.Warn("listener connection lost", keyError, describe(err))
}

// failToOpen reports an attempt to get another session, and drains without one: the database may well be there and only
// this connection cut off.
func (l *Listener) failToOpen(ctx context.Context, err error) {
	l.fault(FaultConnect, err)
	l.log.Warn("listener cannot connect", keyError, describe(err))
	ctx, cancel := context.WithTimeout(ctx, strayWithin)
	defer cancel()
	for more := l.checkPending(ctx); more; {
		result, err, _ := l.drain(ctx, solid{})
		more = err == nil && !result.Empty()
	}
}

// serve uses one session until it ends.
func (l *Listener) serve(ctx context.Context, s *session) error {
	defer s.close()
	switch {
	case s.standby:
		return l.awaitPromotion(ctx, s)
	case !s.sticky:
		l.announce(ctx, RoleIndependent, SignalPoll, l.whyPoll(s))
		return l.poll(ctx, s, surveyAgain)
	}
	if err := l.follow(ctx, s); err != nil {
		return err
	}
	return l.lead(ctx, s)
}

// announce says what the loop has become.
func (l *Listener) announce(ctx context.Context, r Role, by Signal, why Reason) {
	l.become(r, by, why)
	level := slog.LevelInfo
	if why != ReasonConfigured && why != ReasonFollower {
		level = slog.LevelWarn
	}
	l.log.Log(ctx, level, "listener ready", keyRole, r, keySignal, by, keyReason, why)
}

// awaitPromotion waits for a standby to become a primary.
func (l *Listener) awaitPromotion(ctx context.Context, s *session) error {
	l.announce(ctx, RoleFollower, SignalNone, ReasonStandby)
	l.enter(PhaseStandby)
	for {
		if err := s.pause(ctx, l.cfg.TakeOver); err != nil {
			return err
		}
		var standby bool
		if err := s.row(ctx, "ask whether the server is a standby", "SELECT pg_catalog.pg_is_in_recovery()", &standby); err != nil {
			return err
		}
		if !standby {
			return errSurveyAgain
		}
	}
}

// follow returns when this server leads.
func (l *Listener) follow(ctx context.Context, s *session) error {
	for first := true; ; first = false {
		if !l.cfg.Now().Before(l.back) {
			led, err := s.tryLead(ctx)
			if led || err != nil {
				return err
			}
			l.update(func(s *Status) { s.Failing = 0 }) // whoever leads is the one to drain
		}
		if first {
			l.announce(ctx, RoleFollower, SignalNone, ReasonFollower)
			l.enter(PhaseStandby)
		}
		if err := s.pause(ctx, spread(l.cfg.TakeOver, l.cfg.Jitter)); err != nil {
			return err
		}
	}
}

// lead drains until the session or ctx ends.
func (l *Listener) lead(ctx context.Context, s *session) (err error) {
	defer func() {
		if errors.Is(err, errStepDown) {
			l.back = l.cfg.Now().Add(standBack * l.cfg.TakeOver)
			l.log.Warn("listener lets others lead", keyError, describe(err))
		}
		err = errors.Join(err, s.resign(ctx))
	}()
	// A leader that crashed may have left the flag up.
	if err := s.lowerFlag(ctx); err != nil {
		return err
	}
	if why := l.whyPoll(s); why != "" {
		l.announce(ctx, RoleLeader, SignalPoll, why)
		switch why {
		case ReasonConfigured, ReasonPreparedTransactions:
			return l.poll(ctx, s, 0)
		case ReasonQueueUsage:
			return l.pollUntilProbed(ctx, s)
		}
		return l.poll(ctx, s, surveyAgain)
	}
	if l.cfg.Signal == SignalWAL {
		return l.leadByWAL(ctx, s)
	}
	return l.leadByNotify(ctx, s)
}

// whyPoll says why the signal that was asked for is not used, or nothing. max_prepared_transactions changes only with a restart of the server.
func (l *Listener) whyPoll(s *session) Reason {
	switch {
	case l.cfg.Signal == SignalPoll:
		return ReasonConfigured
	case l.cfg.Signal == SignalWAL && !s.sticky:
		return ReasonPooler
	case l.cfg.Signal == SignalWAL && s.unfit != nil:
		return s.unfit.reason
	case l.cfg.Signal == SignalWAL:
		return ""
	case s.prepared:
		return ReasonPreparedTransactions
	case s.full:
		return ReasonQueueUsage
	case !s.hears:
		return ReasonPooler
	}
	return ""
}

// solid is ground that cannot give way.
type solid struct{}

func (solid) pause(ctx context.Context, d time.Duration) error { return sleep(ctx, d) }

func (solid) watch(ctx context.Context, fn func(context.Context) error) (err, lost error) {
	return fn(ctx), nil
}
