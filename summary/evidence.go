package summary

// IdentityFacts is what evidence keeps of a connection itself.
type IdentityFacts struct {
	ConnectorID       string   `json:"connector_id"`
	OwnerSubjectID    string   `json:"owner_subject_id"`
	DisplayName       *string  `json:"display_name"`
	Status            string   `json:"status"`
	SourceKind        string   `json:"source_kind"`
	BrowserProfileKey *string  `json:"browser_profile_key"` // the profile key that its runs are expected to carry
	CreatedAt         Instant  `json:"created_at"`
	RevokedAt         *Instant `json:"revoked_at"`
}

// RunFactsOf is what evidence keeps of the runs that belong to one connection. Runs are ordered by their first event_seq.
type RunFactsOf struct {
	Last           *Run     `json:"last"`
	LastSuccessful *Run     `json:"last_successful"`
	LastFinished   *Run     `json:"last_finished"` // neither running nor cancelled
	Open           OpenRuns `json:"open"`
	// FailuresInRow counts the failed runs after the last successful one.
	FailuresInRow int64 `json:"consecutive_failures"`
}

// OpenRuns are the runs without a terminal event: how many, and the newest MaxOpenRuns, newest first.
type OpenRuns struct {
	Count int64     `json:"count"`
	Runs  []OpenRun `json:"runs"`
}

// MaxOpenRuns bounds the open runs that evidence lists.
const MaxOpenRuns = 20

// OpenRun is a run without a terminal event.
type OpenRun struct {
	RunID     string   `json:"run_id"`
	FirstSeq  int64    `json:"first_seq"`
	StartedAt *Instant `json:"started_at"`
	FirstAt   Instant  `json:"first_at"`
	LastAt    Instant  `json:"last_at"`
}

// ScheduleFacts is a connector_schedules row.
type ScheduleFacts struct {
	IntervalSeconds int64   `json:"interval_seconds"`
	JitterSeconds   int64   `json:"jitter_seconds"`
	Enabled         bool    `json:"enabled"`
	CreatedAt       Instant `json:"created_at"`
	UpdatedAt       Instant `json:"updated_at"`
}

// GapFacts counts the detail gaps of a connection.
type GapFacts struct {
	Pending    int64 `json:"pending"`
	InProgress int64 `json:"in_progress"`
	Recovered  int64 `json:"recovered"`
	Terminal   int64 `json:"terminal"`
	// NewestTerminalAt is the newest updated_at of a terminal gap.
	NewestTerminalAt *Instant `json:"newest_terminal_at"`
	// NextAttemptAfter and MaxAttempts are the earliest next_attempt_after and the most attempts of the gaps pending or in
	// progress.
	NextAttemptAfter *Instant `json:"next_attempt_after"`
	MaxAttempts      int64    `json:"max_attempt_count"`
	// Streams are those with a gap pending, in progress or terminal, sorted by bytes; gaps without a stream are not in it.
	Streams []StreamGaps `json:"streams"`
}

// StreamGaps are the gaps of one stream: how many are pending or in progress, and the newest updated_at of a terminal one.
type StreamGaps struct {
	Stream           string   `json:"stream"`
	Pending          int64    `json:"pending"`
	NewestTerminalAt *Instant `json:"newest_terminal_at"`
}

// AttentionFacts is the attention that is not closed: how much, and the first MaxAttention in the order in which
// synthesis needs them (open or acknowledged before in progress, the latest expiry first, then created_at and id).
type AttentionFacts struct {
	Count int64           `json:"count"`
	Items []AttentionItem `json:"items"`
}

// MaxAttention bounds the attention rows that evidence lists.
const MaxAttention = 10

// AttentionItem is a connector_attention row whose lifecycle is open, acknowledged or in_progress.
type AttentionItem struct {
	AttentionID string   `json:"attention_id"`
	RunID       *string  `json:"run_id"`
	ReasonCode  *string  `json:"reason_code"`
	OwnerAction *string  `json:"owner_action"`
	Lifecycle   string   `json:"lifecycle"`
	ExpiresAt   *Instant `json:"expires_at"`
	CreatedAt   Instant  `json:"created_at"`
	UpdatedAt   Instant  `json:"updated_at"`
}

// DeviceFacts sums the heartbeats of a connection's devices.
type DeviceFacts struct {
	Devices           int64    `json:"devices"`
	NewestHeartbeatAt *Instant `json:"newest_heartbeat_at"`
	LastIngestAt      *Instant `json:"last_ingest_at"` // the newest
	RecordsPending    int64    `json:"records_pending"`
	DeadLetters       int64    `json:"dead_letters"`
	// Status is that of the device with the newest heartbeat (ties: the smallest device_id).
	Status *string `json:"status"`
}

// Facts is the content of one connection's evidence: everything that a recompute derives from the source tables.
type Facts struct {
	ConnectionID string         `json:"connector_instance_id"`
	Identity     IdentityFacts  `json:"identity"`
	Streams      []StreamSize   `json:"streams"` // that retain something, sorted by name
	Runs         RunFactsOf     `json:"runs"`
	Schedule     *ScheduleFacts `json:"schedule"`
	Gaps         GapFacts       `json:"gaps"`
	Attention    AttentionFacts `json:"attention"`
	Device       *DeviceFacts   `json:"device"` // nil without a heartbeat
}

// The states of an evidence row.
const (
	StateCurrent = "current"
	StateFailed  = "failed"
)

// Evidence is one row of connector_summary_evidence.
type Evidence struct {
	Facts
	Version    int64   // from the global counter; rises only if the content changes
	ComputedAt Instant // when this content was derived
	State      string  // StateCurrent or StateFailed
	LastError  *string // a closed reason code, where State is failed
}

// Totals sums streams: live records, octets retained by kind, and the newest live record.
type Totals struct {
	Records      int64
	RecordBytes  int64
	ChangeBytes  int64
	BlobBytes    int64
	LastRecordAt *Instant
}

// Bytes is all that is retained.
func (t Totals) Bytes() int64 { return t.RecordBytes + t.ChangeBytes + t.BlobBytes }

// Total sums streams; ok is false on overflow.
func Total(streams []StreamSize) (t Totals, ok bool) {
	ok = true
	for _, s := range streams {
		t.Records = add(t.Records, s.RecordCount, &ok)
		t.RecordBytes = add(t.RecordBytes, s.RecordBytes, &ok)
		t.ChangeBytes = add(t.ChangeBytes, s.ChangeBytes, &ok)
		t.BlobBytes = add(t.BlobBytes, s.BlobBytes, &ok)
		t.LastRecordAt = Later(t.LastRecordAt, s.NewestAt)
	}
	add(add(t.RecordBytes, t.ChangeBytes, &ok), t.BlobBytes, &ok)
	return t, ok
}
