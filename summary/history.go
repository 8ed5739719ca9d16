package summary

import (
	"encoding/json"
	"math"
)

// MaxEventData is the most octets of an event's data that a timeline reads.
const MaxEventData = 64 * 1024

// RunsQuery asks for one page of the runs that belong to one connection, newest (largest first_seq) first.
type RunsQuery struct {
	Owner, ConnectionID string
	Before              *int64 // exclusive first_seq; nil: from the newest
	Limit               int
}

// Newest is the largest first_seq that the page may hold.
func (q RunsQuery) Newest() int64 {
	if q.Before == nil {
		return math.MaxInt64
	}
	return max(*q.Before, math.MinInt64+1) - 1
}

// RunsPage is up to Limit runs, from one snapshot.
type RunsPage struct {
	Observation *Observation // nil if the owner has no such connection
	Runs        []Run
	More        bool
}

// Observations is the page's connection as a list.
func (p RunsPage) Observations() []Observation {
	if p.Observation == nil {
		return nil
	}
	return []Observation{*p.Observation}
}

// TimelineQuery asks for one page of the events of one run, in their order.
type TimelineQuery struct {
	Owner, RunID string
	After        *int64 // exclusive event_seq; nil: from the first
	Limit        int
}

// First is the smallest event_seq that the page may hold.
func (q TimelineQuery) First() int64 {
	if q.After == nil {
		return math.MinInt64
	}
	return min(*q.After, math.MaxInt64-1) + 1
}

// Timeline is up to Limit events. They are read from the source table, and so is whose run it is: nothing of it is ever behind.
type Timeline struct {
	ConnectionID string // that the run belongs to (SPEC section 9 rule 1); empty if it is none of the owner's
	Events       []RunEvent
	More         bool
}

// RunEvent is a spine_events row. Texts are as the source table holds them; rendering sanitizes them.
type RunEvent struct {
	EventSeq               int64
	EventID, EventType     string
	OccurredAt, RecordedAt Instant
	Status                 *string
	Data                   *string // JSON; nil if it is longer than MaxEventData
	DataBytes              int64
}

// EventSummary is one event of a timeline in JSON. Data is the event's own with all that looks like a secret replaced.
type EventSummary struct {
	Object       string          `json:"object"`
	EventSeq     int64           `json:"event_seq"`
	EventID      string          `json:"event_id"`
	EventType    string          `json:"event_type"`
	RunID        string          `json:"run_id"`
	ConnectionID string          `json:"connection_id"`
	OccurredAt   Instant         `json:"occurred_at"`
	RecordedAt   Instant         `json:"recorded_at"`
	Status       *string         `json:"status"`
	RunStatus    *string         `json:"run_status"` // that the event gives its run; null where it gives none
	Reason       *string         `json:"reason"`     // of a failure; "other" where it may not be shown as it is
	ReasonText   *string         `json:"reason_text,omitempty"`
	Data         json.RawMessage `json:"data"` // null where it is longer than MaxEventData
	DataBytes    int64           `json:"data_bytes"`
}

// SummarizeRuns renders runs as a scoped read shows them.
func SummarizeRuns(runs []Run) []RunSummary {
	out := make([]RunSummary, len(runs))
	for i := range runs {
		out[i] = *summarizeRun(&runs[i], true)
	}
	return out
}

// SummarizeEvents renders the events of a timeline of run.
func SummarizeEvents(t Timeline, run string) []EventSummary {
	out := make([]EventSummary, len(t.Events))
	for i := range t.Events {
		out[i] = summarizeEvent(&t.Events[i], run, t.ConnectionID)
	}
	return out
}

func summarizeEvent(e *RunEvent, run, connection string) EventSummary {
	s := EventSummary{
		Object: "run_event", EventSeq: e.EventSeq, EventID: e.EventID, EventType: Redact(e.EventType), RunID: run,
		ConnectionID: connection, OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt, Status: redacted(e.Status),
		DataBytes: e.DataBytes, Data: json.RawMessage("null"),
	}
	if status, ends := terminalStatus[e.EventType]; ends {
		s.RunStatus = &status
	} else if e.EventType == EventStarted {
		running := RunRunning
		s.RunStatus = &running
	}
	if e.Data == nil {
		return s
	}
	s.Data = RedactJSON(*e.Data)
	if s.RunStatus != nil && (Run{Status: *s.RunStatus}).Failed() {
		s.Reason, s.ReasonText = failureReason(parseTerminal(*e.Data), *s.RunStatus)
	}
	return s
}

func redacted(text *string) *string {
	if text == nil {
		return nil
	}
	r := Redact(*text)
	return &r
}
