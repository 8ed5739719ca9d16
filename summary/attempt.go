package summary

import "time"

// silentRun is how long a run without a terminal event may be silent before it counts as abandoned.
const silentRun = time.Hour

// attempt is a run as it counts now.
type attempt struct {
	seq          int64 // its first event_seq
	began, ended Instant
	failed       bool
	surface      bool   // what failed was the browser that it ran in
	ran          bool   // it ended by itself, inside the connector
	reason       string // of a failure; never empty then
	streams      []RunStream
	emitted      *int64
}

// progress is what the runs of a connection amount to now.
type runProgress struct {
	// latest is R: the latest run that is neither running nor cancelled; nil without one.
	latest *attempt
	// running is the newest run in progress; nil without one.
	running *OpenRun
	// failures counts the failed runs after the last successful one.
	failures int64
}

func runProgressOf(runs *RunFactsOf, clk *clock) runProgress {
	var p runProgress
	if r := runs.LastFinished; r != nil {
		p.latest = attemptOf(r)
	}
	p.failures = runs.FailuresInRow
	for i := range runs.Open.Runs {
		open := &runs.Open.Runs[i]
		if !clk.reached(open.LastAt.Add(silentRun)) {
			if p.running == nil || open.FirstSeq > p.running.FirstSeq {
				p.running = open
			}
			continue
		}
		if runs.LastSuccessful == nil || open.FirstSeq > runs.LastSuccessful.FirstSeq {
			p.failures++
		}
		if p.latest == nil || open.FirstSeq > p.latest.seq {
			p.latest = abandoned(open)
		}
	}
	switch {
	case p.latest == nil || !p.latest.failed:
		p.failures = 0
	case p.failures == 0:
		p.failures = 1 // evidence that contradicts itself never hides a failure
	}
	return p
}

func attemptOf(r *Run) *attempt {
	a := &attempt{
		seq: r.FirstSeq, began: r.Start(), ended: r.End(), failed: r.Failed(), streams: r.Streams, emitted: r.RecordsEmitted,
		surface: r.Status == RunSurfaceFailed, ran: r.Status == RunSucceeded || r.Status == RunFailed,
	}
	if a.failed {
		a.reason = ReasonOther
		if r.FailureReason != nil {
			a.reason = *r.FailureReason
		}
	}
	return a
}

func abandoned(r *OpenRun) *attempt {
	return &attempt{seq: r.FirstSeq, began: r.Start(), ended: r.LastAt, failed: true, reason: ReasonRunAbandoned}
}

// succeeded, credentials and the like ask about R; a nil attempt has done nothing.
func (a *attempt) succeeded() bool { return a != nil && !a.failed }
func (a *attempt) broken() bool    { return a != nil && a.failed }

// needsOwner reports a failure that only new credentials end.
func (a *attempt) needsOwner() bool { return a.broken() && credentialFailures[a.reason] }

// runtimeMissing reports a failure that only a maintainer ends.
func (a *attempt) runtimeMissing() bool { return a.broken() && a.reason == FailureRuntimeMissing }

// origin is where a failure comes from; empty where it is the connector.
func (a *attempt) origin() string {
	if a.surface {
		return OriginRemote
	}
	return ""
}

// endedAt returns when R ended, nil without R.
func (a *attempt) endedAt() *Instant {
	if a == nil {
		return nil
	}
	return &a.ended
}

// Start returns when the run began: its run.started, else its first event.
func (r *Run) Start() Instant { return start(r.StartedAt, r.FirstAt) }

// Start is the same of a run that is open.
func (r *OpenRun) Start() Instant { return start(r.StartedAt, r.FirstAt) }

func start(started *Instant, first Instant) Instant {
	if started != nil {
		return *started
	}
	return first
}

// End returns when the run ended: its terminal event, else its last one.
func (r *Run) End() Instant {
	if r.FinishedAt != nil {
		return *r.FinishedAt
	}
	return r.LastAt
}

// RunSummary is RUN in JSON.
type RunSummary struct {
	RunID          string   `json:"run_id"`
	Status         string   `json:"status"`
	StartedAt      *Instant `json:"started_at"`
	FinishedAt     *Instant `json:"finished_at"`
	FirstAt        Instant  `json:"first_at"`
	LastAt         Instant  `json:"last_at"`
	EventCount     int64    `json:"event_count"`
	FailureReason  *string  `json:"failure_reason"`
	FailureText    *string  `json:"failure_text,omitempty"` // redacted; scoped reads only, where the reason is "other"
	TerminalReason *string  `json:"terminal_reason"`
	RecordsEmitted *int64   `json:"records_emitted"`
	KnownGaps      *int64   `json:"known_gaps"`
}

// summarizeRun renders r; nil without one.
func summarizeRun(r *Run, scoped bool) *RunSummary {
	if r == nil {
		return nil
	}
	s := &RunSummary{
		RunID: r.RunID, Status: r.Status, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, FirstAt: r.FirstAt,
		LastAt: r.LastAt, EventCount: r.EventCount, FailureReason: r.FailureReason, TerminalReason: r.TerminalReason,
		RecordsEmitted: r.RecordsEmitted, KnownGaps: r.KnownGaps,
	}
	if scoped {
		s.FailureText = r.FailureText
	}
	return s
}
