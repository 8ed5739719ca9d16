package summary

import "time"

// The outbox axis: what waits on a local device.
const (
	OutboxUnknown = "unknown"
	OutboxStalled = "stalled"
	OutboxActive  = "active"
	OutboxIdle    = "idle"
)

const (
	// heartbeatAge is how old the newest heartbeat may be for the outbox to be known.
	heartbeatAge = 15 * time.Minute
	// ingestAge is how long pending records may wait while nothing is ingested.
	ingestAge = 15 * time.Minute
	// silenceSeconds is how long a local device may be silent where no age is allowed otherwise.
	silenceSeconds = 24 * 60 * 60
)

// SourceLocalDevice and SourceManual are the source kinds that collect without runs.
const (
	SourceLocalDevice = "local_device"
	SourceManual      = "manual"
)

// sourceBrowser is the source kind whose owner acts in a browser.
const sourceBrowser = "browser_collector"

// surface is where the owner of such a connection acts; empty elsewhere.
func (o *Observation) surface() string {
	if o.Identity.SourceKind == sourceBrowser {
		return "browser"
	}
	return ""
}

func (o *Observation) localDevice() bool { return o.Identity.SourceKind == SourceLocalDevice }

// outbox is the axis with the reason for it.
type outbox struct{ axis, reason string }

func outboxOf(o *Observation, st standings, clk *clock) outbox {
	d := o.Device
	switch {
	case !o.localDevice():
		return outbox{OutboxUnknown, ReasonOutboxNotApplicable}
	case len(st.unreliable(Device)) > 0 || d == nil || d.NewestHeartbeatAt == nil:
		return outbox{OutboxUnknown, ReasonOutboxUnknown}
	case clk.past(d.NewestHeartbeatAt.Add(heartbeatAge)):
		return outbox{OutboxUnknown, ReasonOutboxSilent}
	case d.DeadLetters > 0:
		return outbox{OutboxStalled, ReasonOutboxDeadLetters}
	case d.RecordsPending > 0 && clk.reached(o.ingestedSince().Add(ingestAge)):
		return outbox{OutboxStalled, ReasonOutboxStalePending}
	case d.RecordsPending > 0:
		return outbox{OutboxActive, ReasonOutboxActive}
	}
	return outbox{OutboxIdle, ReasonOutboxIdle}
}

// ingestedSince is when the device last delivered a record; before it ever did, when the connection was made.
func (o *Observation) ingestedSince() Instant {
	if o.Device.LastIngestAt != nil {
		return *o.Device.LastIngestAt
	}
	return o.Identity.CreatedAt
}

// silent reports whether a local device has not been heard of for longer than the allowed age. One that never spoke is
// silent since the connection exists.
func silent(o *Observation, allowed *int64, clk *clock) bool {
	if !o.localDevice() {
		return false
	}
	since, age := o.Identity.CreatedAt, int64(silenceSeconds)
	if o.Device != nil && o.Device.NewestHeartbeatAt != nil {
		since = *o.Device.NewestHeartbeatAt
	}
	if allowed != nil {
		age = *allowed
	}
	return clk.past(later(since, age))
}

// DeviceProgress is local_device_progress in JSON; null for connections without a heartbeat.
type DeviceProgress struct {
	SourceCount         int64    `json:"source_count"`
	LastHeartbeatAt     *Instant `json:"last_heartbeat_at"`
	LastHeartbeatStatus *string  `json:"last_heartbeat_status"`
	LastIngestAt        *Instant `json:"last_ingest_at"`
	RecordsPending      int64    `json:"records_pending"`
	DeadLetters         int64    `json:"dead_letters"`
}

func deviceProgressOf(o *Observation) *DeviceProgress {
	d := o.Device
	if d == nil || !o.localDevice() {
		return nil
	}
	return &DeviceProgress{
		SourceCount: d.Devices, LastHeartbeatAt: d.NewestHeartbeatAt, LastHeartbeatStatus: sanitized(d.Status),
		LastIngestAt: d.LastIngestAt, RecordsPending: d.RecordsPending, DeadLetters: d.DeadLetters,
	}
}

// sanitized is SanitizeReason of an optional text.
func sanitized(text *string) *string {
	if text == nil {
		return nil
	}
	s := SanitizeReason(*text)
	return &s
}
