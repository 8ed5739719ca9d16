package summary

// The effective modes of a schedule beside ModeAutomatic and ModeManual, and the classes of a back-off.
const (
	ModePaused = "paused"

	BackoffRetryable = "retryable"
	BackoffBlocked   = "blocked"
	BackoffExhausted = "exhausted"
)

const (
	// exhaustedAfter failures in a row nothing is tried any more.
	exhaustedAfter = 10
	// maxBackoffSeconds bounds the back-off where it exceeds the interval.
	maxBackoffSeconds = 24 * 60 * 60
)

// ScheduleSummary is SCHEDULE in JSON.
type ScheduleSummary struct {
	Object           string   `json:"object"`
	Enabled          bool     `json:"enabled"`
	IntervalSeconds  int64    `json:"interval_seconds"`
	JitterSeconds    int64    `json:"jitter_seconds"`
	EffectiveMode    string   `json:"effective_mode"`
	NextDueAt        *Instant `json:"next_due_at"`
	LastStartedAt    *Instant `json:"last_started_at"`
	LastFinishedAt   *Instant `json:"last_finished_at"`
	LastSuccessfulAt *Instant `json:"last_successful_at"`
	ActiveRunID      *string  `json:"active_run_id"`
	SchedulerBackoff *Backoff `json:"scheduler_backoff"`
	CreatedAt        Instant  `json:"created_at"`
	UpdatedAt        Instant  `json:"updated_at"`
}

// Backoff says when a failed schedule is tried again; NextRunAt is null where it is not.
type Backoff struct {
	ConsecutiveFailures int64    `json:"consecutive_failures"`
	BackoffApplied      bool     `json:"backoff_applied"` // the delay is longer than the interval
	NextRunAt           *Instant `json:"next_run_at"`
	ReasonClass         *string  `json:"reason_class"`
}

// modeOf is the refresh policy's mode: the manifest's, else automatic if an enabled schedule exists, else manual.
func modeOf(m manifest, s *ScheduleFacts) string {
	switch {
	case m.mode != "":
		return m.mode
	case s != nil && s.Enabled:
		return ModeAutomatic
	}
	return ModeManual
}

// effectiveMode is paused if the schedule is disabled, automatic if the policy is, else manual.
func effectiveMode(m manifest, s *ScheduleFacts) string {
	switch {
	case s != nil && !s.Enabled:
		return ModePaused
	case modeOf(m, s) == ModeAutomatic:
		return ModeAutomatic
	}
	return ModeManual
}

// backoffOf is nil without a failure. The delay after n failures is max(interval, min(interval * 2^(n-1), 24 h)).
func backoffOf(s *ScheduleFacts, p runProgress) *Backoff {
	if s == nil || p.failures == 0 || p.latest == nil {
		return nil
	}
	delay := s.IntervalSeconds
	for n := int64(1); n < p.failures && delay < maxBackoffSeconds; n++ {
		delay = min(2*delay, maxBackoffSeconds)
	}
	b := &Backoff{ConsecutiveFailures: p.failures, BackoffApplied: delay > s.IntervalSeconds}
	class := BackoffRetryable
	switch {
	case p.exhausted():
		class = BackoffExhausted
	case p.latest.needsOwner() || p.latest.runtimeMissing():
		class = BackoffBlocked
	}
	b.ReasonClass = &class
	if s.Enabled && !p.exhausted() {
		at := later(p.latest.ended, delay)
		b.NextRunAt = &at
	}
	return b
}

// exhausted reports that so many runs failed in a row that no further one is tried.
func (p runProgress) exhausted() bool { return p.failures >= exhaustedAfter }

// nextDue is the start of the latest run, else when the schedule was made, plus the interval, and not before the back-off
// ends; nil where nothing is due: without a schedule, disabled or exhausted.
func nextDue(s *ScheduleFacts, last *Run, b *Backoff, exhausted bool) *Instant {
	if s == nil || !s.Enabled || exhausted {
		return nil
	}
	from := s.CreatedAt
	if last != nil {
		from = last.Start()
	}
	due := later(from, s.IntervalSeconds)
	if b != nil {
		return Later(&due, b.NextRunAt)
	}
	return &due
}

// firstRunLate reports whether an enabled schedule's first run is over one interval late.
func firstRunLate(s *ScheduleFacts, last *Run, clk *clock) bool {
	return s != nil && s.Enabled && last == nil && clk.past(later(s.CreatedAt, 2*s.IntervalSeconds))
}

func scheduleSummaryOf(v *view) *ScheduleSummary {
	s, runs := v.o.Schedule, &v.o.Runs
	if s == nil {
		return nil
	}
	out := &ScheduleSummary{
		Object: "schedule", Enabled: s.Enabled, IntervalSeconds: s.IntervalSeconds, JitterSeconds: s.JitterSeconds,
		EffectiveMode: effectiveMode(v.manifest, s), NextDueAt: v.due, SchedulerBackoff: v.backoff,
		LastFinishedAt: v.runs.latest.endedAt(), CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
	if r := runs.Last; r != nil {
		start := r.Start()
		out.LastStartedAt = &start
		out.LastFinishedAt = Later(out.LastFinishedAt, r.FinishedAt)
	}
	if r := runs.LastSuccessful; r != nil {
		end := r.End()
		out.LastSuccessfulAt = &end
	}
	if r := v.runs.running; r != nil {
		out.ActiveRunID = &r.RunID
	}
	return out
}
