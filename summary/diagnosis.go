package summary

import (
	"cmp"
	"slices"
)

// MaxOpenGaps is how many gaps a diagnosis reads to tell which of them may be recovered now.
const MaxOpenGaps = 1000

// Diagnosis is what the diagnostics of one connection rest on, from one snapshot.
type Diagnosis struct {
	Observation Observation
	Marks       []MarkCount    // of the marks that cover the connection
	Failure     *FailureRecord // of the last recompute; nil if it did not fail
	LastDrain   *DrainRecord   // nil before the first
	Capture     []CaptureTable // by table name
	// OpenGaps are those pending or in progress, at most MaxOpenGaps: those without next_attempt_after, then the earliest, then
	// by gap_id.
	OpenGaps         []Gap
	UnattributedRuns int64 // see Detail
}

// Observations is the diagnosis' connection as a list.
func (d *Diagnosis) Observations() []Observation {
	if d == nil {
		return nil
	}
	return []Observation{d.Observation}
}

// MarkCount counts pending marks of one component.
type MarkCount struct {
	Component Component `json:"component"` // All where everything is to be recounted
	Marks     int64     `json:"marks"`
	Recount   bool      `json:"recount"` // at least one tells no delta
	Parked    bool      `json:"parked"`  // waiting for a failed connection's retry
	Broad     bool      `json:"broad"`   // they cover every connection
	Since     Instant   `json:"since"`   // the oldest
}

// FailureRecord is why a connection's evidence could not be recomputed.
type FailureRecord struct {
	ReasonCode string  `json:"reason_code"`
	Attempts   int64   `json:"attempts"`
	FailedAt   Instant `json:"failed_at"`
	RetryAt    Instant `json:"retry_at"`
}

// DrainRecord is the last drain that took marks, of whatever connections.
type DrainRecord struct {
	At         Instant `json:"at"`
	MarksTaken int64   `json:"marks_taken"`
}

// CaptureTable is whether capture of one source table is trusted.
type CaptureTable struct {
	Table      string      `json:"table"`
	Trusted    bool        `json:"trusted"`
	Since      Instant     `json:"since"`
	ReasonCode *string     `json:"reason_code"`
	Recount    []Component `json:"recount"`
}

// Diagnostics is the answer of /_ref/connections/{id}/diagnostics.
type Diagnostics struct {
	Object               string             `json:"object"`
	ConnectionID         string             `json:"connection_id"`
	ConnectorInstanceID  string             `json:"connector_instance_id"`
	ConnectorID          string             `json:"connector_id"`
	DisplayName          *string            `json:"display_name"`
	Status               string             `json:"status"`
	Health               DiagnosedHealth    `json:"health"`
	Evidence             DiagnosedEvidence  `json:"evidence"`
	Components           []ComponentDetail  `json:"components"`
	Marks                DiagnosedMarks     `json:"marks"`
	LastDrain            *DrainRecord       `json:"last_drain"`
	LastError            *DiagnosedFailure  `json:"last_error"`
	UnattributedRunCount int64              `json:"unattributed_run_count"`
	Streams              DeclarationsByKind `json:"streams"`
	Gaps                 DiagnosedGaps      `json:"gaps"`
	Capture              DiagnosedCapture   `json:"capture"`
}

// DiagnosedHealth is the state, and which components it cannot rely on.
type DiagnosedHealth struct {
	State          string      `json:"state"`
	ReasonCode     *string     `json:"reason_code"`
	UnknownReasons []Component `json:"unknown_reasons"`
}

// DiagnosedEvidence is the evidence row's own state beside EvidenceState.
type DiagnosedEvidence struct {
	EvidenceState
	State string `json:"state"` // current, failed, or unobserved while there is no row
}

// ComponentDetail is a COMPONENT with its name.
type ComponentDetail struct {
	Component Component `json:"component"`
	ComponentState
}

// DiagnosedMarks counts the marks that cover the connection.
type DiagnosedMarks struct {
	Pending    int64       `json:"pending"`
	Parked     int64       `json:"parked"` // of these
	Since      *Instant    `json:"since"`
	Components []MarkCount `json:"components"`
}

// DiagnosedFailure is a FailureRecord; its times are null where only the evidence tells of the failure.
type DiagnosedFailure struct {
	ReasonCode string   `json:"reason_code"`
	Attempts   *int64   `json:"attempts"`
	FailedAt   *Instant `json:"failed_at"`
	RetryAt    *Instant `json:"retry_at"`
}

// DeclarationsByKind are the names of the streams by declaration state.
type DeclarationsByKind struct {
	Declared    []string `json:"declared"`
	Dormant     []string `json:"dormant"`
	Unavailable []string `json:"unavailable"`
}

// DiagnosedGaps are the gaps, and which of them may be recovered now.
type DiagnosedGaps struct {
	Backlog  *GapBacklog `json:"backlog"`
	Recovery Recovery    `json:"recovery"`
}

// DiagnosedCapture is whether the database notices every change.
type DiagnosedCapture struct {
	Trusted bool           `json:"trusted"`
	Tables  []CaptureTable `json:"tables"`
}

// Diagnose makes the diagnostics of one connection as they read at now, and tells when time alone changes them.
func Diagnose(d Diagnosis, now Instant) (Diagnostics, *Instant) {
	o := &d.Observation
	clk := &clock{now: now}
	v := newView(o, clk)
	s := Synthesize(*o, now, true)
	out := Diagnostics{
		Object: "connection_diagnostics", ConnectionID: o.ConnectionID, ConnectorInstanceID: o.ConnectionID,
		ConnectorID: o.Identity.ConnectorID, DisplayName: o.Identity.DisplayName, Status: o.Identity.Status,
		Health:    DiagnosedHealth{s.Health.State, s.Health.ReasonCode, s.Health.UnknownReasons},
		Evidence:  DiagnosedEvidence{s.Evidence, o.State},
		LastDrain: d.LastDrain, LastError: failureOfEvidence(&d), UnattributedRunCount: d.UnattributedRuns,
		Streams: declarationsOf(v), Gaps: DiagnosedGaps{s.Health.DetailGapBacklog, recoveryOf(v, d.OpenGaps)},
		Marks: marksOf(d.Marks), Capture: DiagnosedCapture{Trusted: true, Tables: nonNil(d.Capture)},
	}
	if o.ComputedAt == nil {
		out.Evidence.State = ComponentUnobserved
	}
	for _, c := range append(EvidenceComponents[:len(EvidenceComponents):len(EvidenceComponents)], Manifest) {
		asOf := o.ComputedAt
		if c == Manifest || c == Identity { // read live
			asOf = nil
		}
		out.Components = append(out.Components, ComponentDetail{c, v.standings.component(asOf, c)})
	}
	for i := range out.Capture.Tables {
		out.Capture.Trusted = out.Capture.Trusted && out.Capture.Tables[i].Trusted
	}
	return out, Earlier(clk.next, s.NextChange)
}

func failureOfEvidence(d *Diagnosis) *DiagnosedFailure {
	if f := d.Failure; f != nil {
		return &DiagnosedFailure{SanitizeReason(f.ReasonCode), &f.Attempts, &f.FailedAt, &f.RetryAt}
	}
	if d.Observation.State == StateFailed {
		return &DiagnosedFailure{ReasonCode: failureCode(d.Observation.LastError)}
	}
	return nil
}

// marksOf sums counts, and orders them: by component, parked ones after the others, broad ones last.
func marksOf(counts []MarkCount) DiagnosedMarks {
	m := DiagnosedMarks{Components: slices.Clone(nonNil(counts))}
	order := map[Component]int{All: len(EvidenceComponents)}
	for i, c := range EvidenceComponents {
		order[c] = i
	}
	slices.SortFunc(m.Components, func(a, b MarkCount) int {
		return cmp.Or(cmp.Compare(order[a.Component], order[b.Component]), compareFlags(a.Broad, b.Broad), compareFlags(a.Parked, b.Parked))
	})
	for i := range m.Components {
		c := &m.Components[i]
		m.Pending += c.Marks
		if c.Parked {
			m.Parked += c.Marks
		}
		m.Since = Earlier(m.Since, &c.Since)
	}
	return m
}

func compareFlags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func declarationsOf(v *view) DeclarationsByKind {
	out := DeclarationsByKind{[]string{}, []string{}, []string{}}
	for _, s := range knownStreams(v) {
		switch s.declaration {
		case Declared:
			out.Declared = append(out.Declared, s.Stream)
		case Dormant:
			out.Dormant = append(out.Dormant, s.Stream)
		default:
			out.Unavailable = append(out.Unavailable, s.Stream)
		}
	}
	return out
}
