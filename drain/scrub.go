package drain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"tidemark/summary"
)

// ScrubEngine is what a scrub needs of an engine.
type ScrubEngine interface {
	Engine
	// Capture lists the source tables and whether their capture is trusted.
	Capture(ctx context.Context) ([]CaptureState, error)
	// Scrub reads where the scrub is and what it has found.
	Scrub(ctx context.Context) (ScrubState, error)
	// SaveScrub stores where the scrub is, and counts what was found.
	SaveScrub(ctx context.Context, s ScrubState, found []ScrubFinding) error
}

// ScrubState is where a scrub is. It is stored with every chunk, so that it goes on there after a restart, or on another server.
type ScrubState struct {
	Phase   string           `json:"phase"` // PhaseConnections, then PhaseRuns
	AfterID string           `json:"after_id"`
	BeganAt *summary.Instant `json:"began_at"` // of the round under way; nil between two
	Checked int64            `json:"checked"`  // connections, in the round under way
	Found   int64            `json:"found"`    // findings in it
	Last    *ScrubRound      `json:"last_round"`
	// Findings counts by cause since the database was made. SaveScrub does not read it.
	Findings []ScrubCount `json:"findings"`
}

// ScrubRound is a round that came to its end: every connection and every run was compared.
type ScrubRound struct {
	BeganAt summary.Instant `json:"began_at"`
	EndedAt summary.Instant `json:"ended_at"`
	Checked int64           `json:"checked"`
	Found   int64           `json:"found"`
}

// ScrubCount is how often a cause was found, and when and where last.
type ScrubCount struct {
	Cause        Cause           `json:"cause"`
	Found        int64           `json:"found"`
	LastAt       summary.Instant `json:"last_at"`
	ConnectionID string          `json:"last_connection_id"` // empty for a run that names no connection
}

// ScrubStep is what one step did.
type ScrubStep struct {
	Checked  int // connections or runs
	Findings []ScrubFinding
	// Ended says that the round is over: the next step begins another.
	Ended bool
}

// ScrubCounters count since the process started.
type ScrubCounters struct {
	Chunks   int64           // compared
	Checked  int64           // connections
	Rounds   int64           // ended
	Failed   int64           // steps that failed, because they gave way to DDL or the database was away
	Skipped  int64           // connections (or chunks of runs) that a round left out, because their step failed again and again
	Findings map[Cause]int64 // repaired, by cause
}

// How large a chunk is: what took less than quick is doubled, what took more than slow halved.
const (
	scrubFirst = 8
	scrubQuick = 100 * time.Millisecond
	scrubSlow  = 500 * time.Millisecond
	// scrubTries is how often one connection that cannot be compared alone is tried before the round goes on without it.
	scrubTries = 3
)

// Scrubber compares evidence with a recount, a little at a time, and repairs what differs (SPEC section 8). Each step
// compares one chunk in one read-only snapshot, as Verify does: writers, drains and marks that wait are no differences. Steps
// must not run at the same time as each other; Counters is safe for concurrent use.
type Scrubber struct {
	engine ScrubEngine
	now    func() time.Time
	size   int // of the next chunk
	tries  int // that failed since the last that did not

	mu       sync.Mutex
	counters ScrubCounters
}

// NewScrubber returns a scrubber whose clock is now; it times chunks and dates rounds.
func NewScrubber(e ScrubEngine, now func() time.Time) *Scrubber {
	return &Scrubber{engine: e, now: now, size: scrubFirst, counters: ScrubCounters{Findings: map[Cause]int64{}}}
}

// Counters returns what was counted until now.
func (s *Scrubber) Counters() ScrubCounters {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.counters
	out.Findings = maps.Clone(out.Findings)
	return out
}

// Step goes on with the round under way, or begins one: it compares the next chunk, repairs what differs, and stores how far it has
// come. After an error the next step tries the same place again, with fewer at a time; one connection that cannot be compared in
// three tries is derived again, or left to the next round.
func (s *Scrubber) Step(ctx context.Context) (ScrubStep, error) {
	at, err := s.engine.Scrub(ctx)
	if err != nil {
		return ScrubStep{}, fmt.Errorf("read place of scrub: %w", err)
	}
	if at.BeganAt == nil {
		began := summary.NewInstant(s.now())
		at.BeganAt, at.Phase, at.AfterID, at.Checked, at.Found = &began, PhaseConnections, "", 0, 0
	}
	step, ids, err := s.chunk(ctx, at)
	if err != nil {
		if len(ids) == 0 || !s.spent(ctx, err) {
			return ScrubStep{}, fmt.Errorf("scrub: %w", err)
		}
		step = s.derive(ctx, at, ids, err)
	}
	at.Found += int64(len(step.Findings))
	switch {
	case len(ids) > 0:
		at.AfterID = ids[len(ids)-1]
		if at.Phase == PhaseConnections {
			at.Checked += int64(step.Checked)
		}
	case at.Phase == PhaseConnections:
		at.Phase, at.AfterID = PhaseRuns, ""
	default:
		step.Ended = true
		at.Last = &ScrubRound{*at.BeganAt, summary.NewInstant(s.now()), at.Checked, at.Found}
		at.BeganAt, at.Phase, at.AfterID = nil, PhaseConnections, ""
	}
	if err := s.engine.SaveScrub(ctx, at, step.Findings); err != nil {
		return step, fmt.Errorf("save place of scrub: %w", err)
	}
	s.account(at, step)
	return step, nil
}

// chunk compares and repairs what comes after at: the connections or runs in ids. There are none where the phase is over.
func (s *Scrubber) chunk(ctx context.Context, at ScrubState) (step ScrubStep, ids []string, err error) {
	list, size, look := s.engine.ConnectionsAfter, s.size, s.connections
	if at.Phase == PhaseRuns {
		list, size, look = s.engine.RunsAfter, s.size*(RunChunk/ConnectionChunk), s.runs
	}
	if ids, err = list(ctx, at.AfterID, size); err != nil || len(ids) == 0 {
		return step, nil, err
	}
	began := s.now()
	if step.Findings, err = look(ctx, ids); err != nil {
		return step, ids, err
	}
	s.adapt(s.now().Sub(began))
	step.Checked = len(ids)
	return step, ids, nil
}

// connections compares connections in one snapshot, and has those that differ recounted by a drain.
func (s *Scrubber) connections(ctx context.Context, ids []string) ([]ScrubFinding, error) {
	var seen []inspection
	err := s.engine.Read(ctx, func(snap Snapshot) (err error) { // which may be called again, on a new snapshot
		seen, err = inspect(ctx, snap, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	var wrong []inspection
	var repair []string
	for _, i := range seen {
		if len(i.differences) > 0 {
			wrong, repair = append(wrong, i), append(repair, i.id)
		}
	}
	return s.explained(ctx, wrong, Options{Force: repair})
}

// runs compares runs that name no connection there is: those of connections are compared with these.
func (s *Scrubber) runs(ctx context.Context, ids []string) ([]ScrubFinding, error) {
	var repair []string
	err := s.engine.Read(ctx, func(snap Snapshot) (err error) {
		repair, err = nobodysRuns(ctx, snap, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	var wrong []inspection
	for _, id := range repair {
		wrong = append(wrong, inspection{run: id, differences: []Difference{nobodysRun(id)}})
	}
	return s.explained(ctx, wrong, Options{Runs: repair})
}

// explained says what may have caused the differences, and repairs them.
func (s *Scrubber) explained(ctx context.Context, wrong []inspection, repair Options) ([]ScrubFinding, error) {
	if len(wrong) == 0 {
		return nil, nil
	}
	capture, err := s.engine.Capture(ctx)
	if err != nil {
		return nil, err
	}
	var found []ScrubFinding
	for _, i := range wrong {
		found = append(found, explain(i, capture)...)
	}
	_, err = s.engine.Write(ctx, func(tx Tx) (Result, error) { return Run(ctx, tx, repair) })
	if err != nil {
		return nil, fmt.Errorf("repair: %w", err)
	}
	return found, nil
}

// adapt chooses the size of the next chunk by how long this one took.
func (s *Scrubber) adapt(took time.Duration) {
	s.tries = 0
	switch {
	case took < scrubQuick:
		s.size = min(2*s.size, ConnectionChunk)
	case took > scrubSlow:
		s.size = max(s.size/2, 1)
	}
}

// spent takes account of a chunk that failed, and reports whether it is not worth another try.
func (s *Scrubber) spent(ctx context.Context, err error) bool {
	s.count(func(c *ScrubCounters) { c.Failed++ })
	if ctx.Err() != nil || errors.Is(err, summary.ErrUnavailable) {
		return false
	}
	if s.size > 1 {
		s.size, s.tries = s.size/2, 0
		return false
	}
	if s.tries++; s.tries < scrubTries {
		return false
	}
	s.tries = 0
	return true
}

// derive derives again what cannot even be compared, for the error cause: what is derived of it may be beyond reading. Where that
// fails too, because DDL has been waiting all along or the connection cannot be recomputed, it is left to the next round.
func (s *Scrubber) derive(ctx context.Context, at ScrubState, ids []string, cause error) ScrubStep {
	repair := Options{Force: ids}
	if at.Phase == PhaseRuns {
		repair = Options{Runs: ids}
	}
	result, err := s.engine.Write(ctx, func(tx Tx) (Result, error) { return Run(ctx, tx, repair) })
	if err != nil || len(result.Failed) > 0 || errors.Is(cause, ErrInterrupted) {
		s.count(func(c *ScrubCounters) { c.Skipped++ })
		return ScrubStep{}
	}
	f := ScrubFinding{Cause: CauseUnknown, Explanation: "what was derived could not be read, and was derived again: " + summary.Redact(cause.Error())}
	if at.Phase == PhaseConnections {
		f.ConnectionID = ids[0]
	}
	return ScrubStep{Checked: len(ids), Findings: []ScrubFinding{f}}
}

// account counts what a step did.
func (s *Scrubber) account(at ScrubState, step ScrubStep) {
	s.count(func(c *ScrubCounters) {
		if step.Checked > 0 {
			c.Chunks++
		}
		if at.Phase == PhaseConnections {
			c.Checked += int64(step.Checked)
		}
		if step.Ended {
			c.Rounds++
		}
		for _, f := range step.Findings {
			c.Findings[f.Cause]++
		}
	})
}

func (s *Scrubber) count(change func(*ScrubCounters)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.counters)
}
