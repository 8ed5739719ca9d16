package listener

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"tidemark/internal/pgtest"
)

// decodes is a cluster whose WAL can be decoded.
func decodes(t *testing.T, more ...pgtest.Option) []pgtest.Option {
	t.Helper()
	return append([]pgtest.Option{pgtest.Setting("wal_level", "logical"), pgtest.Setting("max_replication_slots", "20"), pgtest.Setting("max_wal_senders", "20")}, more...)
}

func walConfig(t *testing.T, dsn string) Config {
	t.Helper()
	cfg := config(t, dsn)
	cfg.Signal = SignalWAL
	return cfg
}

func awaitSignal(t *testing.T, l *Listener, by Signal, why Reason) {
	t.Helper()
	eventually(t, fmt.Sprintf("the signal is %s (%s)", by, why), func() bool {
		s := l.Status()
		return s.Signal == by && s.Reason == why
	})
}

// asleepByWAL waits until every mark to come is heard of in the WAL.
func asleepByWAL(t *testing.T, l *Listener) {
	t.Helper()
	eventually(t, "it sleeps on the WAL", func() bool {
		s := l.Status()
		return s.Signal == SignalWAL && s.Phase == PhaseAsleep
	})
}

// slots are those of this database.
const slots = "SELECT count(*)::int FROM pg_replication_slots WHERE database = current_database()"

func TestWALWakesTheLeader(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t, decodes(t)...))
	writer := connect(t, dsn)
	writer.exec("SELECT setval('tidemark.wake_flag', 2)") // left by a leader that notified, and crashed
	l, loop := start(t, walConfig(t, dsn))
	for n := int64(1); n <= 5; n++ {
		asleepByWAL(t, l)
		if flag := writer.flag(); flag != 1 {
			t.Errorf("the flag is %d: writers notify", flag)
		}
		writer.mark()
		awaitMarks(t, l, n)
	}
	s := l.Status()
	if s.Role != RoleLeader || s.Reason != ReasonConfigured || s.Wakeups.Signalled < 5 {
		t.Errorf("%s (%s), wakeups %+v", s.Role, s.Reason, s.Wakeups)
	}
	if check := s.Check(); !check.OK {
		t.Errorf("not ready: %s", check.Reason)
	}
	if n := ask[int](writer, slots+" AND temporary"); n != 1 {
		t.Errorf("%d temporary slots", n)
	}
	written := ask[string](writer, "SELECT pg_current_wal_lsn()::text")
	eventually(t, "what was read is confirmed", func() bool {
		return ask[bool](writer, "SELECT bool_and(confirmed_flush_lsn >= '"+written+"') FROM pg_replication_slots WHERE database = current_database()")
	})
	loop.end(t)
	eventually(t, "the slot is gone", func() bool { return ask[int](writer, slots) == 0 })
}

// What commits in another order than it began, in subtransactions or with several marks: all is heard, nothing else is needed.
func TestWALMissesNoWriter(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t, decodes(t)...))
	l, _ := start(t, walConfig(t, dsn))
	asleepByWAL(t, l)
	const writers, rounds = 4, 60
	var group sync.WaitGroup
	for w := range writers {
		writer := connect(t, dsn)
		group.Go(func() {
			for i := range rounds {
				writer.exec([]string{"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ"}[i%2])
				writer.mark()
				writer.exec("SAVEPOINT s")
				writer.mark()
				writer.exec([]string{"ROLLBACK TO s", "RELEASE s"}[(i+w)%2])
				writer.exec([]string{"COMMIT", "COMMIT", "ROLLBACK"}[i%3])
			}
		})
	}
	group.Wait()
	want := int64(0)
	for w := range writers {
		for i := range rounds {
			if i%3 < 2 {
				want += int64(1 + (i+w)%2)
			}
		}
	}
	awaitMarks(t, l, want)
	asleepByWAL(t, l)
}

// Making the slot waits for every open transaction. Marks are polled for meanwhile, and a listener that is told to stop
// leaves nothing behind that waits on.
func TestWALPollsUntilThereIsASlot(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t, decodes(t)...))
	older, writer := connect(t, dsn), connect(t, dsn)
	older.exec("BEGIN")
	older.mark()
	l, loop := start(t, walConfig(t, dsn))
	awaitPhase(t, l, PhasePolling)
	eventually(t, "the slot is being made", func() bool { return ask[int](writer, slots) == 1 })
	if s := l.Status(); s.Signal != SignalPoll || s.Reason != ReasonSlotPending || !s.Check().OK {
		t.Errorf("%s (%s), ready: %v", s.Signal, s.Reason, s.Check())
	}
	writer.mark()
	awaitMarks(t, l, 1)
	loop.end(t)
	eventually(t, "the slot is gone", func() bool { return ask[int](writer, slots) == 0 })
	l, _ = start(t, walConfig(t, dsn))
	awaitPhase(t, l, PhasePolling)
	older.exec("COMMIT")
	awaitMarks(t, l, 1)
	asleepByWAL(t, l)
	writer.mark()
	awaitMarks(t, l, 2)
}

func TestWALStreamIsReplaced(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t, decodes(t)...))
	l, _ := start(t, walConfig(t, dsn))
	writer := connect(t, dsn)
	for n := int64(1); n <= 3; n++ {
		asleepByWAL(t, l)
		before := ask[string](writer, "SELECT max(slot_name) FROM pg_replication_slots WHERE database = current_database()")
		writer.exec("BEGIN")
		writer.mark()
		writer.endSessions(tailName)
		writer.exec("COMMIT") // perhaps after the stream has ended, before the next began
		awaitMarks(t, l, n)
		eventually(t, "there is another slot", func() bool {
			return ask[bool](writer, "SELECT coalesce(bool_and(slot_name <> '"+before+"'), false) FROM pg_replication_slots WHERE database = current_database()")
		})
	}
	asleepByWAL(t, l)
	s := l.Status()
	if e := s.LastError; e == nil || e.Code != FaultWAL || e.SQLState != "57P01" {
		t.Errorf("the loss is reported as %+v", e)
	}
	if s.Reconnects != 0 || !s.Check().OK {
		t.Errorf("%d reconnects of the listener's own connection; ready: %+v", s.Reconnects, s.Check())
	}
}

// A slot that holds back more WAL than max_slot_wal_keep_size allows is taken away by the next checkpoint.
func TestWALSlotIsInvalidated(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Start(t, decodes(t, pgtest.Setting("max_slot_wal_keep_size", "1MB"))...))
	l, _ := start(t, walConfig(t, dsn))
	asleepByWAL(t, l)
	older, writer := connect(t, dsn), connect(t, dsn)
	older.exec("BEGIN")
	older.mark() // decoding would have to begin again here
	for range 3 {
		writer.exec("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 100000))")
		writer.exec("SELECT pg_switch_wal()")
	}
	eventually(t, "the slot is taken away", func() bool {
		writer.exec("CHECKPOINT")
		return l.Status().Signal != SignalWAL
	})
	awaitSignal(t, l, SignalPoll, ReasonSlotPending) // the next one waits for the older transaction
	writer.mark()
	awaitMarks(t, l, 1)
	older.exec("COMMIT")
	awaitMarks(t, l, 2)
	asleepByWAL(t, l)
	writer.mark()
	awaitMarks(t, l, 3)
}

// A server that is shut down waits until its streams are confirmed. What was lost after the start is no reason to end: the
// marks are polled for, and status says why.
func TestWALSurvivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t, decodes(t)...)
	dsn := newDatabase(t, cluster)
	l, _ := start(t, walConfig(t, dsn))
	asleepByWAL(t, l)
	connect(t, dsn).mark()
	awaitMarks(t, l, 1)
	cluster.Restart(t)
	connect(t, dsn).mark()
	awaitMarks(t, l, 2)
	asleepByWAL(t, l)
	admin := connect(t, dsn)
	admin.mark()
	awaitMarks(t, l, 3)
	admin.exec("ALTER SYSTEM SET wal_level = 'replica'")
	cluster.Restart(t)
	awaitSignal(t, l, SignalPoll, ReasonWALLevel)
	connect(t, dsn).mark()
	awaitMarks(t, l, 4)
}

func TestWALWithoutAFreeSlotMeansPolling(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Start(t, pgtest.Setting("wal_level", "logical"), pgtest.Setting("max_replication_slots", "1")))
	writer := connect(t, dsn)
	writer.exec("SELECT pg_create_logical_replication_slot('taken', 'pgoutput')")
	l, _ := start(t, walConfig(t, dsn))
	awaitSignal(t, l, SignalPoll, ReasonSlotUnavailable)
	writer.mark()
	awaitMarks(t, l, 1)
	s := l.Status()
	if s.LastError == nil || s.LastError.Code != FaultWAL || !strings.Contains(s.LastError.Message, "all replication slots are in use") || !s.Check().OK {
		t.Errorf("said: %+v, ready: %+v", s.LastError, s.Check())
	}
	writer.exec("SELECT pg_drop_replication_slot('taken')")
	asleepByWAL(t, l)
}

func TestWALIsRefusedWhereItCannotBe(t *testing.T) {
	t.Parallel()
	plain := newDatabase(t, pgtest.Shared(t))
	logical := newDatabase(t, pgtest.Shared(t, decodes(t)...))
	for _, c := range []struct{ what, dsn, role, want string }{
		{"wal_level", plain, "", "ALTER SYSTEM SET wal_level = 'logical'"},
		{"attribute", logical, newRole(t, logical, "NOREPLICATION"), " REPLICATION as a superuser"},
		{"publication", logical, newRole(t, logical, "REPLICATION"), "CREATE PUBLICATION tidemark_marks FOR TABLE tidemark.marks (scope, component) WITH (publish = 'insert')"},
	} {
		cfg := walConfig(t, c.dsn)
		if c.role != "" {
			cfg.Connect.User = c.role
		}
		if err := outcome(t, New(cfg).Run); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want it to say %q", c.what, err, c.want)
		}
	}
}

// The publication is made anew where it is gone or not ours.
func TestPublicationIsMended(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t, decodes(t)...))
	w, err := dial(t.Context(), parse(t, dsn), t.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	writer := connect(t, dsn)
	for _, spoil := range []string{
		"SELECT 'there is none yet'",
		"DROP PUBLICATION tidemark_marks",
		"ALTER PUBLICATION tidemark_marks SET (publish = 'insert, truncate')",
		"ALTER PUBLICATION tidemark_marks SET TABLE tidemark.marks",
		"ALTER PUBLICATION tidemark_marks SET TABLE tidemark.marks (scope, component) WHERE (recount)",
		"ALTER PUBLICATION tidemark_marks ADD TABLE public.records",
	} {
		writer.exec(spoil)
		if there, err := marksPublication.there(t.Context(), w); there || err != nil {
			t.Errorf("after %s it is as it was: %v", spoil, err)
		}
		if err := marksPublication.ensure(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		if there, err := marksPublication.there(t.Context(), w); !there || err != nil {
			t.Errorf("after %s it is not mended: %v", spoil, err)
		}
		writer.mark()
		writer.exec("DELETE FROM tidemark.marks")
	}
}
