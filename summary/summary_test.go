package summary

import (
	"maps"
	"reflect"
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
	if s := Synthesize(o, noon, false); len(s.Streams) != MaxListStreams || len(s.CollectionReport) > MaxListStreams || s.StreamCount != 102 {
		t.Errorf("list: %d streams of %d", len(s.Streams), s.StreamCount)
	}
	if s := Synthesize(o, noon, true); len(s.Streams) != 102 || s.Counts().MembershipState != MembershipComplete {
		t.Errorf("scoped: %d streams", len(s.Streams))
	}
}

// TestNothingSecretSurvives: whatever producers write into free text, no credential reaches a summary.
func TestNothingSecretSurvives(t *testing.T) {
	const secret = "ghp_0123456789abcdefABCDEF0123456789"
	o := observed(func(o *Observation) {
		failed(o, SanitizeReason(secret), 1, time.Hour)
		asks(o, AttentionOpen, nil)
		o.Attention.Items[0].ReasonCode, o.Attention.Items[0].OwnerAction = ptr(secret), ptr("token="+secret)
		o.LastError, o.State = ptr("dsn=postgres://u:"+secret+"@h"), StateFailed
		device(o, time.Minute)
		o.Device.Status = ptr(secret)
	})
	s := Synthesize(o, noon, true)
	s.AddDetail(Detail{Gaps: []Gap{{Reason: ptr(secret)}}, Attention: o.Attention.Items})
	if text := encodeText(t, s); strings.Contains(text, "0123456789abcdef") {
		t.Errorf("the secret survived: %s", text)
	}
}

func encodeText(t *testing.T, s Summary) string {
	t.Helper()
	var e encoder
	text := e.text(s)
	if e.err != nil {
		t.Fatal(e.err)
	}
	return text
}

// drawObservation draws a connection with anything that synthesis looks at.
func drawObservation(t *rapid.T) Observation {
	age := func(name string) *Instant {
		minutes := rapid.SampledFrom([]int{-600, -6, -5, 0, 1, 14, 15, 16, 59, 60, 61, 240, 1440, 1441, 9000}).Draw(t, name)
		i := ago(time.Duration(minutes)*time.Minute + time.Duration(rapid.IntRange(-1, 1).Draw(t, name+"us"))*time.Microsecond)
		return &i
	}
	maybe := func(name string) bool { return rapid.Bool().Draw(t, name) }
	o := well()
	o.Identity.Status = rapid.SampledFrom([]string{"active", "active", "active", "paused", "revoked", "draft"}).Draw(t, "status")
	o.Identity.SourceKind = rapid.SampledFrom([]string{"account", "local_device", "manual"}).Draw(t, "kind")
	o.Connector.Manifest = rapid.SampledFrom([]*string{nil, ptr(`{}`), ptr(`[`), ptr(plainManifest), ptr(`{"refresh_policy":{"recommended_mode":"manual"}}`)}).Draw(t, "manifest")
	if maybe("unscheduled") {
		o.Schedule = nil
	} else {
		o.Schedule.Enabled = maybe("enabled")
		o.Schedule.CreatedAt = *age("scheduled")
	}
	if maybe("failed") {
		reason := rapid.SampledFrom([]string{"network_error", "otp_required", "runtime_missing"}).Draw(t, "reason")
		failed(&o, reason, rapid.Int64Range(1, 11).Draw(t, "failures"), noon.Sub(*age("ended")))
	}
	if maybe("never") {
		o.Runs = RunFactsOf{}
	}
	if maybe("running") {
		running(&o, noon.Sub(*age("run")))
	}
	if maybe("gaps") {
		o.Gaps = GapFacts{Pending: 1, NextAttemptAfter: age("gap"), Terminal: 1, NewestTerminalAt: age("terminal")}
	}
	if maybe("asks") {
		asks(&o, rapid.SampledFrom([]string{"open", "acknowledged", "in_progress"}).Draw(t, "lifecycle"), age("expiry"))
	}
	if maybe("device") {
		o.Device = &DeviceFacts{Devices: 1, NewestHeartbeatAt: age("heard"), LastIngestAt: age("ingest"), RecordsPending: rapid.Int64Range(0, 1).Draw(t, "pending")}
	}
	if maybe("behind") {
		o.Behind = NewSet(rapid.SampledFrom(EvidenceComponents).Draw(t, "component"))
		since := ago(time.Duration(rapid.IntRange(0, 3).Draw(t, "since")) * time.Second)
		o.DirtySince = &since
	}
	if maybe("empty") {
		o.Streams = nil
	}
	return o
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

// TestNothingChangesBeforeNextChange: until the moment that a summary names, the same evidence renders the same; at the
// moment that NextChange names, it does not.
func TestNothingChangesBeforeNextChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, scoped := drawObservation(t), rapid.Bool().Draw(t, "scoped")
		now := Synthesize(o, noon, scoped)
		look := noon.Add(100 * 24 * time.Hour)
		if now.NextChange != nil {
			if !now.NextChange.After(noon) {
				t.Fatalf("the next change %v is not ahead", now.NextChange)
			}
			look = now.NextChange.Add(-time.Microsecond)
		}
		then := Synthesize(o, look, scoped)
		now.NextChange, then.NextChange = nil, nil
		if !reflect.DeepEqual(now, then) {
			t.Fatalf("changed before it said so\nnow  %+v\nthen %+v", now, then)
		}
		if at := NextChange(o, noon, scoped); at != nil {
			if after := Synthesize(o, *at, scoped); reflect.DeepEqual(stripped(after), now) {
				t.Fatalf("nothing changes at %v", at)
			}
		}
	})
}

func stripped(s Summary) Summary {
	s.NextChange = nil
	return s
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
