package summary

import (
	"time"

	"pgregory.net/rapid"
)

// The texts that a drawn producer may write: codes, and what may never be shown.
var drawnReasons = []string{
	"network_error", "otp_required", "runtime_missing", "session_expired", "rate_limited", secrets[0], secrets[1], "password=" + secrets[2],
	"GET https://ada:" + secrets[0] + "@source.example/?token=" + secrets[3] + " failed", "Bearer " + secrets[4], " ", "",
}

// secrets are things that look like tokens; none may survive anywhere.
var secrets = []string{
	"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "sk_live_4242424242424242abcd", "hunter2hunter2", "550e8400-e29b-41d4-a716-446655440000",
	"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "QwErTyUiOpAsDfGhJkLzXcVb", "4111111111111111",
}

// drawAge draws a moment around one of the thresholds that synthesis knows, to the microsecond.
func drawAge(t *rapid.T, name string) Instant {
	d := rapid.SampledFrom([]time.Duration{
		-10 * time.Hour, -6 * time.Minute, -5 * time.Minute, 0, 2 * time.Second, time.Minute, 15 * time.Minute, 59 * time.Minute, time.Hour,
		2 * time.Hour, 4 * time.Hour, 24 * time.Hour, 25 * time.Hour, 150 * time.Hour,
	}).Draw(t, name)
	return ago(d + time.Duration(rapid.IntRange(-1, 1).Draw(t, name+"us"))*time.Microsecond)
}

// drawObservation draws a connection with anything that synthesis looks at.
func drawObservation(t *rapid.T) Observation {
	maybe := func(name string) bool { return rapid.IntRange(0, 2).Draw(t, name) == 0 }
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	count := func(name string) *int64 {
		return rapid.SampledFrom([]*int64{nil, ptr(int64(0)), ptr(int64(1)), ptr(int64(2))}).Draw(t, name)
	}
	o := well()
	o.Identity.Status = pick("status", "active", "active", "active", "active", "paused", "revoked", "draft")
	o.Identity.SourceKind = pick("kind", "account", "local_device", "manual", "browser_collector")
	o.Identity.CreatedAt = drawAge(t, "created")
	o.Connector.Manifest = rapid.SampledFrom([]*string{
		nil, ptr(`{}`), ptr(`[`), ptr(plainManifest), ptr(plainManifest), ptr(`{"refresh_policy":{"recommended_mode":"manual"}}`),
		ptr(`{"streams":[{"name":"orders","required":true},{"name":"gone","required":true}],"refresh_policy":{"recommended_mode":"assisted","maximum_staleness_seconds":3600}}`),
	}).Draw(t, "manifest")
	o.Schedule.Enabled, o.Schedule.CreatedAt = !maybe("disabled"), drawAge(t, "scheduled")
	o.Schedule.JitterSeconds = rapid.Int64Range(0, 1).Draw(t, "jitter") * 60
	o.Schedule.IntervalSeconds = rapid.SampledFrom([]int64{1, 3600, 7200, 86400, 172800}).Draw(t, "interval")
	if maybe("unscheduled") {
		o.Schedule = nil
	}
	drawRuns(t, &o)
	if maybe("facts") && o.Runs.LastFinished != nil {
		r := *o.Runs.LastFinished
		r.Streams = []RunStream{{Stream: "orders", Considered: count("considered"), Covered: count("covered"), Checkpoint: ptr(Redact(pick("checkpoint", "page_3", secrets[5])))}}
		o.Runs.LastFinished = &r
	}
	if maybe("gaps") {
		o.Gaps = GapFacts{
			Pending: rapid.Int64Range(0, 1).Draw(t, "pending"), InProgress: rapid.Int64Range(0, 1).Draw(t, "recovering"),
			Recovered: 1, Terminal: 1, NewestTerminalAt: ptr(drawAge(t, "terminal")),
		}
		if o.Gaps.open() > 0 {
			o.Gaps.NextAttemptAfter = rapid.SampledFrom([]*Instant{nil, ptr(drawAge(t, "next"))}).Draw(t, "waits")
			o.Gaps.Streams = []StreamGaps{{Stream: "orders", Pending: o.Gaps.open()}, {Stream: "items", NewestTerminalAt: o.Gaps.NewestTerminalAt}}
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "attentions") {
		o.Attention.Items = append(o.Attention.Items, AttentionItem{
			AttentionID: string(rune('a' + i)), Lifecycle: pick("lifecycle", "open", "acknowledged", "in_progress"),
			ReasonCode: ptr(pick("reason", drawnReasons...)), OwnerAction: ptr(pick("action", drawnReasons...)),
			ExpiresAt: rapid.SampledFrom([]*Instant{nil, ptr(drawAge(t, "expiry"))}).Draw(t, "expires"), CreatedAt: drawAge(t, "asked"), UpdatedAt: ago(0),
		})
	}
	if maybe("device") {
		o.Device = &DeviceFacts{
			Devices: 1, NewestHeartbeatAt: ptr(drawAge(t, "heard")), Status: ptr(pick("device status", "online", secrets[0])),
			LastIngestAt:   rapid.SampledFrom([]*Instant{nil, ptr(drawAge(t, "ingest"))}).Draw(t, "ingested"),
			RecordsPending: rapid.Int64Range(0, 1).Draw(t, "waiting"), DeadLetters: rapid.Int64Range(0, 3).Draw(t, "dead") / 3,
		}
	}
	if maybe("empty") {
		o.Streams = nil
	}
	drawDoubt(t, &o)
	return o
}

// drawRuns draws a history as evidence keeps it: the failures in a row agree with the run that finished last.
func drawRuns(t *rapid.T, o *Observation) {
	maybe := func(name string) bool { return rapid.IntRange(0, 2).Draw(t, name) == 0 }
	if maybe("never") {
		o.Runs = RunFactsOf{}
	} else {
		ok := succeeded(10, noon.Sub(drawAge(t, "succeeded")))
		o.Runs = RunFactsOf{Last: ok, LastSuccessful: ok, LastFinished: ok}
	}
	if maybe("failed") {
		n := rapid.SampledFrom([]int64{1, 2, 3, 9, 10}).Draw(t, "failures")
		failed(o, SanitizeReason(rapid.SampledFrom(drawnReasons).Draw(t, "why")), n, noon.Sub(drawAge(t, "ended")))
		o.Runs.Last.Status = rapid.SampledFrom([]string{RunFailed, RunAbandoned, RunSurfaceFailed}).Draw(t, "how")
		o.Runs.Last.TerminalReason = ptr(SanitizeReason(rapid.SampledFrom(drawnReasons).Draw(t, "terminal reason")))
	}
	for i := range int64(rapid.IntRange(0, 2).Draw(t, "running")) {
		running(o, noon.Sub(drawAge(t, "run")))
		open := &o.Runs.Open.Runs[0]
		open.FirstSeq = 30 + 5*i*int64(rapid.IntRange(-5, 1).Draw(t, "seq"))
		if maybe("unannounced") { // its first event is not run.started
			open.StartedAt = nil
			open.FirstAt = *Earlier(&open.LastAt, ptr(drawAge(t, "first")))
			o.Runs.Last.StartedAt, o.Runs.Last.FirstAt = nil, open.FirstAt
		}
	}
}

// drawDoubt draws what cannot be relied on.
func drawDoubt(t *rapid.T, o *Observation) {
	component := rapid.SampledFrom(EvidenceComponents)
	switch rapid.SampledFrom([]string{"", "", "", "", "behind", "since", "failed", "untrusted", "missing"}).Draw(t, "doubt") {
	case "behind":
		o.Behind, o.DirtySince = NewSet(component.Draw(t, "behind")), ptr(drawAge(t, "dirty"))
	case "since":
		c := component.Draw(t, "behind")
		o.Behind, o.DirtySince = NewSet(c, component.Draw(t, "too")), ptr(drawAge(t, "dirty"))
		o.BehindSince = map[Component]Instant{c: *Later(o.DirtySince, ptr(drawAge(t, "later")))}
	case "failed":
		o.State, o.LastError = StateFailed, ptr(rapid.SampledFrom([]string{ReasonRecomputeFailed, secrets[0]}).Draw(t, "error"))
	case "untrusted":
		o.Untrusted = map[Component]string{component.Draw(t, "untrusted"): rapid.SampledFrom([]string{"trigger_missing", secrets[3]}).Draw(t, "code")}
	case "missing":
		o.ComputedAt, o.Version, o.DirtySince = nil, 0, ptr(drawAge(t, "inserted"))
		o.Behind = NewSet(All)
		delete(o.Behind, Identity)
	}
}
