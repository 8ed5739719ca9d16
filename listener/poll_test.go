package listener

import (
	"testing"

	"tidemark/internal/pgtest"
)

func TestPreparedTransactionsMeanPolling(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t, pgtest.Setting("max_prepared_transactions", "4")))
	l, _ := start(t, config(t, dsn))
	awaitPhase(t, l, PhasePolling)
	writer := connect(t, dsn)
	writer.exec("BEGIN")
	writer.mark()
	writer.exec("PREPARE TRANSACTION 'two'")
	writer.mark()
	awaitMarks(t, l, 1)
	writer.exec("COMMIT PREPARED 'two'")
	awaitMarks(t, l, 2)
	s := l.Status()
	if s.Role != RoleLeader || s.Signal != SignalPoll || s.Reason != ReasonPreparedTransactions {
		t.Errorf("%s by %s (%s)", s.Role, s.Signal, s.Reason)
	}
	if s.Wakeups.Signalled != 0 || writer.flag() != 1 {
		t.Errorf("%d notifications, flag %d", s.Wakeups.Signalled, writer.flag())
	}
}

func TestPollWhenAskedTo(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	writer := connect(t, dsn)
	writer.exec("SELECT setval('tidemark.wake_flag', 2)") // left by a leader that notified, and crashed
	cfg := config(t, dsn)
	cfg.Signal = SignalPoll
	l, _ := start(t, cfg)
	awaitPhase(t, l, PhasePolling)
	if flag := writer.flag(); flag != 1 {
		t.Errorf("the flag is %d and nobody listens", flag)
	}
	writer.mark()
	awaitMarks(t, l, 1)
	if s := l.Status(); s.Signal != SignalPoll || s.Reason != ReasonConfigured || s.Wakeups.Polled == 0 {
		t.Errorf("%s (%s), wakeups %+v", s.Signal, s.Reason, s.Wakeups)
	}
}

func TestParseSignal(t *testing.T) {
	for name, want := range map[string]Signal{"": SignalNotify, "notify": SignalNotify, "wal": SignalWAL, "poll": SignalPoll} {
		if got, err := ParseSignal(name); got != want || err != nil {
			t.Errorf("%q is %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"WAL", "NOTIFY", "commit", "none", " poll"} {
		if got, err := ParseSignal(name); err == nil {
			t.Errorf("%q is %q", name, got)
		}
	}
}
