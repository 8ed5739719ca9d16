package listener

import (
	"maps"
	"sync"
	"time"

	"tidemark/drain"
	"tidemark/summary"
)

// Role is what a loop is among the servers of one database.
type Role string

const (
	RoleNone     Role = "none"     // not connected, or not running
	RoleLeader   Role = "leader"   // it drains
	RoleFollower Role = "follower" // another server drains; it stands by
	// RoleIndependent drains without an election: session locks cannot be held through a pooler. The drain lock keeps
	// several such servers from doing harm.
	RoleIndependent Role = "independent"
)

// Drains reports whether a loop of that role drains.
func (r Role) Drains() bool { return r == RoleLeader || r == RoleIndependent }

// Phase is what a loop is doing.
type Phase string

const (
	PhaseStopped    Phase = "stopped"
	PhaseConnecting Phase = "connecting"
	PhaseStandby    Phase = "standing_by" // a follower, or on a standby
	PhaseDraining   Phase = "draining"
	PhaseArming     Phase = "arming" // an older transaction may still leave a mark without a signal
	PhaseAsleep     Phase = "asleep" // every mark to come wakes it
	PhasePolling    Phase = "polling"
	PhaseBackingOff Phase = "backing_off" // the last drain failed
)

// Status is a snapshot of what a loop is and has done. Counters count from the start of the process.
type Status struct {
	Role   Role   `json:"role"`
	Phase  Phase  `json:"phase"`
	Signal Signal `json:"signal"` // in use
	Reason Reason `json:"reason"` // why this one
	// ConnectedSince is nil without a connection, and always on SQLite.
	ConnectedSince *time.Time `json:"connected_since"`
	Reconnects     int64      `json:"reconnects"` // connections opened again after a loss
	Drains         int64      `json:"drains"`     // that succeeded
	Marks          int64      `json:"marks"`      // taken by them
	Wakeups        Wakeups    `json:"wakeups"`
	LastDrainAt    *time.Time `json:"last_drain_at"` // the end of the last one that succeeded
	LastResult     *Outcome   `json:"last_result"`   // of the last one that found something
	LastError      *Fault     `json:"last_error"`
	// Failing counts the faults since the last success: above 0, LastError is what is wrong now.
	Failing int64 `json:"failing"`
	// Faults counts all of them, by code; never changed once it is in a snapshot.
	Faults map[FaultCode]int64 `json:"faults"`
}

// Wakeups counts what ended waits.
type Wakeups struct {
	Signalled int64 `json:"signalled"` // NOTIFY, a commit in the WAL, or SQLite's commit signal
	Polled    int64 `json:"polled"`    // marks that a poll found
}

// Outcome is the size of what a drain did.
type Outcome struct {
	Marks      int64         `json:"marks"`
	More       bool          `json:"more"`
	Changed    int           `json:"changed"`
	Deleted    int           `json:"deleted"`
	Manifests  int           `json:"manifests"`
	Failed     int           `json:"failed"`
	Repaired   int           `json:"repaired"`
	MaxVersion int64         `json:"max_version"`
	Took       time.Duration `json:"took_ns"`
}

// Check says whether the loop is fit for its job, for /readyz.
func (s Status) Check() summary.Check {
	c := summary.Check{Name: summary.CheckListener, OK: true}
	switch {
	case s.Phase == PhaseStopped:
		c.OK, c.Reason = false, "the listener does not run"
	case s.Reason == ReasonStandby:
		c.OK, c.Reason = false, "the database is a standby: it can be read but not drained; point --db at the primary"
	case s.Failing > 0 && s.LastError != nil:
		c.OK, c.Reason = false, string(s.LastError.Code)+": "+s.LastError.Message
	case s.Phase == PhaseConnecting:
		c.OK, c.Reason = false, "the listener is connecting"
	case s.Signal == SignalPoll && s.Reason != ReasonConfigured:
		c.Reason = "marks are polled for: " + string(s.Reason)
	}
	return c
}

// tracker keeps a Status. Safe for concurrent use.
type tracker struct {
	mu     sync.Mutex
	status Status
	now    func() time.Time
}

func newTracker(now func() time.Time) *tracker {
	return &tracker{now: now, status: Status{Role: RoleNone, Phase: PhaseStopped, Signal: SignalNone, Reason: ReasonConnecting}}
}

// snapshot copies the status; nothing in the copy changes any more.
func (t *tracker) snapshot() Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status
}

func (t *tracker) update(change func(*Status)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.status)
}

func (t *tracker) enter(p Phase) { t.update(func(s *Status) { s.Phase = p }) }

func (t *tracker) become(r Role, by Signal, why Reason) {
	t.update(func(s *Status) { s.Role, s.Signal, s.Reason = r, by, why })
}

// connected ends a series of failures to connect; one of failures to drain goes on.
func (t *tracker) connected(again, failing bool) {
	at := t.now()
	t.update(func(s *Status) {
		s.ConnectedSince = &at
		if !failing {
			s.Failing = 0
		}
		if again {
			s.Reconnects++
		}
	})
}

// disconnected ends whatever role there was.
func (t *tracker) disconnected(p Phase) {
	t.update(func(s *Status) {
		s.Role, s.Phase, s.Signal, s.Reason, s.ConnectedSince = RoleNone, p, SignalNone, ReasonConnecting, nil
	})
}

func (t *tracker) fault(code FaultCode, err error) {
	f := newFault(t.now(), code, err)
	t.update(func(s *Status) {
		s.LastError = &f
		s.Failing++
		s.Faults = maps.Clone(s.Faults)
		if s.Faults == nil {
			s.Faults = map[FaultCode]int64{}
		}
		s.Faults[code]++
	})
}

// note keeps what went wrong without saying that the loop is not fit for its job.
func (t *tracker) note(code FaultCode, err error) {
	f := newFault(t.now(), code, err)
	t.update(func(s *Status) { s.LastError = &f })
}

func (t *tracker) drained(r drain.Result, took time.Duration) {
	at := t.now()
	t.update(func(s *Status) {
		s.Drains++
		s.Marks += r.Marks
		s.LastDrainAt = &at
		s.Failing = 0
		if !r.Empty() {
			s.LastResult = &Outcome{
				Marks: r.Marks, More: r.More, Changed: len(r.Changed), Deleted: len(r.Deleted), Manifests: len(r.Manifests),
				Failed: len(r.Failed), Repaired: len(r.Repaired), MaxVersion: r.MaxVersion, Took: took,
			}
		}
	})
}

// woken counts the end of a wait.
func (t *tracker) woken(signalled bool) {
	t.update(func(s *Status) {
		if signalled {
			s.Wakeups.Signalled++
		} else {
			s.Wakeups.Polled++
		}
	})
}
