package listener

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// unfit is why the WAL cannot be followed: an error that names the setting and the fix.
type unfit struct {
	reason Reason
	err    error
}

// fitForWAL says what keeps a server from being followed by its WAL; nothing if it can. Slots or connections that run out
// are not among it: they may be free again.
func fitForWAL(ctx context.Context, w *wire, wanted string) (*unfit, error) {
	var level, user string
	var may, standby bool
	err := w.row(ctx, "ask whether the WAL can be decoded", `SELECT pg_catalog.current_setting('wal_level'), session_user::text,
		pg_catalog.pg_is_in_recovery(), coalesce((SELECT r.rolsuper OR r.rolreplication FROM pg_catalog.pg_roles r WHERE r.rolname = session_user), false)`,
		&level, &user, &standby, &may)
	switch {
	case err != nil:
		return nil, err
	case level != "logical":
		return &unfit{ReasonWALLevel, fmt.Errorf("%s needs wal_level = logical, and the server has wal_level = %s: "+
			"run ALTER SYSTEM SET wal_level = 'logical' and restart the server, or do without", wanted, level)}, nil
	case !may:
		return &unfit{ReasonReplicationRight, fmt.Errorf("%s needs the REPLICATION attribute, and role %q does not have it: "+
			"run ALTER ROLE %s REPLICATION as a superuser, or do without", wanted, user, pgx.Identifier{user}.Sanitize())}, nil
	case standby: // where nothing can be published
		return nil, nil //nolint:nilnil // nothing is wrong
	}
	err = marksPublication.ensure(ctx, w)
	if err != nil && isRefusal(err) {
		return &unfit{ReasonPublication, err}, nil
	}
	return nil, err
}

// leadByWAL drains whenever the WAL says that a transaction left marks. The flag stays down, so no writer ever notifies.
// While there is no slot it polls.
func (l *Listener) leadByWAL(ctx context.Context, s *session) error {
	t := newTail(l.cfg, func(err error) {
		l.note(FaultWAL, err)
		l.log.Warn("replication stream lost", keyError, describe(err))
	})
	following, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); t.run(following) }()
	defer func() { stop(); <-ended }()

	var known tailState
	var open unseen
	l.announce(ctx, RoleLeader, SignalPoll, ReasonSlotPending)
	if err := l.drainDry(ctx, s); err != nil {
		return err
	}
	for {
		state := t.status()
		if !state.live {
			if state != known && state.why != l.snapshot().Reason {
				l.announce(ctx, RoleLeader, SignalPoll, state.why)
			}
			known = state
			if err := l.pollOnce(ctx, s); err != nil {
				return err
			}
			continue
		}
		if state != known { // a slot that is new
			// Whoever committed before it began is not in it, and may not be visible yet.
			h, err := s.takeHorizon(ctx)
			if err != nil {
				return err
			}
			known, open = state, unseen{below: h}
			l.announce(ctx, RoleLeader, SignalWAL, ReasonConfigured)
		}
		if err := l.sleepByWAL(ctx, s, t, &open); err != nil {
			return err
		}
		if err := l.drainDry(ctx, s); err != nil {
			return err
		}
	}
}

// sleepByWAL returns when there may be something to drain, or when the stream has ended.
func (l *Listener) sleepByWAL(ctx context.Context, s *session, t *tail, open *unseen) error {
	l.enter(PhaseArming)
	wait := doubling{from: armFrom, to: armTo}
	for {
		open.merge(t.take())
		// In this order: only what is looked for after a transaction is known to be visible is looked for in what it wrote.
		settled, err := s.settled(ctx, open)
		if err != nil {
			return err
		}
		if l.checkPending(ctx) {
			l.woken(false)
			return ctx.Err()
		}
		if settled {
			return l.dozeByWAL(ctx, s, t)
		}
		rung, err := s.doze(ctx, wait.step(), t.wake)
		if rung && err == nil {
			l.woken(t.status().live)
			return nil
		}
		if err == nil {
			err = s.beat(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// dozeByWAL returns when the stream has news, or the safety poll finds a mark.
func (l *Listener) dozeByWAL(ctx context.Context, s *session, t *tail) error {
	l.enter(PhaseAsleep)
	polled := l.cfg.Now()
	for {
		rung, err := s.doze(ctx, min(l.cfg.SafetyPoll, l.cfg.PingEvery), t.wake)
		if rung && err == nil {
			l.woken(t.status().live)
			return nil
		}
		if err == nil {
			err = s.beat(ctx)
		}
		if err != nil {
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

// settled forgets the transactions that a snapshot of this moment shows, and reports whether none is left.
func (s *session) settled(ctx context.Context, open *unseen) (bool, error) {
	if len(open.xids) == 0 && open.below == 0 && !open.many {
		return true, nil
	}
	_, settled, err := s.look(ctx, open)
	return settled, err
}

// look is settled with a snapshot in any case.
func (s *session) look(ctx context.Context, open *unseen) (shown snapshot, settled bool, err error) {
	if open.many { // more than were remembered: all are older than a transaction that begins now
		h, err := s.takeHorizon(ctx)
		if err != nil {
			return shown, false, err
		}
		open.many, open.below = false, max(open.below, h)
	}
	var text string
	if err := s.row(ctx, "take snapshot", "SELECT pg_catalog.pg_current_snapshot()::text", &text); err != nil {
		return shown, false, err
	}
	if shown, err = parseSnapshot(text); err != nil {
		return shown, false, err
	}
	if settled = open.settle(shown); settled {
		open.below = 0
	}
	return shown, settled, nil
}

// isRefusal reports whether the server answered that it will not.
func isRefusal(err error) bool {
	var refused interface{ SQLState() string }
	return errors.As(err, &refused) && refused.SQLState() == "42501"
}
