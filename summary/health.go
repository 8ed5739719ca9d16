package summary

// Health is HEALTH in JSON: the state, what it rests on and what comes next.
type Health struct {
	State                  string      `json:"state"`
	ReasonCode             *string     `json:"reason_code"`
	Axes                   Axes        `json:"axes"`
	Badges                 Badges      `json:"badges"`
	Conditions             []Condition `json:"conditions"`
	DominantConditionID    *string     `json:"dominant_condition_id"`
	SupportingConditionIDs []string    `json:"supporting_condition_ids"`
	UnknownReasons         []Component `json:"unknown_reasons"`
	ForwardDisposition     string      `json:"forward_disposition"`
	DetailGapBacklog       *GapBacklog `json:"detail_gap_backlog"`
	LastSuccessAt          *Instant    `json:"last_success_at"`
	NextAttemptAt          *Instant    `json:"next_attempt_at"`
	NextAction             *NextAction `json:"next_action"`
}

// Axes are the independent measures of health.
type Axes struct {
	Freshness string `json:"freshness"`
	Coverage  string `json:"coverage"`
	Attention string `json:"attention"`
	Outbox    string `json:"outbox"`
}

// Badges say what is true whatever the state.
type Badges struct {
	Syncing bool `json:"syncing"`
	Stale   bool `json:"stale"`
}

// GapBacklog counts detail gaps; null where they were never observed or could not be recounted.
type GapBacklog struct {
	Pending         int64    `json:"pending"` // in progress included
	PendingIsFloor  bool     `json:"pending_is_floor"`
	Recovered       int64    `json:"recovered"`
	Terminal        int64    `json:"terminal"`
	MaxAttemptCount int64    `json:"max_attempt_count"`
	NextAttemptAt   *Instant `json:"next_attempt_at"`
}

func healthOf(v *view, scoped bool) Health {
	h := Health{
		State:              v.state.state,
		Axes:               Axes{v.fresh.axis(), v.coverage, v.attention.axis, v.outbox.axis},
		Badges:             Badges{Syncing: v.runs.running != nil, Stale: v.fresh.stale()},
		Conditions:         []Condition{},
		UnknownReasons:     []Component{},
		ForwardDisposition: dispositionOf(v),
		DetailGapBacklog:   gapBacklogOf(v),
	}
	if !v.standings[Attention].unreliable {
		h.NextAction = v.attention.next()
	}
	if v.state.reason != "" {
		h.ReasonCode = &v.state.reason
	}
	if v.state.number == 3 {
		h.UnknownReasons = v.unreliable()
	}
	if v.state.number != 1 {
		h.NextAttemptAt = v.attempt.at
	}
	if r := v.o.Runs.LastSuccessful; r != nil {
		end := r.End()
		h.LastSuccessAt = &end
	}
	h.SupportingConditionIDs = []string{}
	for _, c := range conditionsOf(v) {
		if scoped || c.notable() {
			h.Conditions = append(h.Conditions, c)
		}
		switch {
		case !c.notable():
		case c.Type == v.state.dominant && h.DominantConditionID == nil:
			h.DominantConditionID = &c.ID
		default:
			h.SupportingConditionIDs = append(h.SupportingConditionIDs, c.ID)
		}
	}
	return h
}

func gapBacklogOf(v *view) *GapBacklog {
	switch v.standings[Gaps].state {
	case ComponentUnobserved, ComponentFailed:
		return nil
	}
	g := v.o.Gaps
	return &GapBacklog{
		Pending: g.open(), Recovered: g.Recovered, Terminal: g.Terminal,
		MaxAttemptCount: g.MaxAttempts, NextAttemptAt: g.NextAttemptAfter,
	}
}
