package summary

import "time"

// The statuses of freshness, and the same on the health axis.
const (
	FreshnessCurrent = "current"
	FreshnessStale   = "stale"
	FreshnessUnknown = "unknown"

	AxisFresh   = "fresh"
	AxisStale   = "stale"
	AxisUnknown = "unknown"
)

// maxSkew is how far ahead of now a capture may claim to be.
const maxSkew = 5 * time.Minute

// Freshness is closed: it carries no other key.
type Freshness struct {
	Status          string   `json:"status"`
	CapturedAt      *Instant `json:"captured_at,omitempty"`
	LastAttemptedAt *Instant `json:"last_attempted_at,omitempty"`
}

// freshness is Freshness with what the state table needs beside it.
type freshness struct {
	Freshness
	reason string // a closed code, always
	// allowed is the age in seconds up to which a capture is current; nil where nothing sets one.
	allowed *int64
	// staleAt is the last moment at which the capture is current; nil without a capture or an allowed age.
	staleAt *Instant
}

func (f freshness) stale() bool { return f.Status == FreshnessStale }

// axis is the word for the status on the health axis.
func (f freshness) axis() string {
	switch f.Status {
	case FreshnessCurrent:
		return AxisFresh
	case FreshnessStale:
		return AxisStale
	}
	return AxisUnknown
}

// allowedAge is the manifest's maximum staleness, else twice the interval and the jitter of an enabled schedule, else none.
func allowedAge(m manifest, s *ScheduleFacts) *int64 {
	if m.maxStaleness != nil {
		return m.maxStaleness
	}
	if s == nil || !s.Enabled {
		return nil
	}
	age := 2*s.IntervalSeconds + s.JitterSeconds
	return &age
}

// capturedAt is the end of the last successful run, else the newest live record; a local device's last ingest if later.
func capturedAt(o *Observation, t Totals) *Instant {
	at := t.LastRecordAt
	if r := o.Runs.LastSuccessful; r != nil {
		end := r.End()
		at = &end
	}
	if o.localDevice() && o.Device != nil {
		at = Later(at, o.Device.LastIngestAt)
	}
	return at
}

// freshnessOf says how fresh what was collected is. Where what it rests on is unreliable it is unknown.
func freshnessOf(o *Observation, m manifest, t Totals, st standings, clk *clock) freshness {
	f := freshness{allowed: allowedAge(m, o.Schedule), reason: ReasonFresh}
	f.Status, f.CapturedAt = FreshnessUnknown, capturedAt(o, t)
	if r := o.Runs.Last; r != nil {
		start := r.Start()
		f.LastAttemptedAt = &start
	}
	if f.CapturedAt != nil && f.allowed != nil {
		at := later(*f.CapturedAt, *f.allowed)
		f.staleAt = &at
	}
	switch {
	case len(st.unreliable(freshnessRestsOn(o)...)) > 0:
		f.reason = ReasonProjectionUnreliable
	case f.CapturedAt == nil:
		f.reason = ReasonFreshnessUnknown
	case !clk.reached(f.CapturedAt.Add(-maxSkew)):
		f.reason = ReasonClockSkew
	case f.allowed == nil:
		f.reason = ReasonNoFreshnessPolicy
	case clk.past(*f.staleAt):
		f.Status, f.reason = FreshnessStale, ReasonStale
		switch modeOf(m, o.Schedule) {
		case ModeManual:
			f.reason = ReasonStaleManual
		case ModeAssisted:
			f.reason = ReasonStaleAssisted
		}
	default:
		f.Status = FreshnessCurrent
	}
	return f
}

func freshnessRestsOn(o *Observation) []Component {
	cs := []Component{Runs, Records, Schedule, Manifest}
	if o.localDevice() {
		cs = append(cs, Device)
	}
	return cs
}
