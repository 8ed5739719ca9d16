package summary

// The statuses of a run (SPEC section 9).
const (
	RunRunning       = "running"
	RunSucceeded     = "succeeded"
	RunFailed        = "failed"
	RunCancelled     = "cancelled"
	RunAbandoned     = "abandoned"
	RunSurfaceFailed = "surface_failed"
)

// EventStarted opens a run.
const EventStarted = "run.started"

// terminalStatus maps the event types that end a run to its status; of several the one with the smallest event_seq wins.
var terminalStatus = map[string]string{
	"run.completed":  RunSucceeded,
	"run.failed":     RunFailed,
	"run.cancelled":  RunCancelled,
	"run.abandoned":  RunAbandoned,
	"surface.failed": RunSurfaceFailed,
}

// TerminalEventTypes are the event types that end a run, sorted.
var TerminalEventTypes = []string{"run.abandoned", "run.cancelled", "run.completed", "run.failed", "surface.failed"}

// RunFacts is what the spine events of one run_id say, as SQL aggregates them.
type RunFacts struct {
	RunID           string
	FirstSeq        int64 // smallest event_seq; runs are ordered by it
	EventCount      int64
	FirstAt, LastAt Instant
	StartedAt       *Instant // of the first run.started
	// Distinct non-null values over all events, sorted by bytes.
	ProfileKeys, ConnectionIDs, SourceIDs []string
	// The terminal event with the smallest event_seq; TerminalType is empty while there is none.
	TerminalType string
	TerminalAt   *Instant
	TerminalData string // its data, JSON
	Unreadable   bool   // one of the times is none; it is zero or nil here
}

// Run is one run as evidence keeps it. API.md's RUN is a subset.
type Run struct {
	RunID          string      `json:"run_id"`
	FirstSeq       int64       `json:"first_seq"`
	Status         string      `json:"status"`
	StartedAt      *Instant    `json:"started_at"`
	FinishedAt     *Instant    `json:"finished_at"`
	FirstAt        Instant     `json:"first_at"`
	LastAt         Instant     `json:"last_at"`
	EventCount     int64       `json:"event_count"`
	FailureReason  *string     `json:"failure_reason"`  // never null for a failure; shown as it is, or "other"
	FailureText    *string     `json:"failure_text"`    // the redacted text where the reason is "other"
	TerminalReason *string     `json:"terminal_reason"` // data.terminal_reason, sanitized alike
	RecordsEmitted *int64      `json:"records_emitted"`
	KnownGaps      *int64      `json:"known_gaps"`
	Streams        []RunStream `json:"streams"` // data.streams of the terminal event
}

// RunStream is what a terminal event says of one stream: the facts that coverage and the collection report rest on.
type RunStream struct {
	Stream     string  `json:"stream"`
	Considered *int64  `json:"considered"`
	Covered    *int64  `json:"covered"`
	Collected  *int64  `json:"collected"`
	Checkpoint *string `json:"checkpoint"`
	Skipped    *int64  `json:"skipped"`
}

// Failed reports whether the run counts as failed.
func (r Run) Failed() bool {
	return r.Status == RunFailed || r.Status == RunAbandoned || r.Status == RunSurfaceFailed
}

// NewRun derives a run from its events' facts (SPEC section 9). A run without a terminal event is running.
func NewRun(f RunFacts) Run {
	r := Run{
		RunID: f.RunID, FirstSeq: f.FirstSeq, Status: RunRunning, StartedAt: f.StartedAt,
		FirstAt: f.FirstAt, LastAt: f.LastAt, EventCount: f.EventCount, Streams: []RunStream{},
	}
	if f.TerminalType == "" {
		return r
	}
	r.Status, r.FinishedAt = terminalStatus[f.TerminalType], f.TerminalAt
	t := parseTerminal(f.TerminalData)
	r.TerminalReason = t.sanitized("terminal_reason")
	r.RecordsEmitted, r.KnownGaps, r.Streams = t.count("records_emitted"), t.count("known_gaps"), t.streams()
	if r.Failed() {
		r.FailureReason, r.FailureText = failureReason(t, r.Status)
	}
	return r
}

// failureReason is why a terminal event says that a run of that status failed, as it may be shown; text is the redacted text
// where the reason is "other".
func failureReason(t terminal, status string) (reason, text *string) {
	raw := t.failure(status)
	shown := SanitizeReason(raw)
	if shown == ReasonOther {
		hidden := Redact(raw)
		text = &hidden
	}
	return &shown, text
}
