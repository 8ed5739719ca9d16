package summary

import (
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestFleetHealthAgreesWithASecondReading sorts drawn fleets by the sentences of API.md, from the oracle's rows.
func TestFleetHealthAgreesWithASecondReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []Summary
		want := map[string][]string{}
		for i := range rapid.IntRange(0, 6).Draw(t, "connections") {
			o := drawObservation(t)
			o.ConnectionID = string(rune('a' + i))
			rows = append(rows, Synthesize(o, noon, false))
			x := newOracle(o, noon)
			lost, _ := x.lost()
			row := x.rows()[0]
			put := func(when bool, list string) {
				if when {
					want[list] = append(want[list], o.ConnectionID)
				}
			}
			put(o.Identity.Status == "revoked", "intentional_exclusions")
			put(o.Identity.Status == "draft", "setup_pending")
			put(o.Identity.Status == "paused", "paused")
			if o.Identity.Status == "revoked" || o.Identity.Status == "draft" {
				continue
			}
			ran := o.Runs.Last != nil || x.imported()
			put(ran, "assessed")
			put(!ran, "unassessed")
			if o.Identity.Status == "paused" {
				continue
			}
			sure := func(cs ...Component) bool {
				return !slices.ContainsFunc(cs, func(c Component) bool { return slices.Contains(lost, c) })
			}
			put(row == 2 || row == 4 && x.credentials(), "needs_owner")
			put(row == 3 || row == 10, "unknown_evidence")
			put(row == 4 && !x.credentials() || row == 6, "degraded_or_broken")
			put(x.freshness() == "stale" && sure(Runs, Records, Schedule, Manifest) && (!x.device() || sure(Device)), "freshness_advisories")
			put(row == 5 || sure(Gaps) && x.gapsOpen(), "retryable")
			put(x.coverage() == "terminal_gap", "terminal")
			put(x.running, "active_work")
			put(x.outbox() == "stalled" && sure(Device), "stalled_work")
			put(x.policy() != "automatic", "manual")
		}
		f := FleetHealthOf(rows)
		d, sc := f.Dimensions, f.Scope
		for list, refs := range map[string][]Ref{
			"needs_owner": d.Attention.NeedsOwner, "active_work": d.ActiveWork, "stalled_work": d.StalledWork,
			"freshness_advisories": d.FreshnessAdvisories, "unknown_evidence": d.UnknownEvidence, "retryable": d.Recovery.Retryable,
			"terminal": d.Recovery.Terminal, "manual": d.IntentionalPolicy.Manual, "paused": d.IntentionalPolicy.Paused,
			"degraded_or_broken": d.System.DegradedOrBroken, "assessed": sc.Assessed, "intentional_exclusions": sc.IntentionalExclusions,
			"setup_pending": sc.SetupPending, "unassessed": sc.Unassessed,
		} {
			got := []string{}
			for _, r := range refs {
				got = append(got, r.ConnectionID)
			}
			if refs == nil || !slices.Equal(got, append([]string{}, want[list]...)) {
				t.Fatalf("%s: %v, want %v", list, got, want[list])
			}
		}
		has := func(lists ...string) bool {
			return slices.ContainsFunc(lists, func(l string) bool { return len(want[l]) > 0 })
		}
		state := FleetHealthy
		switch {
		case has("needs_owner", "degraded_or_broken"):
			state = FleetUnhealthy
		case has("unknown_evidence"):
			state = FleetIndeterminate
		case has("freshness_advisories", "retryable", "terminal", "stalled_work"):
			state = FleetAdvisories
		}
		if f.State != state || f.FullyHealthy != (state == FleetHealthy) || sc.Configured != len(rows) {
			t.Fatalf("%s, fully %v, %d configured; want %s of %d", f.State, f.FullyHealthy, sc.Configured, state, len(rows))
		}
	})
}

// TestProfiles: identity is complete once every stream is known; an unknown total has no value.
func TestProfiles(t *testing.T) {
	whole := Synthesize(observed(), noon, true)
	if i := whole.Inventory(); i.MembershipState != MembershipComplete || !slices.Equal(i.Streams, []string{"orders", "items"}) {
		t.Errorf("%+v", i)
	}
	text, err := json.Marshal(whole.Counts())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"connection_id":"ci_01","connector_instance_id":"ci_01","connector_id":"amazon","connector_display_name":"Amazon",` +
		`"display_name":"Amazon (home)","streams":["orders","items"],"membership_state":"complete","status":"active","revoked_at":null,` +
		`"total_records":5,"total_records_state":"known","acquisition_coverage":null}`
	if string(text) != want {
		t.Errorf("%s\nwant %s", text, want)
	}
	for name, o := range map[string]Observation{
		"manifest unreadable": observed(func(o *Observation) { o.Connector.Manifest = ptr(`[]`) }),
		"records behind":      observed(func(o *Observation) { o.Behind, o.DirtySince = NewSet(Records), &noon }),
		"failed":              observed(func(o *Observation) { o.State = StateFailed }),
	} {
		s := Synthesize(o, noon, true)
		if c := s.Counts(); c.MembershipState != MembershipPending || name == "failed" && c.TotalRecords != nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}
