package drain

import "tidemark/summary"

// Status is what an engine knows of its own backlog.
type Status struct {
	Engine        string           `json:"engine"` // postgres or sqlite
	SchemaVersion int64            `json:"schema_version"`
	Connections   int64            `json:"connections"`
	Evidence      int64            `json:"evidence"` // rows
	Failed        int64            `json:"failed"`   // evidence rows that say so
	MarksPending  int64            `json:"marks_pending"`
	MarksBacklog  int64            `json:"marks_backlog"` // of these, moved to the backlog
	MarksParked   int64            `json:"marks_parked"`  // of these, waiting for a failed connection's retry
	OldestMark    *summary.Instant `json:"oldest_mark"`
	LastDrainAt   *summary.Instant `json:"last_drain_at"`
	MaxVersion    int64            `json:"max_version"`
	Capture       []CaptureState   `json:"capture"`
	Scrub         ScrubState       `json:"scrub"`
	Audit         *AuditState      `json:"audit,omitempty"` // PostgreSQL
	Servers       []ServerState    `json:"servers"`         // on PostgreSQL; SQLite's one server is whoever has the file
}

// CaptureState is whether capture of one source table is trusted.
type CaptureState struct {
	Table      string              `json:"table"`
	Trusted    bool                `json:"trusted"`
	Since      summary.Instant     `json:"since"`
	ReasonCode *string             `json:"reason_code"`
	Detail     *string             `json:"detail"`
	Recount    []summary.Component `json:"recount"`
}

// Finding is one thing that is wrong, and what mends it.
type Finding struct {
	Table   string `json:"table"`
	Object  string `json:"object"`
	Problem string `json:"problem"` // closed code
	Detail  string `json:"detail"`
	Fix     string `json:"fix"` // a command
}
