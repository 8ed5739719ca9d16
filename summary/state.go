package summary

// The states of a connection's health.
const (
	Idle           = "idle"
	NeedsAttention = "needs_attention"
	Unknown        = "unknown"
	Blocked        = "blocked"
	CoolingOff     = "cooling_off"
	Degraded       = "degraded"
	Healthy        = "healthy"
)

// coolingFailures in a row and more are no longer a matter of waiting.
const coolingFailures = 3

// defect is one of the things that row 6 names.
type defect struct {
	reason    string
	condition string // the type of the condition that tells of it
	// passing: a retryable failure or a retryable gap, which the next attempt may mend (row 5).
	passing bool
}

// defectsOf lists what is wrong, in the order of row 6.
func defectsOf(v *view) []defect {
	r, neverRan := v.runs.latest, v.runs.latest == nil && !v.collectsWithoutRuns()
	rows := []struct {
		when bool
		defect
	}{
		{r.broken(), defect{failureOf(r), CollectionSucceeded, v.runs.failures < coolingFailures}},
		{v.o.Gaps.open() > 0, defect{CoverageRetryableGap, SourceCoverageComplete, true}},
		{v.o.Gaps.terminalSince(r), defect{CoverageTerminalGap, SourceCoverageComplete, false}},
		{v.coverage == CoveragePartial && !neverRan, defect{CoveragePartial, SourceCoverageComplete, false}},
		{v.outbox.axis == OutboxStalled, defect{v.outbox.reason, BacklogClear, false}},
		{v.silent, defect{ReasonOutboxSilent, BacklogClear, false}},
		{v.fresh.stale() && v.automatic(), defect{ReasonStale, Fresh, false}},
		{v.late, defect{ReasonScheduleOverdue, ScheduleEligible, false}},
	}
	var out []defect
	for _, d := range rows {
		if d.when {
			out = append(out, d.defect)
		}
	}
	return out
}

func failureOf(r *attempt) string {
	if r == nil {
		return ""
	}
	return r.reason
}

// stateRow is the row of SPEC section 10's state table that applies.
type stateRow struct {
	number   int
	state    string
	reason   string // empty where there is nothing to say
	dominant string // the type of the condition that decides; empty without one
}

// stateTable is that table: the first row that applies. A row's test returns the reason and the deciding condition.
var stateTable = []struct {
	number int
	state  string
	when   func(*view) (reason, dominant string, applies bool)
}{
	{1, Idle, notCollecting},
	{2, NeedsAttention, askingOwner},
	{3, Unknown, unproven},
	{4, Blocked, blocked},
	{5, CoolingOff, coolingOff},
	{6, Degraded, degraded},
	{7, Idle, waitingForOwner},
	{8, Idle, neverRan},
	{9, Healthy, healthy},
}

func stateOf(v *view) stateRow {
	for _, row := range stateTable {
		if reason, dominant, ok := row.when(v); ok {
			return stateRow{row.number, row.state, reason, dominant}
		}
	}
	if v.coverage != CoverageComplete {
		return stateRow{10, Unknown, ReasonCoverageUnknown, SourceCoverageComplete}
	}
	return stateRow{10, Unknown, v.fresh.reason, Fresh}
}

func notCollecting(v *view) (string, string, bool) {
	reasons := map[string]string{"revoked": ReasonRevoked, "paused": ReasonPaused, "draft": ReasonDraft}
	reason, ok := reasons[v.o.Identity.Status]
	return reason, "", ok
}

func askingOwner(v *view) (string, string, bool) {
	if v.attention.primary == nil || v.standings[Attention].unreliable {
		return "", "", false
	}
	reason := ReasonAttentionRequired
	if code := sanitized(v.attention.primary.ReasonCode); code != nil {
		reason = *code
	}
	return reason, AttentionClear, true
}

func unproven(v *view) (string, string, bool) {
	return ReasonProjectionUnreliable, ProjectionReliable, len(v.unreliable()) > 0
}

func blocked(v *view) (string, string, bool) {
	switch r := v.runs.latest; {
	case r.needsOwner():
		return r.reason, CredentialsValid, true
	case r.runtimeMissing():
		return r.reason, RuntimeAvailable, true
	case v.runs.exhausted():
		return ReasonRetriesExhausted, RetryPolicyClear, true
	}
	return "", "", false
}

func coolingOff(v *view) (string, string, bool) {
	for _, d := range v.defects {
		if !d.passing {
			return "", "", false
		}
	}
	if len(v.defects) == 0 || !v.attempt.ahead {
		return "", "", false
	}
	return v.defects[0].reason, v.defects[0].condition, true
}

func degraded(v *view) (string, string, bool) {
	if len(v.defects) == 0 {
		return "", "", false
	}
	return v.defects[0].reason, v.defects[0].condition, true
}

// waitingForOwner is row 7: all else proven, but the capture is stale under a policy that leaves refreshing to the owner, or
// the schedule is off.
func waitingForOwner(v *view) (string, string, bool) {
	if !v.collected() || v.coverage != CoverageComplete {
		return "", "", false
	}
	switch {
	case v.fresh.stale():
		return v.fresh.reason, Fresh, true
	case v.scheduleDisabled() && v.freshEnough():
		return ReasonSchedulePaused, ScheduleEligible, true
	}
	return "", "", false
}

func neverRan(v *view) (string, string, bool) {
	return ReasonCollectionUnobserved, CollectionSucceeded, v.runs.latest == nil && !v.collectsWithoutRuns()
}

func healthy(v *view) (string, string, bool) {
	if !v.collected() || v.coverage != CoverageComplete || !v.freshEnough() {
		return "", "", false
	}
	if v.fresh.reason == ReasonNoFreshnessPolicy {
		return ReasonNoFreshnessPolicy, "", true
	}
	return "", "", true
}

// freshEnough: fresh, or nothing says how old a capture may be.
func (v *view) freshEnough() bool {
	return v.fresh.Status == FreshnessCurrent || v.fresh.reason == ReasonNoFreshnessPolicy
}

// staleForOwner tells the two kinds of row 7 apart.
func (s stateRow) staleForOwner() bool { return s.number == 7 && s.dominant == Fresh }

// credentials tells the two kinds of row 4 apart.
func (s stateRow) credentials() bool { return s.number == 4 && s.dominant == CredentialsValid }

// calm are the states whose pill may be green while a run is in progress: healthy, and rows 7 and 8.
func (s stateRow) calm() bool { return s.number == 7 || s.number == 8 || s.number == 9 }
