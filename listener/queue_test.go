package listener

import (
	"testing"
	"time"

	"tidemark/internal/pgtest"
)

// smallQueue is a server whose notification queue can be filled: PostgreSQL 17 and later can bound it. Which one is the
// default makes no difference to what is tested, so these tests ask for 18 whatever the environment says.
func smallQueue(t *testing.T) string {
	t.Helper()
	return newDatabase(t, pgtest.Start(t, pgtest.OnMajor(18), pgtest.Setting("max_notify_queue_pages", "64")))
}

// fill fills the notification queue up to a share: a program listens and does not end its transaction, so that nothing
// leaves the queue, while another notifies it, so many pages at a time; beyond 1 is until no notification fits. The returned function lets the queue drain.
func fill(t *testing.T, dsn string, share float64, pages int) (relax func()) {
	t.Helper()
	idle, loud := connect(t, dsn), connect(t, dsn)
	idle.exec("LISTEN foreign_channel")
	idle.exec("BEGIN")
	ask[int](idle, "SELECT 1")
	for ask[float64](loud, "SELECT pg_notification_queue_usage()") < share {
		_, err := loud.conn.Exec(t.Context(), "SELECT count(pg_notify('foreign_channel', repeat('x', 7900) || i)) FROM generate_series(1, $1::int) i", pages)
		if err != nil && share > 1 {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return func() { idle.exec("COMMIT") }
}

func TestFullQueueMeansPolling(t *testing.T) {
	t.Parallel()
	dsn := smallQueue(t)
	l, loop := start(t, config(t, dsn))
	awaitPhase(t, l, PhaseAsleep)
	writer := connect(t, dsn)
	relax := fill(t, dsn, 2, 1)
	eventually(t, "it polls", func() bool { return l.Status().Reason == ReasonQueueUsage })
	writer.mark()
	awaitMarks(t, l, 1)
	if s := l.Status(); s.Signal != SignalPoll || s.Role != RoleLeader || writer.flag() != 1 {
		t.Errorf("%s by %s, flag %d", s.Role, s.Signal, writer.flag())
	}
	// One that begins now cannot be probed, and leads all the same.
	loop.end(t)
	l, _ = start(t, config(t, dsn))
	eventually(t, "the next one polls", func() bool { return l.Status().Reason == ReasonQueueUsage })
	writer.mark()
	awaitMarks(t, l, 1)
	relax()
	awaitPhase(t, l, PhaseAsleep)
	writer.mark()
	awaitMarks(t, l, 2)
	if s := l.Status(); s.Signal != SignalNotify || s.Wakeups.Signalled == 0 {
		t.Errorf("there is room again: by %s (%s), wakeups %+v", s.Signal, s.Reason, s.Wakeups)
	}
}

// The queue fills up while the leader sleeps and its flag is up: no writer may fail with it.
func TestQueueThatFillsUpBetweenTwoLooksFailsNobody(t *testing.T) {
	t.Parallel()
	dsn := smallQueue(t)
	cfg := config(t, dsn)
	cfg.PingEvery, cfg.SafetyPoll = never, 20*time.Millisecond
	l, _ := start(t, cfg)
	awaitPhase(t, l, PhaseAsleep)
	writer := connect(t, dsn)
	fill(t, dsn, 2, 1)
	if writer.flag() != 2 {
		t.Fatal("the leader does not sleep")
	}
	for n := range int64(20) {
		writer.mark() // which fails the test if it fails
		awaitMarks(t, l, n+1)
	}
}

// A session that listens and does not end its transaction is no hindrance as long as there is room.
func TestForeignListenerIdleInTransaction(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	fill(t, dsn, 0.000001, 1)
	l, _ := start(t, config(t, dsn))
	for n := range int64(5) {
		awaitPhase(t, l, PhaseAsleep)
		connect(t, dsn).mark()
		awaitMarks(t, l, n+1)
	}
	if s := l.Status(); s.Signal != SignalNotify || s.Wakeups.Polled != 0 {
		t.Errorf("by %s (%s), wakeups %+v", s.Signal, s.Reason, s.Wakeups)
	}
}

// Announcements stop while the queue is full; what they would have told is found.
func TestChangesWithFullQueue(t *testing.T) {
	t.Parallel()
	dsn := smallQueue(t)
	fill(t, dsn, 2, 1)
	c, events := startChanges(t, ChangesConfig{Connect: parse(t, dsn)})
	if s := c.Status(); s.Signal != SignalPoll || s.Reason != ReasonQueueUsage {
		t.Errorf("by %s (%s)", s.Signal, s.Reason)
	}
	connect(t, dsn).deletion(7)
	expectChange(t, events, 7)
}
