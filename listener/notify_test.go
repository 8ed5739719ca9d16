package listener

import (
	"context"
	"testing"

	"tidemark/internal/pgtest"
)

func TestNotifyWakesTheLeader(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	l, _ := start(t, config(t, dsn))
	writer := connect(t, dsn)
	for n := int64(1); n <= 5; n++ {
		awaitPhase(t, l, PhaseAsleep)
		writer.mark()
		awaitMarks(t, l, n)
	}
	s := l.Status()
	if s.Role != RoleLeader || s.Signal != SignalNotify || s.Reason != ReasonConfigured {
		t.Errorf("%s by %s (%s)", s.Role, s.Signal, s.Reason)
	}
	if s.Wakeups.Signalled < 5 || s.Wakeups.Polled != 0 {
		t.Errorf("wakeups: %+v, want five or more by NOTIFY and none by a poll", s.Wakeups)
	}
	if check := s.Check(); !check.OK {
		t.Errorf("not ready: %s", check.Reason)
	}
}

func TestMarksFromBeforeTheStartAreDrained(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	connect(t, dsn).mark()
	l, _ := start(t, config(t, dsn))
	awaitMarks(t, l, 1)
}

// A leader that crashed left the flag up; it comes down before the first drain, and is up only while the leader sleeps.
func TestFlagIsUpOnlyWhileAsleep(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	writer := connect(t, dsn)
	writer.exec("SELECT setval('tidemark.wake_flag', 2)")
	cfg := config(t, dsn)
	draining, proceed := make(chan struct{}), make(chan struct{})
	cfg.Drainer.(*plainDrainer).before(func(ctx context.Context) error {
		for _, step := range []chan struct{}{draining, proceed} {
			select {
			case step <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	l, loop := start(t, cfg)
	expect := func(when string, flag int64) {
		t.Helper()
		if got := writer.flag(); got != flag {
			t.Errorf("%s the flag is %d, want %d", when, got, flag)
		}
	}
	<-draining
	expect("during the first drain", 1)
	<-proceed
	awaitPhase(t, l, PhaseAsleep)
	expect("asleep", 2)
	writer.mark()
	<-draining
	expect("during a drain", 1)
	<-proceed
	<-draining
	expect("during the drain that finds nothing", 1)
	<-proceed
	awaitPhase(t, l, PhaseAsleep)
	expect("asleep again", 2)
	loop.end(t)
	expect("after a stop", 1)
}

func TestRepeatableReadWriterWakes(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	writer := connect(t, dsn)
	for _, level := range []string{"REPEATABLE READ", "SERIALIZABLE"} {
		// Its snapshot is older than the flag.
		writer.exec("BEGIN ISOLATION LEVEL " + level)
		writer.exec("SELECT count(*) FROM tidemark.marks")
		l, loop := start(t, config(t, dsn))
		awaitPhase(t, l, PhaseAsleep)
		writer.mark()
		writer.exec("COMMIT")
		awaitMarks(t, l, 1)
		if s := l.Status(); s.Wakeups.Signalled != 1 || s.Wakeups.Polled != 0 {
			t.Errorf("%s: wakeups %+v", level, s.Wakeups)
		}
		loop.end(t)
	}
}

// A writer that read the flag while it was down does not notify, whenever it commits: the leader may not sleep before.
func TestOlderTransactionKeepsTheLeaderAwake(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	writer, other := connect(t, dsn), connect(t, dsn)
	writer.exec("BEGIN")
	writer.mark()
	l, _ := start(t, config(t, dsn))
	awaitPhase(t, l, PhaseArming)
	eventually(t, "the flag is up", func() bool { return other.flag() == 2 })
	// Others wake it meanwhile, and it does not fall asleep over it.
	other.mark()
	awaitMarks(t, l, 1)
	awaitPhase(t, l, PhaseArming)
	writer.exec("COMMIT")
	awaitMarks(t, l, 2)
	awaitPhase(t, l, PhaseAsleep)
	other.mark()
	awaitMarks(t, l, 3)
}

func TestSafetyPollFindsMarksWithoutASignal(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	cfg := config(t, dsn)
	cfg.SafetyPoll = DefaultPollEvery
	l, _ := start(t, cfg)
	awaitPhase(t, l, PhaseAsleep)
	connect(t, dsn).exec("INSERT INTO tidemark.marks (component) VALUES ('records')")
	awaitMarks(t, l, 1)
	if s := l.Status(); s.Wakeups.Signalled != 0 || s.Wakeups.Polled == 0 {
		t.Errorf("wakeups: %+v", s.Wakeups)
	}
}

// The flag stays down while the notification queue is too full, and NOTIFY is taken up again when there is room.
func TestCrowdedNotificationQueue(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	writer := connect(t, dsn)
	// A queue of 8 GB is not easily filled; the server's answer is replaced, in this database only.
	writer.exec("CREATE TABLE public.queue AS SELECT 0.0::float8 AS usage")
	writer.exec("ALTER FUNCTION pg_catalog.pg_notification_queue_usage() RENAME TO pg_notification_queue_usage_measured")
	writer.exec(`CREATE FUNCTION pg_catalog.pg_notification_queue_usage() RETURNS float8
		LANGUAGE sql VOLATILE AS 'SELECT usage FROM public.queue'`)
	l, _ := start(t, config(t, dsn))
	awaitPhase(t, l, PhaseAsleep)
	expect := func(usage float64, signal Signal, reason Reason) {
		t.Helper()
		writer.exec("UPDATE public.queue SET usage = $1", usage)
		eventually(t, "the reason is "+string(reason), func() bool {
			s := l.Status()
			return s.Signal == signal && s.Reason == reason
		})
	}
	// Asleep, and kept from it by an older transaction.
	expect(0.11, SignalPoll, ReasonQueueUsage)
	older := connect(t, dsn)
	older.exec("BEGIN")
	older.exec("SELECT pg_current_xact_id()")
	expect(0.01, SignalNotify, ReasonConfigured)
	awaitPhase(t, l, PhaseArming)
	expect(0.11, SignalPoll, ReasonQueueUsage)
	older.exec("ROLLBACK")
	if flag := writer.flag(); flag != 1 {
		t.Errorf("the queue is crowded and the flag %d", flag)
	}
	if !l.Status().Check().OK {
		t.Error("polling is no reason not to be ready")
	}
	writer.mark()
	awaitMarks(t, l, 1)
	expect(0.01, SignalNotify, ReasonConfigured)
	awaitPhase(t, l, PhaseAsleep)
	before := l.Status().Wakeups.Signalled
	writer.mark()
	awaitMarks(t, l, 2)
	if after := l.Status().Wakeups.Signalled; after == before {
		t.Error("woken, but not by NOTIFY")
	}
}
