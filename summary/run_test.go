package summary

import (
	"strings"
	"testing"
)

func TestRunFromItsTerminalEvent(t *testing.T) {
	for _, c := range []struct{ event, data, status, reason, shown string }{
		{"", ``, RunRunning, "<nil>", "<nil>"},
		{"run.completed", `{"failure_reason": "ignored"}`, RunSucceeded, "<nil>", "<nil>"},
		{"run.cancelled", `{}`, RunCancelled, "<nil>", "<nil>"},
		{"run.failed", `{"failure_reason": "session_expired"}`, RunFailed, "session_expired", "<nil>"},
		{"run.failed", `{}`, RunFailed, "unspecified", "<nil>"},
		{"run.failed", `{"failure_reason": null}`, RunFailed, "unspecified", "<nil>"},
		{"run.failed", `{"failure_reason": 7}`, RunFailed, "unspecified", "<nil>"},
		{"run.failed", `{"failure_reason": " "}`, RunFailed, "unspecified", "<nil>"},
		{"run.failed", `{"browser_surface_wait_reason": "queue_full"}`, RunFailed, "unspecified", "<nil>"},
		{"run.abandoned", `{}`, RunAbandoned, "unspecified", "<nil>"},
		{"surface.failed", `{"browser_surface_wait_reason": "queue_full", "browser_surface_status": "lost"}`, RunSurfaceFailed, "queue_full", "<nil>"},
		{"surface.failed", `{"browser_surface_status": "lost"}`, RunSurfaceFailed, "lost", "<nil>"},
		{"surface.failed", `{}`, RunSurfaceFailed, "browser_surface_failed", "<nil>"},
		{"surface.failed", `not json`, RunSurfaceFailed, "browser_surface_failed", "<nil>"},
		{"run.failed", `{"failure_reason": "Login to https://u:p@x.example/?t=1 failed"}`, RunFailed, "other",
			"Login to https://[redacted]@x.example/?[redacted] failed"},
		{"run.failed", `{"failure_reason": "sk_live_4242424242424242abcd"}`, RunFailed, "other", "[redacted]"},
	} {
		r := NewRun(RunFacts{RunID: "r", TerminalType: c.event, TerminalData: c.data, FirstAt: epoch, LastAt: epoch})
		if r.Status != c.status || textOr(r.FailureReason) != c.reason || textOr(r.FailureText) != c.shown {
			t.Errorf("%s %s: %s, %s, %s; want %s, %s, %s", c.event, c.data, r.Status, textOr(r.FailureReason), textOr(r.FailureText), c.status, c.reason, c.shown)
		}
	}
}

func textOr(s *string) string {
	if s == nil {
		return "<nil>"
	}
	return *s
}

func TestTerminalCountsAreIntegersOrUnknown(t *testing.T) {
	for text, want := range map[string]string{
		`7`: "7", `0`: "0", `9007199254740991`: "9007199254740991", `9007199254740992`: "nil", `-1`: "nil", `1.5`: "nil",
		`1e3`: "nil", `"7"`: "nil", `null`: "nil", `[1, 2]`: "2", `{}`: "nil", `true`: "nil",
	} {
		n := parseTerminal(`{"records_emitted": ` + text + `}`).count("records_emitted")
		got := "nil"
		if n != nil {
			got = strings.TrimSpace(text)
			if *n == 2 {
				got = "2"
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestSecretsAreRedacted(t *testing.T) {
	for _, secret := range []string{
		"Authorization: Bearer abcdef0123456789abcdef0123456789", "password=hunter2", `{"token": "x9"}`, "api_key: 12345",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc123", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
		"AKIAIOSFODNN7EXAMPLE1", "jane.doe@example.org", "4111111111111111", "cookie: session=abc",
		"550e8400-e29b-41d4-a716-446655440000", "QwErTyUiOpAsDfGhJkLz", "c0ffee11_d00d22ff_beef33aa",
		"tdm_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "access_token=abc123", "refresh_token: abc123", "client_secret=Xy12z",
		"dbPassword=hunter2", `{"access_token":"abc123"}`, `{\"client-secret\": \"s3\"}`, "secret_key=k3",
	} {
		shown := Redact("failed with " + secret + " at step 3")
		if !strings.Contains(shown, "[redacted]") || strings.Contains(shown, secret) {
			t.Errorf("%s is shown as %s", secret, shown)
		}
		if SanitizeReason(secret) != ReasonOther {
			t.Errorf("%s is shown as a reason", secret)
		}
	}
	for text, want := range map[string]string{ // all of it, not its first word
		`password="a b c" refused`: "password [redacted] refused", `password="a b c`: "password [redacted]", "password=a,b;c": "password [redacted]",
		"Authorization: Bearer abc": "Authorization [redacted]", "Cookie: sid=abc; lang=de": "Cookie [redacted]",
		"postgres://ada:p@ss/w@db/x": "postgres://[redacted]@db/x",
	} {
		if shown := Redact(text); shown != want {
			t.Errorf("%s is shown as %s", text, shown)
		}
	}
	for _, harmless := range []string{"connection timed out after 30 s", "page layout changed", "stream orders: 3 of 7", "page_token missing"} {
		if shown := Redact(harmless); shown != harmless {
			t.Errorf("%s became %s", harmless, shown)
		}
	}
}

func TestRowHoldsAllFacts(t *testing.T) {
	reason, name := "session_expired", "Amazon (home)"
	run := NewRun(RunFacts{RunID: "r1", FirstSeq: 3, EventCount: 2, FirstAt: epoch, LastAt: *second(9), TerminalType: "run.failed",
		TerminalAt: second(9), TerminalData: `{"failure_reason": "session_expired", "streams": [{"stream": "a", "considered": 1}]}`})
	f := Facts{
		ConnectionID: "c1",
		Identity:     IdentityFacts{ConnectorID: "k", OwnerSubjectID: "o", DisplayName: &name, Status: "active", SourceKind: "account", CreatedAt: epoch},
		Streams:      []StreamSize{{Stream: "a", RecordCount: 1, RecordBytes: 2, NewestAt: second(1)}},
		Runs:         RunFactsOf{Last: &run, LastFinished: &run, FailuresInRow: 1, Open: OpenRuns{Count: 1, Runs: []OpenRun{{RunID: "r2", LastAt: epoch}}}},
		Schedule:     &ScheduleFacts{IntervalSeconds: 60, Enabled: true, CreatedAt: epoch, UpdatedAt: epoch},
		Gaps:         GapFacts{Pending: 2, Streams: []StreamGaps{{Stream: "a", Pending: 2}}},
		Attention:    AttentionFacts{Count: 1, Items: []AttentionItem{{AttentionID: "x", ReasonCode: &reason, Lifecycle: "open"}}},
		Device:       &DeviceFacts{Devices: 1},
	}
	row, err := f.Row()
	if err != nil {
		t.Fatal(err)
	}
	back, err := row.Facts()
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Row()
	if err != nil || !again.Same(row) {
		t.Errorf("a row that was read back differs: %v\n%+v\n%+v", err, again, row)
	}
	f.Gaps.Pending++
	if changed, err := f.Row(); err != nil || changed.Same(row) {
		t.Errorf("changed facts give the same row (%v)", err)
	}
}
