package summary

// The bounds of what a scoped read adds to a summary.
const (
	MaxDetailRuns = 20
	MaxDetailRows = 50 // of gaps, and of attention
)

// Detail is what only a scoped read hydrates of a connection, and for that connection alone (SPEC section 9 rule 3).
// Texts are as the source tables hold them; rendering sanitizes them.
type Detail struct {
	// Runs are the newest MaxDetailRuns that belong to the connection, newest (largest first_seq) first.
	Runs []Run
	// Gaps are the MaxDetailRows that were updated last: updated_at descending, then gap_id ascending.
	Gaps []Gap
	// Attention are the MaxDetailRows of any lifecycle that were updated last: updated_at descending, then attention_id.
	Attention []AttentionItem
	// UnattributedRuns counts the runs of the connection's connector that belong to no connection and that SPEC section 9
	// rule 1 counts for this owner.
	UnattributedRuns int64
}

// Gap is a connector_detail_gaps row.
type Gap struct {
	GapID            string   `json:"gap_id"`
	Stream           *string  `json:"stream"`
	RecordKey        *string  `json:"record_key"`
	Reason           *string  `json:"reason"`
	Status           string   `json:"status"`
	AttemptCount     int64    `json:"attempt_count"`
	NextAttemptAfter *Instant `json:"next_attempt_after"`
	CreatedAt        Instant  `json:"created_at"`
	UpdatedAt        Instant  `json:"updated_at"`
}

// Details are what a scoped read adds to a summary.
type Details struct {
	RecentRuns           []RunSummary    `json:"recent_runs"`
	Gaps                 []Gap           `json:"gaps"`
	Attention            []AttentionItem `json:"attention"`
	UnattributedRunCount int64           `json:"unattributed_run_count"`
}

// AddDetail adds what a scoped read hydrated, with every text sanitized. d must come from the same snapshot.
func (s *Summary) AddDetail(d Detail) {
	out := &Details{
		RecentRuns: make([]RunSummary, len(d.Runs)), Gaps: make([]Gap, len(d.Gaps)),
		Attention: make([]AttentionItem, len(d.Attention)), UnattributedRunCount: d.UnattributedRuns,
	}
	for i := range d.Runs {
		out.RecentRuns[i] = *summarizeRun(&d.Runs[i], true)
	}
	for i, g := range d.Gaps {
		g.Reason = sanitized(g.Reason)
		out.Gaps[i] = g
	}
	for i, a := range d.Attention {
		a.ReasonCode, a.OwnerAction = sanitized(a.ReasonCode), sanitized(a.OwnerAction)
		out.Attention[i] = a
	}
	s.Details = out
}
