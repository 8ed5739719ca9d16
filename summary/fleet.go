package summary

// FleetHealth is fleet_health in JSON: an owner's connections by what is the matter with them. Closed.
type FleetHealth struct {
	State        string          `json:"state"`
	FullyHealthy bool            `json:"fully_healthy"`
	Dimensions   FleetDimensions `json:"dimensions"`
	Scope        FleetScope      `json:"scope"`
}

// FleetDimensions names the connections per outcome.
type FleetDimensions struct {
	Runtime       string `json:"runtime"`
	CoverageAudit string `json:"coverage_audit"`
	Attention     struct {
		NeedsOwner []Ref `json:"needs_owner"`
	} `json:"attention"`
	ActiveWork          []Ref `json:"active_work"`
	StalledWork         []Ref `json:"stalled_work"`
	FreshnessAdvisories []Ref `json:"freshness_advisories"`
	UnknownEvidence     []Ref `json:"unknown_evidence"`
	Recovery            struct {
		Retryable []Ref `json:"retryable"`
		Terminal  []Ref `json:"terminal"`
	} `json:"recovery"`
	IntentionalPolicy struct {
		Manual []Ref `json:"manual"`
		Paused []Ref `json:"paused"`
	} `json:"intentional_policy"`
	System struct {
		DegradedOrBroken []Ref `json:"degraded_or_broken"`
	} `json:"system"`
}

// FleetScope says which connections were assessed.
type FleetScope struct {
	Configured            int   `json:"configured"`
	Assessed              []Ref `json:"assessed"`
	IntentionalExclusions []Ref `json:"intentional_exclusions"`
	SetupPending          []Ref `json:"setup_pending"`
	Unassessed            []Ref `json:"unassessed"`
}

// Ref is REF in JSON; closed.
type Ref struct {
	ConnectionID        string  `json:"connection_id"`
	ConnectorID         string  `json:"connector_id"`
	ConnectorInstanceID string  `json:"connector_instance_id"`
	DisplayName         *string `json:"display_name"`
}

// The states of a fleet.
const (
	FleetHealthy       = "healthy"
	FleetAdvisories    = "healthy_with_advisories"
	FleetIndeterminate = "indeterminate"
	FleetUnhealthy     = "unhealthy"
)

// fleetRow is the row of the state table that applies to a connection, and whether it is proven to have collected.
type fleetRow struct {
	stateRow
	collected bool
	gaps      bool // some are known to be pending or in progress
}

// FleetHealthOf sorts all of an owner's summaries, as Synthesize made them, by what is the matter. Lists keep the order of
// rows. What is revoked or a draft is in its own list alone; what is paused was assessed, and nothing is the matter with it.
func FleetHealthOf(rows []Summary) FleetHealth {
	f := FleetHealth{Scope: FleetScope{Configured: len(rows)}}
	d, sc := &f.Dimensions, &f.Scope
	runtimeMissing, coverageFails, coverageOpen := false, false, false
	for _, l := range f.lists() {
		*l = []Ref{}
	}
	for i := range rows {
		s := &rows[i]
		ref := Ref{s.ConnectionID, s.ConnectorID, s.ConnectorInstanceID, s.DisplayName}
		put := func(when bool, into *[]Ref) {
			if when {
				*into = append(*into, ref)
			}
		}
		row := s.row
		put(s.Status == "revoked", &sc.IntentionalExclusions)
		put(s.Status == "draft", &sc.SetupPending)
		put(s.Status == "paused", &d.IntentionalPolicy.Paused)
		if s.Status == "revoked" || s.Status == "draft" {
			continue
		}
		ran := s.LastRun != nil || row.collected
		put(ran, &sc.Assessed)
		put(!ran, &sc.Unassessed)
		if row.number == 1 {
			continue
		}
		put(row.number == 2 || row.credentials(), &d.Attention.NeedsOwner)
		put(row.number == 3 || row.number == 10, &d.UnknownEvidence)
		put(row.number == 4 && !row.credentials() || row.number == 6, &d.System.DegradedOrBroken)
		put(s.Health.Badges.Stale, &d.FreshnessAdvisories)
		put(row.number == 5 || row.gaps, &d.Recovery.Retryable)
		put(s.Health.Axes.Coverage == CoverageTerminalGap, &d.Recovery.Terminal)
		put(s.Health.Badges.Syncing, &d.ActiveWork)
		put(s.Health.Axes.Outbox == OutboxStalled, &d.StalledWork)
		put(s.RefreshPolicy.RecommendedMode != ModeAutomatic, &d.IntentionalPolicy.Manual)
		runtimeMissing = runtimeMissing || row.number == 4 && row.dominant == RuntimeAvailable
		switch s.Health.Axes.Coverage {
		case CoveragePartial, CoverageTerminalGap:
			coverageFails = true
		case CoverageUnknown:
			coverageOpen = coverageOpen || ran
		}
	}
	d.Runtime = pick(runtimeMissing, "unhealthy", len(d.UnknownEvidence) > 0, "unknown", "healthy")
	d.CoverageAudit = pick(coverageFails, "fail", coverageOpen, "inconclusive", "pass")
	f.State = FleetHealthy
	switch {
	case len(d.Attention.NeedsOwner)+len(d.System.DegradedOrBroken) > 0:
		f.State = FleetUnhealthy
	case len(d.UnknownEvidence) > 0:
		f.State = FleetIndeterminate
	case len(d.FreshnessAdvisories)+len(d.Recovery.Retryable)+len(d.Recovery.Terminal)+len(d.StalledWork) > 0:
		f.State = FleetAdvisories
	}
	f.FullyHealthy = f.State == FleetHealthy
	return f
}

// lists returns every list, so that an empty one is [] and not null.
func (f *FleetHealth) lists() []*[]Ref {
	d, s := &f.Dimensions, &f.Scope
	return []*[]Ref{
		&d.Attention.NeedsOwner, &d.ActiveWork, &d.StalledWork, &d.FreshnessAdvisories, &d.UnknownEvidence,
		&d.Recovery.Retryable, &d.Recovery.Terminal, &d.IntentionalPolicy.Manual, &d.IntentionalPolicy.Paused,
		&d.System.DegradedOrBroken, &s.Assessed, &s.IntentionalExclusions, &s.SetupPending, &s.Unassessed,
	}
}

func pick(a bool, ifA string, b bool, ifB, otherwise string) string {
	switch {
	case a:
		return ifA
	case b:
		return ifB
	}
	return otherwise
}
