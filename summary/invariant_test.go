package summary

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestOrderOfRowsDoesNotMatter: whatever order an engine gives rows in, the bytes are the same; and so they are a second time.
func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawObservation(t)
		want := rendered(Synthesize(o, noon, true))
		shuffled := o
		shuffled.Streams = permuted(t, o.Streams)
		shuffled.Attention.Items = permuted(t, o.Attention.Items)
		shuffled.Gaps.Streams = permuted(t, o.Gaps.Streams)
		shuffled.Runs.Open.Runs = permuted(t, o.Runs.Open.Runs)
		if got := rendered(Synthesize(shuffled, noon, true)); got != want {
			t.Fatalf("another order renders\n%s\nnot\n%s", got, want)
		}
		if got := rendered(Synthesize(o, noon, true)); got != want {
			t.Fatalf("the same again renders\n%s\nnot\n%s", got, want)
		}
	})
}

func permuted[T any](t *rapid.T, rows []T) []T {
	if len(rows) < 2 {
		return rows
	}
	return rapid.Permutation(slices.Clone(rows)).Draw(t, "order")
}

// TestNothingSecretSurvives: whatever producers write into free text, nothing that looks like a token is anywhere in a summary or
// in what a scoped read adds.
func TestNothingSecretSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawObservation(t)
		said := func() string { return rapid.SampledFrom(drawnReasons).Draw(t, "said") }
		run := NewRun(RunFacts{
			RunID: "r", FirstAt: noon, LastAt: noon, TerminalType: rapid.SampledFrom(TerminalEventTypes).Draw(t, "type"),
			TerminalData: string(must(encode(map[string]any{
				"failure_reason": said(), "terminal_reason": said(), "browser_surface_wait_reason": said(), "browser_surface_status": said(),
				"streams": []map[string]any{{"stream": "orders", "checkpoint": said()}},
			}))),
		})
		o.Runs.Last, o.Runs.LastFinished = &run, &run
		s := Synthesize(o, noon, true)
		s.AddDetail(Detail{
			Runs: []Run{run}, Gaps: []Gap{{GapID: "g", Reason: ptr(said())}},
			Attention: []AttentionItem{{AttentionID: "a", ReasonCode: ptr(said()), OwnerAction: ptr(said())}},
		})
		text := rendered(s)
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Fatalf("%s survived in %s", secret, text)
			}
		}
	})
}

func encode(v any) (string, error) {
	var e encoder
	text := e.text(v)
	return text, e.err
}

func must(text string, err error) string {
	if err != nil {
		panic(err)
	}
	return text
}

// TestReasonsAreClosed: no reason of Tidemark's own is outside the lists that OpenAPI shows.
func TestReasonsAreClosed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawObservation(t)
		s := Synthesize(o, noon, true)
		known := func(code string, in []string, where string) {
			if !slices.Contains(in, code) {
				t.Fatalf("%s: %s is not in the closed list", where, code)
			}
		}
		for _, c := range s.Health.Conditions {
			known(c.Reason, ConditionReasons[c.Type], c.Type)
		}
		for _, c := range []ComponentState{s.RecordSnapshot, s.TerminalFacts.ComponentState, s.ManifestDeclaration, s.BytesEvidence} {
			if c.ReasonCode != nil {
				known(*c.ReasonCode, ComponentReasons, "component")
			}
		}
		switch code := s.Health.ReasonCode; {
		case code == nil:
		case *code == "":
			t.Fatal("an empty reason")
		case s.row.number == 2, s.row.number >= 4 && s.row.number <= 6: // a producer's word, or Tidemark's
			if !reasonCode.MatchString(*code) {
				t.Fatalf("%q is no code", *code)
			}
		default:
			known(*code, StateReasons, "state")
		}
	})
}

// TestListRows: a list row is a scoped one without what is plainly so, and the ids that it names are of conditions that it carries.
func TestListRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawObservation(t)
		row, scoped := Synthesize(o, noon, false), Synthesize(o, noon, true)
		var notable []Condition
		for _, c := range scoped.Health.Conditions {
			if c.Status != StatusTrue && c.Status != StatusNotApplicable {
				notable = append(notable, c)
			}
		}
		var ids []string
		for _, c := range row.Health.Conditions {
			ids = append(ids, c.ID)
		}
		if len(notable) != len(ids) || row.Verdict.Streams != nil || scoped.Verdict.Streams == nil || len(scoped.Health.Conditions) < 10 {
			t.Fatalf("a list row carries %v of %d notable conditions", ids, len(notable))
		}
		named := slices.Clone(row.Health.SupportingConditionIDs)
		if id := row.Health.DominantConditionID; id != nil {
			named = append(named, *id)
		}
		slices.Sort(named)
		slices.Sort(ids)
		if !slices.Equal(named, ids) {
			t.Fatalf("named %v, carried %v", named, ids)
		}
		row.Health.Conditions, row.Verdict.Streams = scoped.Health.Conditions, scoped.Verdict.Streams
		row.LastRun, row.LastSuccessfulRun = scoped.LastRun, scoped.LastSuccessfulRun // they differ in the redacted text
		if rendered(row) != rendered(scoped) {
			t.Fatalf("list and scoped differ beyond that\n%s\n%s", rendered(row), rendered(scoped))
		}
	})
}

// TestBeforeAndAfter crosses each threshold by a microsecond: what is said a moment before, and what at the moment.
func TestBeforeAndAfter(t *testing.T) {
	const us = time.Microsecond
	say := func(o Observation, now Instant) string {
		s := Synthesize(o, now, false)
		return strings.Join([]string{s.Health.State, s.Verdict.Pill.Label, s.Freshness.Status, s.Health.Axes.Attention, s.Health.Axes.Outbox}, " ")
	}
	unscheduled := func(o *Observation) { o.Schedule = nil }
	for _, c := range []struct {
		name          string
		o             Observation
		at            Instant
		before, after string
	}{
		{"stale", observed(), ago(time.Hour).Add(24*time.Hour + us), "healthy Healthy current none unknown", "degraded Degraded stale none unknown"},
		{"stale by hand", observed(manual, unscheduled), ago(time.Hour).Add(24*time.Hour + us),
			"healthy Healthy current none unknown", "idle Needs refresh stale none unknown"},
		{"attention expires", observed(func(o *Observation) { asks(o, AttentionAcknowledged, pago(-time.Minute)) }), noon.Add(time.Minute),
			"needs_attention Degraded current acknowledged unknown", "healthy Healthy current none unknown"},
		{"back-off ends", observed(func(o *Observation) { failed(o, "network_error", 1, time.Hour) }), noon.Add(time.Hour),
			"cooling_off Degraded current none unknown", "degraded Degraded current none unknown"},
		{"grace ends", observed(func(o *Observation) { o.Behind, o.DirtySince = NewSet(Runs), &noon }), noon.Add(2*time.Second + us),
			"healthy Checking current none unknown", "unknown Checking unknown none unknown"},
		{"run is abandoned", observed(func(o *Observation) { running(o, 0) }), noon.Add(time.Hour),
			"healthy Syncing current none unknown", "cooling_off Degraded current none unknown"},
		{"clock is caught up with", observed(unscheduled, func(o *Observation) {
			r := succeeded(10, -6*time.Minute)
			o.Runs = RunFactsOf{Last: r, LastSuccessful: r, LastFinished: r}
		}), noon.Add(time.Minute), "unknown Not measured unknown none unknown", "healthy Healthy current none unknown"},
		{"heartbeat is missed", observed(func(o *Observation) { device(o, 0) }), noon.Add(15*time.Minute + us),
			"healthy Healthy current none idle", "healthy Healthy current none unknown"},
		{"nothing is ingested", observed(func(o *Observation) {
			device(o, 0)
			o.Device.RecordsPending, o.Device.LastIngestAt = 1, pago(14*time.Minute)
		}), noon.Add(time.Minute), "healthy Healthy current none active", "degraded Degraded current none stalled"},
		{"nothing was ever ingested", observed(func(o *Observation) {
			device(o, 0)
			o.Identity.CreatedAt, o.Device.RecordsPending, o.Device.LastIngestAt = ago(14*time.Minute), 1, nil
		}), noon.Add(time.Minute), "healthy Healthy current none active", "degraded Degraded current none stalled"},
		{"device falls silent", observed(unscheduled, func(o *Observation) {
			device(o, 0)
			o.Connector.Manifest = ptr(`{}`)
		}), noon.Add(24*time.Hour + us), "healthy Healthy unknown none unknown", "degraded Degraded unknown none unknown"},
		{"first run is late", observed(never, func(o *Observation) { o.Schedule.CreatedAt = noon }), noon.Add(4*time.Hour + us),
			"idle Not measured unknown none unknown", "degraded Degraded unknown none unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := say(c.o, c.at.Add(-us)); got != c.before {
				t.Errorf("a moment before: %s, want %s", got, c.before)
			}
			if got := say(c.o, c.at); got != c.after {
				t.Errorf("then: %s, want %s", got, c.after)
			}
		})
	}
}
