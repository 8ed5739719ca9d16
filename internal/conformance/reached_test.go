package conformance

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"tidemark/summary"
)

// closed are the closed lists of API.md and of package summary, by the path in SUMMARY at which their words stand. Words in
// unreachable are left out, each with the reason why no SQL leads there.
var closed = map[string][]string{
	"connection_health.state":                                     words("idle needs_attention unknown blocked cooling_off degraded healthy"),
	"connection_health.axes.freshness":                            words("fresh stale unknown"),
	"connection_health.axes.coverage":                             words("unknown terminal_gap retryable_gap partial complete"),
	"connection_health.axes.attention":                            words("none open acknowledged in_progress"),
	"connection_health.axes.outbox":                               words("active idle stalled unknown"),
	"connection_health.forward_disposition":                       words("complete resumable awaiting_owner owner_refresh_due checking terminal unmeasured"),
	"connection_health.unknown_reasons":                           words("identity records runs schedule gaps attention device manifest"),
	"connection_health.conditions.status":                         words("true false unknown not_applicable"),
	"connection_health.conditions.severity":                       words("info warning error blocked"),
	"connection_health.conditions.origin":                         words("connector local_device read_model remote_surface runtime scheduler"),
	"connection_health.reason_code":                               summary.StateReasons,
	"rendered_verdict.pill.label":                                 {"Checking", "Syncing", "Healthy", "Needs refresh", "Degraded", "Can't collect", "Not measured"},
	"rendered_verdict.pill.tone":                                  words("green amber red grey"),
	"rendered_verdict.channel":                                    words("attention advisory calm"),
	"rendered_verdict.required_actions.kind":                      words("reauth add_info retry_gap refresh_now reattach_schedule wait contact_support"),
	"rendered_verdict.required_actions.audience":                  words("owner maintainer none"),
	"rendered_verdict.required_actions.urgency":                   words("now soon overdue verifying"),
	"rendered_verdict.required_actions.satisfied_when.kind":       words("attention_resolved confirming_run_succeeded credential_present_and_unrejected gap_recovered schedule_attached_and_enabled none"),
	"rendered_verdict.annotations.kind":                           words("activity attention coverage freshness outbox schedule"),
	"rendered_verdict.progress.mode":                              words("scheduled manual local_device deferred"),
	"owner_state.resolver":                                        words("healthy collecting refresh_due needs_owner owner_paused setup_in_progress system_degraded blocked_maintainer not_measured retired"),
	"owner_state.owner_of_state":                                  words("owner system maintainer"),
	"owner_state.posture":                                         words("observed frozen-since-last-run"),
	"source_work":                                                 words("needs_owner review system_issue working not_measured none"),
	"freshness.status":                                            words("current stale unknown"),
	"total_records_state":                                         words("known known_zero unobserved stale unknown"),
	"stream_records.declaration_state":                            words("declared dormant unavailable"),
	"schedule.effective_mode":                                     words("automatic manual paused"),
	"schedule.scheduler_backoff.reason_class":                     words("retryable blocked exhausted"),
	"evidence.stale_components":                                   words("identity records retained_bytes runs schedule gaps attention device"),
	"refresh_policy.recommended_mode":                             words("automatic manual assisted"),
	"last_run.status":                                             words("running succeeded failed surface_failed"),
	"collection_report.coverage_condition":                        words("unknown terminal_gap retryable_gap partial complete"),
	"rendered_verdict.streams.disposition":                        words("complete resumable awaiting_owner checking terminal unmeasured"),
	"record_snapshot.state|manifest_declaration.state":            words("current unobserved stale unavailable failed"),
	"terminal_facts.reason_code|manifest_declaration.reason_code": summary.ComponentReasons,
}

var unreachable = map[string]string{
	summary.ReasonEvidenceFailed:   "stands for a code that no version of Tidemark wrote",
	summary.ReasonRecomputeFailed:  "needs a database that fails, which is no fixture",
	summary.ReasonFreshnessUnknown: "as a state: what has collected has captured",
	summary.ReasonCoverageUnknown:  "as a state: what has collected has records or a run",
}

func words(s string) []string { return strings.Fields(s) }

// reached fails if a word of a closed list is shown by no rendering, or one that is in none is shown.
func reached(t *testing.T, all []rendering) {
	t.Helper()
	shown, conditions := map[string]map[string]bool{}, map[string]bool{}
	for _, r := range all {
		doc := document(t, r)
		for paths := range closed {
			if shown[paths] == nil {
				shown[paths] = map[string]bool{}
			}
			for _, path := range strings.Split(paths, "|") {
				collect(doc, strings.Split(path, "."), shown[paths])
			}
		}
		collect(doc, strings.Split("connection_health.conditions.id", "."), conditions)
	}
	for paths, list := range closed {
		for _, word := range list {
			if _, never := unreachable[word]; !shown[paths][word] && !never {
				t.Errorf("no connection has %s %q", paths, word)
			}
			delete(shown[paths], word)
		}
		// Beside Tidemark's own reasons stand producers'.
		if len(shown[paths]) > 0 && paths != "connection_health.reason_code" {
			t.Errorf("%s: not in the closed list: %q", paths, slices.Sorted(maps.Keys(shown[paths])))
		}
	}
	for kind, reasons := range summary.ConditionReasons {
		for _, reason := range reasons {
			if !conditions[kind+":"+reason] {
				t.Errorf("no connection has the condition %s:%s", kind, reason)
			}
			delete(conditions, kind+":"+reason)
		}
	}
	if len(conditions) > 0 {
		t.Errorf("conditions that are not in the closed list: %q", slices.Sorted(maps.Keys(conditions)))
	}
}

// collect gathers the words at a path, through lists.
func collect(v any, path []string, into map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			collect(item, path, into)
		}
	case map[string]any:
		if len(path) > 0 {
			collect(v[path[0]], path[1:], into)
		}
	case string:
		if len(path) == 0 {
			into[v] = true
		}
	}
}
