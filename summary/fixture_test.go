package summary

import (
	"encoding/json"
	"testing"
	"time"
)

// noon is the moment at which the fixtures are read.
var noon = at("2026-11-22T12:00:00.000000Z")

func at(s string) Instant {
	i, err := ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return i
}

func ago(d time.Duration) Instant   { return noon.Add(-d) }
func pago(d time.Duration) *Instant { i := ago(d); return &i }
func ptr[T any](v T) *T             { return &v }

const plainManifest = `{"version":"1.2.0","streams":[{"name":"orders","required":true},{"name":"items"}],` +
	`"refresh_policy":{"recommended_mode":"automatic","maximum_staleness_seconds":86400}}`

// well is a connection about which everything is proven: it ran an hour ago, succeeded, and is due in another hour.
func well() Observation {
	run := succeeded(10, time.Hour)
	return Observation{
		Facts: Facts{
			ConnectionID: "ci_01",
			Identity: IdentityFacts{
				ConnectorID: "amazon", OwnerSubjectID: "ada", DisplayName: ptr("Amazon (home)"), Status: "active",
				SourceKind: "account", CreatedAt: ago(72 * time.Hour),
			},
			Streams: []StreamSize{
				{Stream: "items", RecordCount: 2, RecordBytes: 20, ChangeCount: 1, ChangeBytes: 5, NewestAt: pago(2 * time.Hour)},
				{Stream: "orders", RecordCount: 3, RecordBytes: 30, BlobCount: 1, BlobBytes: 7, NewestAt: pago(time.Hour)},
			},
			Runs:     RunFactsOf{Last: run, LastSuccessful: run, LastFinished: run},
			Schedule: &ScheduleFacts{IntervalSeconds: 7200, Enabled: true, CreatedAt: ago(72 * time.Hour), UpdatedAt: ago(72 * time.Hour)},
		},
		Connector:  Connector{ConnectorID: "amazon", DisplayName: ptr("Amazon"), Manifest: ptr(plainManifest)},
		Version:    42,
		ComputedAt: pago(time.Minute),
		State:      StateCurrent,
		Behind:     Set{},
	}
}

// succeeded is a run that ended age ago and took a minute.
func succeeded(seq int64, age time.Duration) *Run {
	return &Run{
		RunID: "run_ok", FirstSeq: seq, Status: RunSucceeded, StartedAt: pago(age + time.Minute), FinishedAt: pago(age),
		FirstAt: ago(age + time.Minute), LastAt: ago(age), EventCount: 2, RecordsEmitted: ptr(int64(5)), Streams: []RunStream{},
	}
}

// failed makes the latest run of o a failure of that reason, n in a row, that ended age ago.
func failed(o *Observation, reason string, n int64, age time.Duration) {
	r := succeeded(20, age)
	r.RunID, r.Status, r.FailureReason = "run_bad", RunFailed, &reason
	o.Runs.Last, o.Runs.LastFinished, o.Runs.FailuresInRow = r, r, n
}

// never makes o a connection that never ran and holds nothing.
func never(o *Observation) {
	o.Runs, o.Streams = RunFactsOf{}, nil
	o.Schedule.CreatedAt = ago(time.Hour)
}

// running adds a run in progress whose last event is age old.
func running(o *Observation, age time.Duration) {
	r := &Run{RunID: "run_now", FirstSeq: 30, Status: RunRunning, StartedAt: pago(age), FirstAt: ago(age), LastAt: ago(age), EventCount: 1}
	o.Runs.Last = r
	o.Runs.Open = OpenRuns{Count: 1, Runs: []OpenRun{{RunID: r.RunID, FirstSeq: 30, StartedAt: r.StartedAt, FirstAt: r.FirstAt, LastAt: r.LastAt}}}
}

func device(o *Observation, heard time.Duration) {
	o.Identity.SourceKind = SourceLocalDevice
	o.Device = &DeviceFacts{Devices: 1, NewestHeartbeatAt: pago(heard), LastIngestAt: pago(heard)}
}

func manual(o *Observation) {
	o.Connector.Manifest = ptr(`{"streams":[{"name":"orders","required":true}],"refresh_policy":{"recommended_mode":"manual","maximum_staleness_seconds":86400}}`)
}

func asks(o *Observation, lifecycle string, expires *Instant) {
	o.Attention = AttentionFacts{Count: 1, Items: []AttentionItem{{
		AttentionID: "at_1", ReasonCode: ptr("otp_required"), OwnerAction: ptr("provide_value"), Lifecycle: lifecycle,
		ExpiresAt: expires, CreatedAt: ago(time.Hour), UpdatedAt: ago(time.Hour),
	}}}
}

// observed is well with changes.
func observed(changes ...func(*Observation)) Observation {
	o := well()
	for _, change := range changes {
		change(&o)
	}
	return o
}

func render(t *testing.T, s Summary) map[string]any {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
