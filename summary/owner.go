package summary

// OwnerState is owner_state in JSON: whose turn it is.
type OwnerState struct {
	Resolver     string   `json:"resolver"`
	OwnerOfState string   `json:"owner_of_state"`
	Posture      string   `json:"posture"`
	EvidenceAsOf *Instant `json:"evidence_as_of"`
}

// The postures: what was seen holds now, or is what a run that failed left behind.
const (
	PostureObserved = "observed"
	PostureFrozen   = "frozen-since-last-run"
)

// resolution pairs a resolver with the source_work that goes with it.
type resolution struct{ resolver, work string }

// resolutionOf is SPEC section 10's table of owner_state.resolver and source_work.
func resolutionOf(v *view) resolution {
	s := v.state
	if pillOf(v).Label == PillSyncing || s.number == 9 && v.runs.running != nil {
		return resolution{"collecting", "working"}
	}
	switch s.number {
	case 1:
		switch s.reason {
		case ReasonRevoked:
			return resolution{"retired", "none"}
		case ReasonDraft:
			return resolution{"setup_in_progress", "none"}
		}
		return resolution{"owner_paused", "none"}
	case 2:
		return resolution{"needs_owner", "needs_owner"}
	case 4:
		if s.credentials() {
			return resolution{"needs_owner", "needs_owner"}
		}
		return resolution{"blocked_maintainer", "system_issue"}
	case 5:
		return resolution{"collecting", "working"}
	case 6:
		return resolution{"system_degraded", "system_issue"}
	case 7:
		return resolution{"refresh_due", "review"}
	case 8:
		return resolution{"not_measured", "none"}
	case 9:
		return resolution{"healthy", "none"}
	}
	return resolution{"not_measured", "not_measured"}
}

// ownerOf says whose turn each resolver means; every other one is the system's.
var ownerOf = map[string]string{
	"needs_owner": "owner", "refresh_due": "owner", "owner_paused": "owner", "setup_in_progress": "owner",
	"blocked_maintainer": "maintainer",
}

func ownerStateOf(v *view, resolver string) OwnerState {
	s := OwnerState{Resolver: resolver, OwnerOfState: "system", Posture: PostureObserved}
	if who, ok := ownerOf[resolver]; ok {
		s.OwnerOfState = who
	}
	switch {
	case v.runs.running != nil:
		began := v.runs.running.Start()
		s.EvidenceAsOf = &began
	case v.runs.latest != nil:
		s.EvidenceAsOf = v.runs.latest.endedAt()
		if v.runs.latest.failed {
			s.Posture = PostureFrozen
		}
	default:
		s.EvidenceAsOf = v.fresh.CapturedAt
	}
	return s
}
