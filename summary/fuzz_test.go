package summary

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRunFromTerminalEvent: whatever a terminal event carries, the run has a status and a reason that may be shown, and evidence keeps
// it as it is.
func FuzzRunFromTerminalEvent(f *testing.F) {
	f.Add("run.failed", `{"failure_reason":"session_expired","streams":[{"stream":"a","considered":1,"covered":1,"checkpoint":"page_3"}]}`)
	f.Add("surface.failed", `{"browser_surface_status":"lost","known_gaps":["g1"],"records_emitted":1e3}`)
	f.Add("run.completed", `[]`)
	f.Fuzz(func(t *testing.T, event, data string) {
		if _, known := terminalStatus[event]; !known {
			event = "run.failed"
		}
		r := NewRun(RunFacts{RunID: "r", TerminalType: event, TerminalData: data, FirstAt: epoch, LastAt: epoch})
		if r.Failed() != (r.FailureReason != nil) {
			t.Fatalf("%s: reason %v", r.Status, r.FailureReason)
		}
		if r.Failed() && (!reasonCode.MatchString(*r.FailureReason) || LooksSecret(*r.FailureReason)) {
			t.Fatalf("the reason %q may not be shown", *r.FailureReason)
		}
		if len(r.Streams) > maxRunStreams {
			t.Fatalf("%d streams", len(r.Streams))
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var again Run
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if twice, err := json.Marshal(again); err != nil || string(twice) != string(text) {
			t.Fatalf("kept as %s, read as %s (%v)", text, twice, err)
		}
	})
}

// FuzzRedact: what is shown is valid, bounded, and does not hold a word that looks like a credential; redacting it again changes
// nothing that matters.
func FuzzRedact(f *testing.F) {
	for _, s := range secrets {
		f.Add("failed with " + s + " at step 3")
	}
	f.Add("https://u:p@h.example/?a=b Authorization: Bearer x")
	f.Fuzz(func(t *testing.T, text string) {
		shown := Redact(text)
		if !utf8.ValidString(shown) || len(shown) > maxRedacted+len("…") {
			t.Fatalf("%d octets, valid %v", len(shown), utf8.ValidString(shown))
		}
		for _, w := range word.FindAllString(shown, -1) {
			if LooksSecret(w) {
				t.Fatalf("%q survived in %q", w, shown)
			}
		}
		if code := SanitizeReason(text); code != text && code != ReasonOther {
			t.Fatalf("a reason became %q", code)
		}
	})
}

// FuzzEvidenceRow: columns that hold anything are an error or facts, and facts synthesize into valid JSON.
func FuzzEvidenceRow(f *testing.F) {
	row, err := well().Row()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(row.StreamRecords, *row.LastRun, row.OpenRuns, row.Gaps, row.Attention)
	f.Fuzz(func(t *testing.T, streams, run, open, gaps, attention string) {
		r := row
		r.StreamRecords, r.LastRun, r.LastFinishedRun, r.OpenRuns, r.Gaps, r.Attention = streams, &run, &run, open, gaps, attention
		facts, err := r.Facts()
		if err != nil {
			return
		}
		o := well()
		o.Facts = facts
		for _, scoped := range []bool{false, true} {
			if text := rendered(Synthesize(o, noon, scoped)); !json.Valid([]byte(text)) {
				t.Fatalf("not JSON: %s", text)
			}
		}
		NextChange(o, noon, false)
	})
}

// FuzzInstant: what is read is shown again as the same moment.
func FuzzInstant(f *testing.F) {
	f.Add("2026-11-22T12:00:00.000000Z")
	f.Add("0001-01-01T00:00:00+23:59")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ParseInstant(text)
		if err != nil {
			return
		}
		if again, err := ParseInstant(at.String()); at.Time().Year() > 0 && at.Time().Year() < 10000 && (err != nil || again != at) {
			t.Fatalf("%s is shown as %s and read as %s (%v)", strings.TrimSpace(text), at, again, err)
		}
	})
}
