package summary

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestShape holds SUMMARY's keys against API.md.
func TestShape(t *testing.T) {
	m := render(t, Synthesize(observed(), noon, false))
	want := strings.Fields(`connection_id connector_instance_id connector_id connector_display_name display_name status source_kind
		revoked_at manifest_version refresh_policy streams stream_count stream_records total_records total_records_state
		retained_bytes total_retained_bytes last_record_updated_at last_run last_successful_run schedule freshness
		connection_health rendered_verdict next_action collection_report record_snapshot terminal_facts manifest_declaration
		retained_bytes_evidence local_device_progress owner_state source_work evidence`)
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(m)); !slices.Equal(got, want) {
		t.Errorf("keys %v\nwant %v", got, want)
	}
	keys := func(path string, want string) {
		t.Helper()
		v := any(m)
		for _, p := range strings.Split(path, ".") {
			if l, ok := v.([]any); ok {
				v = l[0]
			}
			v = v.(map[string]any)[p]
		}
		if l, ok := v.([]any); ok {
			v = l[0]
		}
		got, words := slices.Sorted(maps.Keys(v.(map[string]any))), strings.Fields(want)
		slices.Sort(words)
		if !slices.Equal(got, words) {
			t.Errorf("%s: keys %v, want %v", path, got, words)
		}
	}
	keys("freshness", "status captured_at last_attempted_at")
	keys("last_run", "run_id status started_at finished_at first_at last_at event_count failure_reason terminal_reason records_emitted known_gaps")
	keys("schedule", `object enabled interval_seconds jitter_seconds effective_mode next_due_at last_started_at last_finished_at
		last_successful_at active_run_id scheduler_backoff created_at updated_at`)
	keys("stream_records", "stream record_count count_state declaration_state last_updated retained_bytes")
	keys("connection_health", `state reason_code axes badges conditions dominant_condition_id supporting_condition_ids unknown_reasons
		forward_disposition detail_gap_backlog last_success_at next_attempt_at next_action`)
	keys("connection_health.detail_gap_backlog", "pending pending_is_floor recovered terminal max_attempt_count next_attempt_at")
	keys("rendered_verdict", "pill channel forward_statement required_actions annotations progress")
	keys("rendered_verdict.progress", "mode headline last_refreshed_at retained_records records_committed_last_run gaps_drained_last_run")
	m = render(t, Synthesize(observed(), noon, true))
	keys("collection_report", `stream required coverage_condition forward_disposition collected considered covered checkpoint skipped
		pending_detail_gaps pending_detail_gaps_is_floor evidence_as_of`)
	keys("record_snapshot", "state as_of reason_code")
	keys("terminal_facts", "state as_of reason_code event_seq")
	keys("evidence", "version computed_at dirty dirty_since stale_components")

	scoped := Synthesize(observed(), noon, true)
	scoped.AddDetail(Detail{
		Runs: []Run{*succeeded(1, time.Hour)}, Gaps: []Gap{{GapID: "g", Reason: ptr("password=hunter2")}},
		Attention: []AttentionItem{{AttentionID: "a", OwnerAction: ptr("Type your password here")}}, UnattributedRuns: 3,
	})
	m = render(t, scoped)
	keys("connection_health.conditions", "id type status reason severity message origin sensitivity observed_at expires_at current remediation")
	keys("rendered_verdict.streams", "stream_id coverage disposition statement collected considered")
	keys("gaps", "gap_id stream record_key reason status attempt_count next_attempt_after created_at updated_at")
	if m["unattributed_run_count"] != 3.0 || len(m["recent_runs"].([]any)) != 1 {
		t.Errorf("scoped additions: %v", m)
	}
	if got := m["gaps"].([]any)[0].(map[string]any)["reason"]; got != "other" {
		t.Errorf("a gap's reason was shown as %v", got)
	}
	if n := len(m["connection_health"].(map[string]any)["conditions"].([]any)); n != 10 {
		t.Errorf("a scoped read carries %d conditions, want all ten", n)
	}
}

// TestCounts: each count carries its state, and an unknown one no value.
func TestCounts(t *testing.T) {
	state := func(change func(*Observation)) (Summary, map[string]any) {
		s := Synthesize(observed(change), noon, false)
		return s, render(t, s)
	}
	if s, _ := state(func(o *Observation) { o.Streams = nil }); s.TotalRecordsState != CountKnownZero || *s.TotalRecords != 0 ||
		s.StreamRecords[0].CountState != CountKnownZero || s.StreamRecords[0].DeclarationState != Declared {
		t.Errorf("proven empty: %+v", s.StreamRecords)
	}
	if s, _ := state(func(o *Observation) { o.Behind, o.DirtySince = NewSet(Records), pago(time.Second) }); s.TotalRecordsState != CountStale ||
		*s.TotalRecords != 5 || *s.StreamRecords[0].RecordCount != 3 {
		t.Errorf("stale: %s %v", s.TotalRecordsState, s.TotalRecords)
	}
	s, m := state(func(o *Observation) { o.State = StateFailed })
	if _, there := m["total_records"]; there || s.TotalRecordsState != CountUnknown || s.StreamRecords[0].RecordCount != nil {
		t.Errorf("failed: %v, state %s", m["total_records"], s.TotalRecordsState)
	}
	if s, _ := state(func(o *Observation) { o.Behind, o.DirtySince = NewSet(RetainedBytes), pago(time.Hour) }); s.TotalRecordsState != CountKnown ||
		*s.TotalRetainedBytes != 62 || s.BytesEvidence.State != ComponentStale {
		t.Errorf("stale bytes: %s %v %s", s.TotalRecordsState, s.TotalRetainedBytes, s.BytesEvidence.State)
	}
	s, _ = state(func(o *Observation) { o.Streams = append(o.Streams, StreamSize{Stream: "aaa", RecordCount: 1}) })
	if got := s.Streams; !slices.Equal(got, []string{"orders", "items", "aaa"}) || s.StreamRecords[2].DeclarationState != Dormant {
		t.Errorf("streams %v, %+v", got, s.StreamRecords)
	}
	s, _ = state(func(o *Observation) { o.Connector.Manifest = ptr(`[]`) })
	if s.StreamRecords[0].DeclarationState != "unavailable" || s.ManifestDeclaration.State != ComponentFailed {
		t.Errorf("malformed manifest: %+v, %s", s.StreamRecords[0], s.ManifestDeclaration.State)
	}
}

func TestListRowsShowAtMostFiftyStreams(t *testing.T) {
	o := observed(func(o *Observation) {
		for i := range 100 {
			o.Streams = append(o.Streams, StreamSize{Stream: "s" + string(rune('A'+i)), RecordCount: 1})
		}
	})
	if s := Synthesize(o, noon, false); len(s.Streams) != MaxListStreams || len(s.CollectionReport) != MaxListStreams || s.StreamCount != 102 {
		t.Errorf("list: %d streams of %d", len(s.Streams), s.StreamCount)
	}
	if s := Synthesize(o, noon, true); len(s.Streams) != 102 || s.Counts().MembershipState != MembershipComplete {
		t.Errorf("scoped: %d streams", len(s.Streams))
	}
}

// TestGreenIsProven: a green pill implies that every component that health rests on is current.
func TestGreenIsProven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawObservation(t)
		s := Synthesize(o, noon, false)
		v := newView(&o, &clock{now: noon})
		if s.Verdict.Pill.Tone == ToneGreen && !v.standings.current(v.health()...) {
			t.Fatalf("green over %+v", v.standings)
		}
		if s.Verdict.Pill.Label == PillHealthy && (v.coverage != CoverageComplete || v.fresh.stale() || v.runs.latest.broken()) {
			t.Fatalf("healthy with coverage %s, freshness %s", v.coverage, v.fresh.Status)
		}
	})
}

// TestGreenEndsWithTheFirstMark: within the grace of row 3 the state stands, but no pill is green over a component that is behind.
func TestGreenEndsWithTheFirstMark(t *testing.T) {
	for _, device := range []bool{false, true} {
		for _, c := range healthComponents(device) {
			o := observed(func(o *Observation) {
				if device {
					o.Identity.SourceKind, o.Device = SourceLocalDevice, &DeviceFacts{Devices: 1, NewestHeartbeatAt: &noon, LastIngestAt: &noon, Status: ptr("online")}
				}
			})
			if s := Synthesize(o, noon, false); s.Verdict.Pill.Tone != ToneGreen {
				t.Fatalf("%s before there is a mark", s.Verdict.Pill)
			}
			o.Behind, o.DirtySince = NewSet(c), &noon
			want := PillChecking
			if c == Identity || c == Manifest {
				want = PillHealthy // they are read from the source tables themselves, so no mark makes them old
			}
			if s := Synthesize(o, noon, false); s.Verdict.Pill.Label != want || s.Health.State != Healthy {
				t.Errorf("behind in %s: %v, %s; want %s", c, s.Verdict.Pill, s.Health.State, want)
			}
		}
	}
}

// TestTimeNeverMakesStaleThingsFresh.
func TestTimeNeverMakesStaleThingsFresh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawObservation(t)
		soon := noon.Add(time.Duration(rapid.Int64Range(1, int64(100*24*time.Hour)).Draw(t, "later")))
		if a, b := Synthesize(o, noon, false), Synthesize(o, soon, false); a.Freshness.Status == FreshnessStale && b.Freshness.Status == FreshnessCurrent {
			t.Fatalf("stale at %v, current at %v", noon, soon)
		}
	})
}
