package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/summary"
)

// maxListRow is how many octets a list row of the demo fleet may have on average (API.md).
const maxListRow = 4096

// The demo fleet shows every state, for every reason that the state table knows, alike on both engines.
func TestDemoShowsEveryState(t *testing.T) {
	now := summary.NewInstant(time.Now())
	shown := map[string][]string{}
	for _, engine := range []string{onSQLite, onPostgres} {
		e := openEngine(t, newDatabase(t, engine))
		if err := e.insert(t.Context(), demoRows(now)); err != nil {
			t.Fatal(err)
		}
		settle(t, e)
		page, err := e.Page(t.Context(), summary.PageQuery{Owner: demoOwner, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		states, pills, size := map[string]bool{}, map[string]bool{}, 0
		for _, o := range page.Observations {
			s := summary.Synthesize(o, now, false)
			reason := ""
			if s.Health.ReasonCode != nil {
				reason = *s.Health.ReasonCode
			}
			states[s.Health.State], pills[s.Verdict.Pill.Label] = true, true
			text, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			size += len(text)
			lines = append(lines, strings.Join([]string{s.ConnectionID, s.Health.State, reason, s.Verdict.Pill.Label, s.TotalRecordsState}, " "))
		}
		shown[engine] = lines
		if mean := size / len(lines); mean > maxListRow {
			t.Errorf("%s: a list row has %d octets on average, want %d at most", engine, mean, maxListRow)
		}
		for _, state := range []string{
			summary.Idle, summary.NeedsAttention, summary.Unknown, summary.Blocked, summary.CoolingOff, summary.Degraded, summary.Healthy,
		} {
			if !states[state] {
				t.Errorf("%s: no connection is %s", engine, state)
			}
		}
		for _, pill := range []string{
			summary.PillChecking, summary.PillSyncing, summary.PillHealthy, summary.PillNeedsRefresh, summary.PillDegraded, summary.PillCantCollect,
			summary.PillNotMeasured,
		} {
			if !pills[pill] {
				t.Errorf("%s: no pill says %s", engine, pill)
			}
		}
		for _, want := range []string{
			"ci_amazon_home healthy  Healthy known", "ci_amazon_work cooling_off display_unavailable Degraded known",
			"ci_amazon_old idle revoked", "ci_chase_personal healthy  Syncing", "ci_chase_business blocked credentials_invalid",
			"ci_chase_joint needs_attention otp_required", "ci_gmail_work cooling_off retryable_gap", "ci_gmail_archive degraded terminal_gap",
			"ci_spotify idle stale_manual_refresh", "ci_whatsapp_phone healthy  Healthy", "ci_whatsapp_tablet degraded outbox_dead_letter_backlog",
			"ci_health_watch degraded outbox_stale_heartbeat", "ci_github idle schedule_paused", "ci_github_org degraded partial",
			"ci_github_bot degraded stale", "ci_youtube idle stale_assisted_refresh", "ci_youtube_kids idle paused",
			"ci_strava degraded network_unreachable", "ci_strava_club blocked retries_exhausted", "ci_strava_old blocked runtime_missing",
			"ci_strava_new degraded schedule_overdue", "ci_strava_night cooling_off run_abandoned", "ci_bank_main healthy no_freshness_policy",
			"ci_bank_clock unknown clock_skew", "ci_bank_empty idle collection_not_observed", "ci_linkedin unknown projection_unreliable Checking",
			"ci_notion unknown projection_unreliable Checking", "ci_gmail_draft idle draft Not measured known_zero",
		} {
			if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, want) }) {
				t.Errorf("%s: no row begins with %q in\n%s", engine, want, strings.Join(lines, "\n"))
			}
		}
	}
	var first []string
	for _, lines := range shown {
		if first == nil {
			first = lines
		}
		if !slices.Equal(first, lines) {
			t.Errorf("the engines differ:\n%s\n\n%s", strings.Join(first, "\n"), strings.Join(lines, "\n"))
		}
	}
}

// The same moment gives the same rows, octet by octet.
func TestDemoIsDeterministic(t *testing.T) {
	now := summary.NewInstant(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))
	a, b := demoRows(now), demoRows(now)
	for i := range a {
		if encode(a[i].values) != encode(b[i].values) {
			t.Errorf("table %s differs", a[i].table)
		}
	}
	var records int
	for _, t := range a {
		if t.table == "records" {
			records = len(t.values)
		}
	}
	if records < 3000 || records > 10000 {
		t.Errorf("%d records, want a few thousand", records)
	}
}
