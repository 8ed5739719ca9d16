package summary

// Recovery says which of the open gaps may be recovered now, and whether anybody does.
type Recovery struct {
	Admission  Admission `json:"admission"`
	Stall      Stall     `json:"stall"`
	ReadLimit  int       `json:"read_limit"` // of the open gaps that are looked at
	Unreadable bool      `json:"unreadable"` // how many lie beyond ReadLimit is not known now
}

// Admission counts the open gaps by whether they may be tried now.
type Admission struct {
	Candidates       int64      `json:"candidates"`
	Admitted         int64      `json:"admitted"`
	Deferred         int64      `json:"deferred"`
	DeferredByReason *Deferrals `json:"deferred_by_reason,omitempty"`
	NextEligibleAt   *Instant   `json:"next_eligible_at,omitempty"` // the earliest of those that cool down
	WhyNotNow        string     `json:"why_not_now,omitempty"`      // where none is admitted: one of the reasons
}

// Deferrals counts the deferred gaps by reason.
type Deferrals struct {
	Budget        int64 `json:"budget,omitempty"` // beyond ReadLimit
	Cooldown      int64 `json:"cooldown,omitempty"`
	OwnerRequired int64 `json:"owner_required,omitempty"`
	SystemIssue   int64 `json:"system_issue,omitempty"`
}

// Stall says whether gaps that could be recovered are not.
type Stall struct {
	Stalled            bool     `json:"stalled"`
	EligibleCandidates int64    `json:"eligibleCandidates"`
	LastAttemptAt      *Instant `json:"lastAttemptAt"`
}

// The reasons for which a gap is deferred.
const (
	DeferredBudget        = "budget"
	DeferredCooldown      = "cooldown"
	DeferredOwnerRequired = "owner_required"
	DeferredSystemIssue   = "system_issue"
)

// recoveryOf decides about every open gap: all are deferred while the owner or a maintainer has to act first, else those whose
// next_attempt_after lies ahead. open are the first MaxOpenGaps of them; how many there are the evidence counts.
func recoveryOf(v *view, open []Gap) Recovery {
	r := Recovery{ReadLimit: MaxOpenGaps}
	a := &r.Admission
	a.Candidates = int64(len(open))
	if len(open) == MaxOpenGaps {
		a.Candidates = max(a.Candidates, v.o.Gaps.open())
		r.Unreadable = !v.standings[Gaps].current()
	}
	deferred := Deferrals{Budget: a.Candidates - int64(len(open))}
	held := heldBack(v)
	var waiting *Instant // since when the longest waiting one could have been tried
	for i := range open {
		g := &open[i]
		if g.AttemptCount > 0 {
			r.Stall.LastAttemptAt = Later(r.Stall.LastAttemptAt, &g.UpdatedAt)
		}
		switch {
		case held == DeferredOwnerRequired:
			deferred.OwnerRequired++
		case held == DeferredSystemIssue:
			deferred.SystemIssue++
		case g.NextAttemptAfter != nil && !v.clk.reached(*g.NextAttemptAfter):
			deferred.Cooldown++
			a.NextEligibleAt = Earlier(a.NextEligibleAt, g.NextAttemptAfter)
		default:
			a.Admitted++
			waiting = Earlier(waiting, Later(&g.UpdatedAt, g.NextAttemptAfter))
		}
	}
	a.Deferred = a.Candidates - a.Admitted
	if a.Deferred > 0 {
		a.DeferredByReason = &deferred
	}
	if a.Admitted == 0 && a.Candidates > 0 {
		a.WhyNotNow = held
		if held == "" {
			a.WhyNotNow = DeferredCooldown
		}
	}
	r.Stall.EligibleCandidates = a.Admitted
	limit := int64(silenceSeconds)
	if v.fresh.allowed != nil {
		limit = *v.fresh.allowed
	}
	r.Stall.Stalled = waiting != nil && v.clk.past(later(*Later(waiting, r.Stall.LastAttemptAt), limit))
	return r
}

// heldBack is why no gap of the connection may be tried at all; empty if nothing forbids it.
func heldBack(v *view) string {
	switch r := v.runs.latest; {
	case v.state.number == 1, v.state.number == 2, r.needsOwner():
		return DeferredOwnerRequired
	case r.runtimeMissing(), v.runs.exhausted():
		return DeferredSystemIssue
	}
	return ""
}
