package listener

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/pgtest"
)

func TestEndedSessionIsReplacedAndNothingLost(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	l, _ := start(t, config(t, dsn))
	writer := connect(t, dsn)
	for n := int64(1); n <= 3; n++ {
		awaitPhase(t, l, PhaseAsleep)
		writer.exec("BEGIN")
		writer.mark()
		writer.endSessions(applicationName)
		writer.exec("COMMIT") // notifies nobody
		eventually(t, "it has reconnected", func() bool { return l.Status().Reconnects == n })
		awaitMarks(t, l, n)
	}
	awaitPhase(t, l, PhaseAsleep)
	before := l.Status()
	if e := before.LastError; e == nil || e.Code != FaultConnection || e.SQLState != "57P01" {
		t.Errorf("the loss is reported as %+v", e)
	}
	if check := before.Check(); !check.OK {
		t.Errorf("reconnected, and not ready: %s", check.Reason)
	}
	writer.mark()
	awaitMarks(t, l, 4)
	if after := l.Status(); after.Wakeups.Signalled == before.Wakeups.Signalled {
		t.Error("the new session is not woken by NOTIFY")
	}
}

func TestKilledServerIsFoundAgain(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	dsn := newDatabase(t, cluster)
	l, _ := start(t, config(t, dsn))
	awaitPhase(t, l, PhaseAsleep)
	cluster.Kill(t)
	// Counted, since a drain that fails right after it takes the place of the last error.
	eventually(t, "it fails to connect", func() bool { return l.Status().Faults[FaultConnect] > 0 })
	if s := l.Status(); s.Check().OK || s.ConnectedSince != nil || s.Role != RoleNone {
		t.Errorf("without a server: %+v", s)
	}
	cluster.Restart(t)
	connect(t, dsn).mark()
	awaitMarks(t, l, 1)
	awaitPhase(t, l, PhaseAsleep)
}

// The listener is cut off, the database is not: it is drained all the same.
func TestDrainsWithoutAConnection(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	cfg := config(t, dsn)
	way := newProxy(t, cfg.Connect, func(*proxy) {})
	l, _ := start(t, cfg)
	awaitPhase(t, l, PhaseAsleep)
	way.refuse.Store(true)
	way.cut()
	eventually(t, "it has lost the connection", func() bool { return l.Status().Phase == PhaseConnecting })
	connect(t, dsn).mark()
	awaitMarks(t, l, 1)
	if l.Status().ConnectedSince != nil {
		t.Error("connected through a proxy that refuses")
	}
	way.refuse.Store(false)
	awaitPhase(t, l, PhaseAsleep)
}

// A connection over which nothing comes any more looks healthy until it is tried.
func TestHalfOpenConnectionIsFoundOut(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	cfg := config(t, dsn)
	way := newProxy(t, cfg.Connect, func(*proxy) {})
	drainer := cfg.Drainer.(*plainDrainer)
	l, _ := start(t, cfg)
	awaitPhase(t, l, PhaseAsleep)
	// The drain that follows hangs, too, as one on a socket to a dead server would.
	hangs, ended := make(chan struct{}), make(chan struct{})
	drainer.before(func(ctx context.Context) error {
		drainer.before(nil)
		close(hangs)
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	})
	writer := connect(t, dsn)
	writer.mark()
	<-hangs
	way.frozen.Store(true)
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the drain is not cancelled")
	}
	eventually(t, "the connection is given up", func() bool { return l.Status().Phase == PhaseConnecting })
	way.frozen.Store(false)
	awaitMarks(t, l, 1)
	awaitPhase(t, l, PhaseAsleep)
}

func TestPoolerInTransactionModeIsNamed(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	for _, c := range []struct {
		name   string
		masked bool // it hands out process ids of its own
		role   Role
	}{{"pooler", true, RoleIndependent}, {"proxy that drops notifications", false, RoleLeader}} {
		cfg := config(t, dsn)
		newProxy(t, cfg.Connect, func(p *proxy) { p.swallow, p.masked = true, c.masked })
		l, loop := start(t, cfg)
		awaitPhase(t, l, PhasePolling)
		writer := connect(t, dsn)
		writer.mark()
		awaitMarks(t, l, 1)
		if s := l.Status(); s.Role != c.role || s.Signal != SignalPoll || s.Reason != ReasonPooler {
			t.Errorf("%s: %s by %s (%s)", c.name, s.Role, s.Signal, s.Reason)
		}
		if flag := writer.flag(); flag != 1 {
			t.Errorf("%s: the flag is %d", c.name, flag)
		}
		loop.end(t)
	}
}

// A pooler in session mode gives its clients process ids of its own, too, but a session each.
func TestPoolerInSessionModeIsNoHindrance(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	cfg := config(t, dsn)
	newProxy(t, cfg.Connect, func(p *proxy) { p.masked, p.keep = true, true })
	l, loop := start(t, cfg)
	awaitPhase(t, l, PhaseAsleep)
	connect(t, dsn).mark()
	awaitMarks(t, l, 1)
	if s := l.Status(); s.Role != RoleLeader || s.Signal != SignalNotify || s.Wakeups.Signalled != 1 {
		t.Errorf("%s by %s, wakeups %+v", s.Role, s.Signal, s.Wakeups)
	}
	// The session outlives its client; the lock must not.
	loop.end(t)
	next, _ := start(t, config(t, dsn))
	awaitPhase(t, next, PhaseAsleep)
}

func TestStandbyIsNamedAndTakesOverWhenPromoted(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t)
	dsn := newDatabase(t, primary)
	writer := connect(t, dsn)
	writer.exec("SELECT setval('tidemark.wake_flag', 2)")
	standby := primary.Standby(t)
	there := standby.DSN(parse(t, dsn).Database)
	l, _ := start(t, config(t, there))
	awaitPhase(t, l, PhaseStandby)
	s := l.Status()
	if s.Signal != SignalNone || s.Reason != ReasonStandby || s.Drains != 0 {
		t.Errorf("by %s (%s), %d drains", s.Signal, s.Reason, s.Drains)
	}
	if s.Check().OK {
		t.Error("a standby cannot be drained, and yet it is ready")
	}
	standby.Promote(t)
	awaitPhase(t, l, PhaseAsleep)
	connect(t, there).mark()
	awaitMarks(t, l, 1)
	if s := l.Status(); s.Role != RoleLeader || s.Signal != SignalNotify || s.Reconnects != 0 {
		t.Errorf("promoted: %s by %s, %d reconnects", s.Role, s.Signal, s.Reconnects)
	}
}

// The server must notice soon that a leader was cut off, and no setting of the database's may end or slow the session.
func TestSessionSettings(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	cfg, err := config(t, dsn).withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	s, err := openSession(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for name, want := range map[string]string{
		"tcp_keepalives_idle": "3", "tcp_keepalives_interval": "1", "tcp_keepalives_count": "3", "tcp_user_timeout": "6000",
		"idle_session_timeout": "7000", "synchronous_commit": "off", "application_name": applicationName,
	} {
		var got string
		if err := s.row(t.Context(), "show", "SELECT setting FROM pg_settings WHERE name = '"+name+"'", &got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
	other, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	if led, err := s.tryLead(t.Context()); !led || err != nil {
		t.Fatalf("led: %v, %v", led, err)
	}
	var free bool
	if err := other.QueryRow(t.Context(), "SELECT pg_try_advisory_lock($1)", LeaderLockKey).Scan(&free); err != nil || free {
		t.Errorf("the leader lock is not on LeaderLockKey: %v, %v", free, err)
	}
}
