package summary

import (
	"slices"
	"time"
)

// The states of a COMPONENT in JSON.
const (
	ComponentCurrent     = "current"
	ComponentUnobserved  = "unobserved"
	ComponentStale       = "stale"
	ComponentUnavailable = "unavailable"
	ComponentFailed      = "failed"
)

// graceSeconds is how long a component may be behind before the state says so (SPEC section 10 row 3).
const graceSeconds = 2

// ComponentState is a COMPONENT: whether a part of the evidence can be relied on. AsOf is when it was derived.
type ComponentState struct {
	State      string   `json:"state"`
	AsOf       *Instant `json:"as_of"`
	ReasonCode *string  `json:"reason_code"`
}

// TerminalFacts is the COMPONENT of runs and gaps. EventSeq is the first event_seq of the latest run that it knows.
type TerminalFacts struct {
	ComponentState
	EventSeq *int64 `json:"event_seq"`
}

// standing is how far one component can be relied on now.
type standing struct {
	state  string // of its COMPONENT
	reason string // empty while current
	// unreliable: failed, untrusted, unavailable, or behind for longer than the grace (row 3).
	unreliable bool
}

func (s standing) current() bool { return s.state == ComponentCurrent }

// standings are those of every component, Manifest included.
type standings map[Component]standing

func standingsOf(o *Observation, m manifest, clk *clock) standings {
	// Without a mark nothing says since when: then it is not a matter of moments.
	overdue := func(c Component) bool {
		since := o.DirtySince
		if at, ok := o.BehindSince[c]; ok {
			since = &at
		}
		return since == nil || clk.past(since.Add(graceSeconds*time.Second))
	}
	of := func(c Component) standing {
		reason, untrusted := o.Untrusted[c]
		switch {
		case c == Manifest && m.problem == ReasonManifestUnavailable:
			return standing{ComponentUnavailable, m.problem, true}
		case c == Manifest && !m.readable():
			return standing{ComponentFailed, m.problem, true}
		case c != Manifest && c != Identity && o.State == StateFailed:
			return standing{ComponentFailed, failureCode(o.LastError), true}
		case untrusted:
			return standing{ComponentStale, CaptureReason(&reason), true}
		case c == Manifest || c == Identity: // read live
			return standing{state: ComponentCurrent}
		case o.ComputedAt == nil:
			return standing{ComponentUnobserved, ReasonSummaryMissing, overdue(c)}
		case o.Behind[c]:
			return standing{ComponentStale, ReasonMarksPending, overdue(c)}
		}
		return standing{state: ComponentCurrent}
	}
	out := make(standings, len(EvidenceComponents)+1)
	for _, c := range EvidenceComponents {
		out[c] = of(c)
	}
	out[Manifest] = of(Manifest)
	return out
}

func failureCode(code *string) string {
	if code == nil || !slices.Contains(ComponentReasons, *code) {
		return ReasonEvidenceFailed
	}
	return *code
}

// healthComponents are those that row 3 looks at; Device only for local devices, RetainedBytes never.
func healthComponents(localDevice bool) []Component {
	cs := []Component{Identity, Records, Runs, Schedule, Gaps, Attention}
	if localDevice {
		cs = append(cs, Device)
	}
	return append(cs, Manifest)
}

// unreliable returns those of cs that cannot be relied on, in their order; never nil.
func (s standings) unreliable(cs ...Component) []Component {
	out := []Component{}
	for _, c := range cs {
		if s[c].unreliable {
			out = append(out, c)
		}
	}
	return out
}

// current reports whether every one of cs is current.
func (s standings) current(cs ...Component) bool {
	for _, c := range cs {
		if !s[c].current() {
			return false
		}
	}
	return true
}

// stale returns the evidence components, and a manifest whose capture is not trusted, that are not current.
func (s standings) stale() []Component {
	set := Set{}
	for c, st := range s {
		if !st.current() && (c != Manifest || st.state == ComponentStale) {
			set.Add(c)
		}
	}
	return set.Sorted()
}

// component renders the worst of cs; the first of equally bad ones gives the reason.
func (s standings) component(asOf *Instant, cs ...Component) ComponentState {
	worst := s[cs[0]]
	for _, c := range cs[1:] {
		if severityOf[s[c].state] > severityOf[worst.state] {
			worst = s[c]
		}
	}
	out := ComponentState{State: worst.state, AsOf: asOf}
	if worst.reason != "" {
		out.ReasonCode = &worst.reason
	}
	return out
}

var severityOf = map[string]int{
	ComponentCurrent: 0, ComponentStale: 1, ComponentUnobserved: 2, ComponentUnavailable: 3, ComponentFailed: 4,
}
