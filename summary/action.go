package summary

// The kinds of required actions.
const (
	ActReauth           = "reauth"
	ActAddInfo          = "add_info"
	ActRetryGap         = "retry_gap"
	ActRefreshNow       = "refresh_now"
	ActReattachSchedule = "reattach_schedule"
	ActWait             = "wait"
	ActContactSupport   = "contact_support"
)

// Who acts, and how soon.
const (
	AudienceOwner      = "owner"
	AudienceMaintainer = "maintainer"
	AudienceNone       = "none"

	UrgencyNow       = "now"
	UrgencySoon      = "soon"
	UrgencyOverdue   = "overdue"
	UrgencyVerifying = "verifying"
)

// RequiredAction is one thing that has to happen, and how it is seen to have happened. Affects names streams.
type RequiredAction struct {
	Kind          string        `json:"kind"`
	Audience      string        `json:"audience"`
	Urgency       string        `json:"urgency"`
	CTA           string        `json:"cta"`
	Terminal      bool          `json:"terminal"`
	Affects       []string      `json:"affects"`
	SatisfiedWhen Satisfaction  `json:"satisfied_when"`
	Target        *ActionTarget `json:"target,omitempty"`
}

// Satisfaction names what ends a required action.
type Satisfaction struct {
	Kind string `json:"kind"`
}

// ActionTarget is the run in progress that may satisfy an action.
type ActionTarget struct {
	Kind  string `json:"kind"`
	RunID string `json:"run_id"`
}

// actions gives every kind its words, in the order in which they are listed: the first is primary.
var actions = []RequiredAction{
	{Kind: ActReauth, Audience: AudienceOwner, Urgency: UrgencyNow, CTA: "Sign in again", SatisfiedWhen: Satisfaction{"credential_present_and_unrejected"}},
	{Kind: ActAddInfo, Audience: AudienceOwner, Urgency: UrgencyNow, CTA: "Answer the request", SatisfiedWhen: Satisfaction{"attention_resolved"}},
	{Kind: ActRetryGap, Audience: AudienceNone, Urgency: UrgencySoon, CTA: "Recover what is missing", SatisfiedWhen: Satisfaction{"gap_recovered"}},
	{Kind: ActRefreshNow, Audience: AudienceOwner, Urgency: UrgencyOverdue, CTA: "Refresh now", SatisfiedWhen: Satisfaction{"confirming_run_succeeded"}},
	{Kind: ActReattachSchedule, Audience: AudienceOwner, Urgency: UrgencySoon, CTA: "Resume the schedule", SatisfiedWhen: Satisfaction{"schedule_attached_and_enabled"}},
	{Kind: ActWait, Audience: AudienceNone, Urgency: UrgencySoon, CTA: "Wait for the next attempt", SatisfiedWhen: Satisfaction{"confirming_run_succeeded"}},
	{Kind: ActContactSupport, Audience: AudienceMaintainer, Urgency: UrgencyNow, CTA: "Ask the maintainer for help", SatisfiedWhen: Satisfaction{"none"}},
}

// requiredActionsOf lists what has to happen; never nil. Where nothing is collected, or nothing can be relied on, nothing is
// asked of anyone, and nowhere what rests on evidence that cannot be relied on.
func requiredActionsOf(v *view) []RequiredAction {
	out := []RequiredAction{}
	if v.state.number == 1 || v.state.number == 3 {
		return out
	}
	sound := func(cs ...Component) bool { return len(v.standings.unreliable(cs...)) == 0 }
	need := map[string]bool{
		ActReauth:           sound(Runs) && v.runs.latest.needsOwner(),
		ActAddInfo:          v.attention.primary != nil,
		ActRetryGap:         sound(Gaps) && v.o.Gaps.open() > 0,
		ActRefreshNow:       v.fresh.stale() && !v.automatic(),
		ActReattachSchedule: sound(Schedule) && v.scheduleDisabled(),
		ActWait:             v.state.number == 5,
		ActContactSupport:   sound(Runs) && (v.runs.exhausted() || v.runs.latest.runtimeMissing()),
	}
	if v.state.number == 6 && !anyOf(need) {
		need[ActWait] = v.attempt.at != nil
		need[ActContactSupport] = v.attempt.at == nil
	}
	terminal := dispositionOf(v) == ForwardTerminal
	for _, a := range actions {
		if !need[a.Kind] {
			continue
		}
		a.Affects = []string{}
		a.Terminal = a.Kind == ActContactSupport && terminal
		if a.Kind == ActRetryGap {
			a.Affects = v.o.Gaps.openStreams()
		}
		if run := v.runs.running; run != nil && confirms(a) {
			a.Urgency, a.Target = UrgencyVerifying, &ActionTarget{"sync", run.RunID}
		}
		out = append(out, a)
	}
	return out
}

// confirms reports whether a run in progress may be what satisfies the action.
func confirms(a RequiredAction) bool {
	switch a.Kind {
	case ActReauth, ActRefreshNow, ActWait, ActRetryGap:
		return true
	}
	return false
}

func anyOf(need map[string]bool) bool {
	for _, n := range need {
		if n {
			return true
		}
	}
	return false
}
