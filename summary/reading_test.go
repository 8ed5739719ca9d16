package summary

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The columns of SPEC section 10 that follow from the row.
var (
	oracleStates   = []string{1: "idle", 2: "needs_attention", 3: "unknown", 4: "blocked", 5: "cooling_off", 6: "degraded", 7: "idle", 8: "idle", 9: "healthy", 10: "unknown"}
	oracleChannels = []string{1: "calm", 2: "attention", 3: "calm", 4: "attention", 5: "advisory", 6: "advisory", 7: "advisory", 8: "calm", 9: "calm", 10: "calm"}
)

// pill is the first of the pill table that applies.
func (x *oracle) pill(row int) string {
	_, behind := x.lost()
	calm := row == 7 || row == 8 || row == 9
	switch {
	case row == 3, calm && len(behind) > 0:
		return "Checking/grey"
	case calm && x.running:
		return "Syncing/green"
	case row == 9:
		return "Healthy/green"
	case row == 7 && x.freshness() == "stale":
		return "Needs refresh/amber"
	case row == 6, row == 5, row == 2:
		return "Degraded/amber"
	case row == 4:
		return "Can't collect/red"
	}
	return "Not measured/grey"
}

func (x *oracle) disposition(row int) string {
	switch {
	case row == 2, row == 4 && x.credentials():
		return "awaiting_owner"
	case row == 3:
		return "checking"
	case row == 4, x.coverage() == "terminal_gap":
		return "terminal"
	case row == 5, row == 6:
		return "resumable"
	case row == 7 && x.freshness() == "stale":
		return "owner_refresh_due"
	case row == 9:
		return "complete"
	}
	return "unmeasured"
}

func (x *oracle) resolver(row int, pill string) string {
	lifecycle := map[string]string{"paused": "owner_paused/none", "revoked": "retired/none", "draft": "setup_in_progress/none"}
	switch {
	case pill == "Syncing/green", row == 9 && x.running, row == 5:
		return "collecting/working"
	case row == 1:
		return lifecycle[x.o.Identity.Status]
	case row == 2, row == 4 && x.credentials():
		return "needs_owner/needs_owner"
	case row == 3, row == 10:
		return "not_measured/not_measured"
	case row == 4:
		return "blocked_maintainer/system_issue"
	case row == 6:
		return "system_degraded/system_issue"
	case row == 7:
		return "refresh_due/review"
	case row == 8:
		return "not_measured/none"
	}
	return "healthy/none"
}

func (x *oracle) actions(row int) string {
	if row == 1 || row == 3 {
		return ""
	}
	lost, _ := x.lost()
	sound := func(c Component) bool { return !slices.Contains(lost, c) }
	sure := sound(Runs) && sound(Records) && sound(Schedule) && sound(Manifest) && (!x.device() || sound(Device))
	var out []string
	add := func(when bool, kind string) {
		if when {
			out = append(out, kind)
		}
	}
	_, known := x.nextAttempt()
	broken := sound(Runs) && x.latest != nil && x.latest.failed
	add(broken && x.credentials(), "reauth")
	add(x.attention(), "add_info")
	add(sound(Gaps) && x.gapsOpen(), "retry_gap")
	add(sure && x.freshness() == "stale" && x.policy() != "automatic", "refresh_now")
	add(sound(Schedule) && x.o.Schedule != nil && !x.o.Schedule.Enabled, "reattach_schedule")
	add(row == 5, "wait")
	add(broken && (x.failures >= 10 || x.latest.reason == "runtime_missing"), "contact_support")
	if row == 6 && len(out) == 0 {
		add(known, "wait")
		add(!known, "contact_support")
	}
	return strings.Join(out, " ")
}

// TestSynthesisAgreesWithASecondReading: row, pill, channel, disposition, resolver and actions of anything that can be drawn.
func TestSynthesisAgreesWithASecondReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawObservation(t)
		checkReading(t, o, noon)
		checkReading(t, o, noon.Add(time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "later"))))
	})
}

func checkReading(t interface {
	Helper()
	Errorf(string, ...any)
}, o Observation, now Instant) []int {
	t.Helper()
	x := newOracle(o, now)
	rows := x.rows()
	row := rows[0]
	s := Synthesize(o, now, false)
	var actions []string
	for _, a := range s.Verdict.RequiredActions {
		actions = append(actions, a.Kind)
	}
	pill := x.pill(row)
	want := []string{oracleStates[row], pill, oracleChannels[row], x.disposition(row), x.resolver(row, pill), x.actions(row)}
	got := []string{
		s.Health.State, s.Verdict.Pill.Label + "/" + s.Verdict.Pill.Tone, s.Verdict.Channel, s.Health.ForwardDisposition,
		s.OwnerState.Resolver + "/" + s.SourceWork, strings.Join(actions, " "),
	}
	if s.row.number != row || !slices.Equal(got, want) {
		t.Errorf("row %d %q\nthe SPEC says row %d (of %v) %q\n%+v", s.row.number, got, row, rows, want, o)
	}
	return rows
}
