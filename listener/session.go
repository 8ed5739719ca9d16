package listener

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"tidemark/summary"
)

const (
	// applicationName is how the leader's (or a follower's) connection shows in pg_stat_activity.
	applicationName = "tidemark listener"
	// dirtyChannel wakes the leader; its payload is empty. A public contract (SPEC section 6).
	dirtyChannel = "tidemark_dirty"
	// LeaderLockKey is the session-level advisory lock of the server that drains: "tidemark" in ASCII.
	LeaderLockKey int64 = 0x74696465_6d61726b
)

// NOTIFY is given up above crowdedAbove of the notification queue's size, and taken up again below relaxedBelow.
const crowdedAbove, relaxedBelow = summary.MaxQueueUsage, summary.MaxQueueUsage / 2

// session is the listener's connection: the one that holds the leader lock, LISTENs and, for the leader alone, touches the
// wake-up flag. Every method is one step of the protocol (DESIGN.md, model_test.go), one transaction of its own.
type session struct {
	*wire
	facts
	ping    time.Duration
	now     func() time.Time
	beaten  time.Time // when beat last asked the server
	crowded bool      // the notification queue is too full to notify
	raised  bool      // the flag may be up
}

// horizon is a transaction id: every transaction that might have read the flag before it was raised has a smaller one.
type horizon uint64

// openSession connects and finds out what can be relied on.
func openSession(ctx context.Context, cfg Config) (*session, error) {
	w, err := dial(ctx, cfg.Connect, applicationName)
	if err != nil {
		return nil, err
	}
	s := &session{wire: w, ping: cfg.PingEvery, now: cfg.Now}
	if s.facts, err = survey(ctx, w, cfg.Connect, cfg.Signal == SignalNotify); err == nil && s.sticky {
		err = s.settle(ctx)
	}
	if err == nil && cfg.Signal == SignalWAL {
		s.unfit, err = fitForWAL(ctx, w, "--signal wal")
	}
	if err == nil {
		err = s.beat(ctx)
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return s, nil
}

// settle gives the session its settings; only a sticky one, behind a pooler they would reach other clients. With them the
// server ends a session, and frees its lock, whose client was cut off (6 s), or has not asked for anything for longer than it
// ever waits between two pings (7 s): a process that is stopped keeps its socket. The flag need not survive a crash of the server,
// which ends this session: without synchronous_commit its steps wait for no disk and no replica.
func (s *session) settle(ctx context.Context) error {
	return s.exec(ctx, "configure session", `
		SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3;
		SET tcp_user_timeout = 6000; SET idle_session_timeout = 7000; SET synchronous_commit = off`)
}

// tryLead takes the leader lock if nobody has it.
func (s *session) tryLead(ctx context.Context) (led bool, err error) {
	err = s.row(ctx, "take leader lock", fmt.Sprintf("SELECT pg_catalog.pg_try_advisory_lock(%d)", LeaderLockKey), &led)
	return led, err
}

// resign puts the flag down if it may be up, and only then lets another server lead.
func (s *session) resign(ctx context.Context) error {
	if s.conn.IsClosed() {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // a stop is when this matters most
	if s.raised {
		if err := s.lowerFlag(ctx); err != nil {
			return err // the lock goes with the connection
		}
	}
	return s.exec(ctx, "free leader lock", fmt.Sprintf("SELECT pg_catalog.pg_advisory_unlock(%d)", LeaderLockKey))
}

// listen returns when LISTEN is committed.
func (s *session) listen(ctx context.Context) error {
	return s.exec(ctx, "listen", "LISTEN "+dirtyChannel)
}

// raiseFlag makes writers notify.
func (s *session) raiseFlag(ctx context.Context) error {
	s.raised = true
	return s.exec(ctx, "raise wake-up flag", "SELECT pg_catalog.setval('tidemark.wake_flag', 2)")
}

// lowerFlag spares writers the NOTIFY, and forgets those that have arrived: a drain follows.
func (s *session) lowerFlag(ctx context.Context) error {
	if err := s.exec(ctx, "lower wake-up flag", "SELECT pg_catalog.setval('tidemark.wake_flag', 1)"); err != nil {
		return err
	}
	s.raised = false
	return s.forget(ctx)
}

// forget drops the notifications that have been read from the connection.
func (s *session) forget(ctx context.Context) error {
	for {
		n, err := s.await(ctx, 0)
		if n == nil {
			return err
		}
	}
}

// takeHorizon assigns a transaction id that is younger than the flag. Not pg_snapshot_xmax: a transaction that is younger
// than every finished one can have read the flag before it was up.
func (s *session) takeHorizon(ctx context.Context) (horizon, error) {
	return s.xid(ctx, "take horizon", "SELECT pg_catalog.pg_current_xact_id()::text")
}

// checkHorizon reports whether every transaction older than h has ended, so that what it wrote is seen by any later
// snapshot.
func (s *session) checkHorizon(ctx context.Context, h horizon) (bool, error) {
	oldest, err := s.xid(ctx, "check horizon", "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text")
	return oldest >= h, err
}

func (s *session) xid(ctx context.Context, verb, sql string) (horizon, error) {
	var text string
	if err := s.row(ctx, verb, sql, &text); err != nil {
		return 0, err
	}
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", verb, err)
	}
	return horizon(id), nil
}

// beat asks the server for a sign of life when the last one is a ping interval ago, and looks at the notification queue.
func (s *session) beat(ctx context.Context) error {
	if s.now().Sub(s.beaten) < s.ping {
		return nil
	}
	var usage float64
	if err := s.row(ctx, "ping server", "SELECT pg_catalog.pg_notification_queue_usage()", &usage); err != nil {
		return err
	}
	s.beaten = s.now()
	s.crowded = usage > crowdedAbove || s.crowded && usage >= relaxedBelow
	return nil
}

// pause is wire.pause, with signs of life.
func (s *session) pause(ctx context.Context, d time.Duration) error {
	for until := s.now().Add(d); ; {
		left := until.Sub(s.now())
		if err := s.wire.pause(ctx, min(left, s.ping)); err != nil || left <= s.ping {
			return err
		}
		if err := s.beat(ctx); err != nil {
			return err
		}
	}
}

// watch runs fn while the connection is kept under observation: when it is lost, fn's context ends. A drain on another
// socket to a server that is gone would otherwise hang as long as TCP is patient.
func (s *session) watch(ctx context.Context, fn func(context.Context) error) (err, lost error) {
	if lost := s.beat(ctx); lost != nil {
		return lost, lost
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- fn(ctx) }()
	ticker := time.NewTicker(s.ping)
	defer ticker.Stop()
	for {
		select {
		case err = <-done:
			return err, lost
		case <-ticker.C:
			if lost == nil {
				if lost = s.beat(ctx); lost != nil {
					cancel()
				}
			}
		}
	}
}
