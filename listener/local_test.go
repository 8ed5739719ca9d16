package listener

import (
	"context"
	"strings"
	"sync"
	"testing"

	"tidemark/drain"
)

// memory is an engine without a database: a number of marks.
type memory struct {
	mu       sync.Mutex
	marks    int64
	failures int
	wake     chan struct{}
}

func newMemory() *memory { return &memory{wake: make(chan struct{}, 1)} }

// commit adds marks and, if it signals, wakes the loop as engines do: without waiting.
func (m *memory) commit(marks int64, signals bool) {
	m.mu.Lock()
	m.marks += marks
	m.mu.Unlock()
	if signals {
		select {
		case m.wake <- struct{}{}:
		default:
		}
	}
}

func (m *memory) Drain(context.Context) (drain.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failures > 0 {
		m.failures--
		return drain.Result{}, errTest
	}
	r := drain.Result{Marks: m.marks}
	m.marks = 0
	return r, nil
}

func (m *memory) Pending(context.Context) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.marks > 0, nil
}

func startLocal(t *testing.T, m *memory, change func(*LocalConfig)) *Local {
	t.Helper()
	cfg := LocalConfig{Drainer: m, Wake: m.wake, SafetyPoll: never, Jitter: func() float64 { return 0 }}
	if change != nil {
		change(&cfg)
	}
	l := NewLocal(cfg)
	run(t, l.Run)
	return l
}

func TestLocalIsWoken(t *testing.T) {
	m := newMemory()
	m.commit(3, false) // from before the start
	l := startLocal(t, m, nil)
	eventually(t, "it sleeps", func() bool { return l.Status().Phase == PhaseAsleep })
	m.commit(2, true)
	eventually(t, "all is drained", func() bool { return l.Status().Marks == 5 })
	s := l.Status()
	if s.Role != RoleLeader || s.Signal != SignalCommit || s.Reason != ReasonConfigured || s.Wakeups.Polled != 0 {
		t.Errorf("%s by %s (%s), wakeups %+v", s.Role, s.Signal, s.Reason, s.Wakeups)
	}
	if !s.Check().OK {
		t.Error(s.Check().Reason)
	}
}

func TestLocalLosesNoCommit(t *testing.T) {
	m := newMemory()
	l := startLocal(t, m, nil)
	const commits = 2000
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range commits / 4 {
				m.commit(1, true)
			}
		})
	}
	writers.Wait()
	eventually(t, "all is drained", func() bool { return l.Status().Marks == commits })
}

func TestLocalSafetyPoll(t *testing.T) {
	m := newMemory()
	l := startLocal(t, m, func(cfg *LocalConfig) { cfg.SafetyPoll = DefaultPollEvery })
	eventually(t, "it sleeps", func() bool { return l.Status().Phase == PhaseAsleep })
	m.commit(1, false)
	eventually(t, "it is drained", func() bool { return l.Status().Marks == 1 })
	if s := l.Status(); s.Wakeups.Polled != 1 || s.Wakeups.Signalled != 0 {
		t.Errorf("wakeups: %+v", s.Wakeups)
	}
}

func TestLocalGoesOnAfterFailures(t *testing.T) {
	m := newMemory()
	m.failures = 2
	m.commit(1, false)
	l := startLocal(t, m, nil)
	eventually(t, "it says so", func() bool { return !l.Status().Check().OK && l.Status().Phase == PhaseBackingOff })
	if reason := l.Status().Check().Reason; !strings.Contains(reason, string(FaultDrain)) {
		t.Errorf("reason %q", reason)
	}
	eventually(t, "it is drained", func() bool { return l.Status().Marks == 1 })
	eventually(t, "it is ready again", func() bool { return l.Status().Check().OK })
}

// An engine that closes its signal leaves the safety poll, and no loop that spins.
func TestLocalSurvivesAClosedSignal(t *testing.T) {
	m := newMemory()
	close(m.wake)
	l := startLocal(t, m, func(cfg *LocalConfig) { cfg.SafetyPoll = DefaultPollEvery })
	eventually(t, "it sleeps", func() bool { return l.Status().Phase == PhaseAsleep })
	m.mu.Lock()
	m.marks++
	m.mu.Unlock()
	eventually(t, "it is drained", func() bool { return l.Status().Marks == 1 })
	if s := l.Status(); s.Wakeups.Signalled != 0 {
		t.Errorf("wakeups: %+v", s.Wakeups)
	}
}

func TestLocalWantsItsParts(t *testing.T) {
	m := newMemory()
	for _, cfg := range []LocalConfig{{Wake: m.wake}, {Drainer: m}} {
		if err := NewLocal(cfg).Run(t.Context()); err == nil {
			t.Errorf("%+v is enough", cfg)
		}
	}
}
