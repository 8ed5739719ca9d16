package summary

import "fmt"

// The labels and tones of a pill.
const (
	PillChecking     = "Checking"
	PillSyncing      = "Syncing"
	PillHealthy      = "Healthy"
	PillNeedsRefresh = "Needs refresh"
	PillDegraded     = "Degraded"
	PillCantCollect  = "Can't collect"
	PillNotMeasured  = "Not measured"

	ToneGreen = "green"
	ToneAmber = "amber"
	ToneRed   = "red"
	ToneGrey  = "grey"
)

// The channels: how loudly a verdict speaks.
const (
	ChannelAttention = "attention"
	ChannelAdvisory  = "advisory"
	ChannelCalm      = "calm"
)

// The forward dispositions: what to expect of the next run.
const (
	ForwardComplete        = "complete"
	ForwardResumable       = "resumable"
	ForwardAwaitingOwner   = "awaiting_owner"
	ForwardOwnerRefreshDue = "owner_refresh_due"
	ForwardChecking        = "checking"
	ForwardTerminal        = "terminal"
	ForwardUnmeasured      = "unmeasured"
)

// Verdict is VERDICT in JSON: the state in words and colours, and what is to be done.
type Verdict struct {
	Pill             Pill             `json:"pill"`
	Channel          string           `json:"channel"`
	ForwardStatement string           `json:"forward_statement"`
	RequiredActions  []RequiredAction `json:"required_actions"`
	Annotations      []Annotation     `json:"annotations"`
	Progress         Progress         `json:"progress"`
	Streams          []StreamVerdict  `json:"streams,omitzero"` // scoped reads only
}

// Pill is the verdict at a glance.
type Pill struct {
	Label string `json:"label"`
	Tone  string `json:"tone"`
}

func pillOf(v *view) Pill {
	s := v.state
	switch {
	case s.number == 3, s.calm() && !v.standings.current(v.health()...):
		return Pill{PillChecking, ToneGrey}
	case s.calm() && v.runs.running != nil:
		return Pill{PillSyncing, ToneGreen}
	case s.state == Healthy:
		return Pill{PillHealthy, ToneGreen}
	case s.staleForOwner():
		return Pill{PillNeedsRefresh, ToneAmber}
	case s.state == Degraded, s.state == CoolingOff, s.state == NeedsAttention:
		return Pill{PillDegraded, ToneAmber}
	case s.state == Blocked:
		return Pill{PillCantCollect, ToneRed}
	}
	return Pill{PillNotMeasured, ToneGrey}
}

func channelOf(s stateRow) string {
	switch s.number {
	case 2, 4:
		return ChannelAttention
	case 5, 6, 7:
		return ChannelAdvisory
	}
	return ChannelCalm
}

func dispositionOf(v *view) string {
	s := v.state
	switch {
	case s.number == 2, s.credentials():
		return ForwardAwaitingOwner
	case s.number == 3:
		return ForwardChecking
	case s.number == 4, v.coverage == CoverageTerminalGap:
		return ForwardTerminal
	case s.number == 5, s.number == 6:
		return ForwardResumable
	case s.staleForOwner():
		return ForwardOwnerRefreshDue
	case s.number == 9:
		return ForwardComplete
	}
	return ForwardUnmeasured
}

// forwardStatements say each disposition in words.
var forwardStatements = map[string]string{
	ForwardComplete:        "The next run keeps this up to date.",
	ForwardResumable:       "The next run goes on from here.",
	ForwardAwaitingOwner:   "Nothing goes on until the owner acts.",
	ForwardOwnerRefreshDue: "The owner can refresh this now.",
	ForwardChecking:        "The evidence is being checked.",
	ForwardTerminal:        "Another run will not mend this.",
	ForwardUnmeasured:      "What comes next is not known.",
}

// Annotation is a remark beside the pill.
type Annotation struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// annotationsOf remarks on what is true whatever the state; never nil.
func annotationsOf(v *view) []Annotation {
	rows := []struct {
		when       bool
		kind, text string
	}{
		{v.runs.running != nil, "activity", "A run is in progress."},
		{v.attention.primary != nil, "attention", "The connector asks the owner for something."},
		{v.o.Gaps.open() > 0, "coverage", fmt.Sprintf("%d details to be recovered.", v.o.Gaps.open())},
		{v.o.Gaps.Terminal > 0, "coverage", fmt.Sprintf("%d details lost for good.", v.o.Gaps.Terminal)},
		{v.fresh.stale(), "freshness", "The last capture is older than allowed."},
		{v.fresh.reason == ReasonClockSkew, "freshness", "The last capture claims to lie ahead of now."},
		{v.outbox.reason == ReasonOutboxDeadLetters, "outbox", "The device holds records that it could not deliver."},
		{v.outbox.reason == ReasonOutboxStalePending, "outbox", "Records wait on the device and do not arrive."},
		{v.silent, "outbox", "The device has not been heard of."},
		{v.scheduleDisabled(), "schedule", "The schedule is disabled."},
		{v.late, "schedule", "The first scheduled run is late."},
	}
	out := []Annotation{}
	for _, r := range rows {
		if r.when {
			out = append(out, Annotation{r.kind, r.text})
		}
	}
	return out
}

// The modes of progress beside local_device.
const (
	ProgressScheduled = "scheduled"
	ProgressManual    = "manual"
	ProgressDeferred  = "deferred"
)

// Progress says how collection comes about and what it last brought.
type Progress struct {
	Mode                    string   `json:"mode"`
	Headline                string   `json:"headline"`
	LastRefreshedAt         *Instant `json:"last_refreshed_at"`
	RetainedRecords         *int64   `json:"retained_records"`
	RecordsCommittedLastRun *int64   `json:"records_committed_last_run"`
	GapsDrainedLastRun      *int64   `json:"gaps_drained_last_run"` // nothing measures it: null
}

var headlines = map[string]string{
	ProgressDeferred: "Collection is off.", SourceLocalDevice: "A local device delivers records.",
	ProgressScheduled: "Collected on a schedule.", ProgressManual: "Collected when asked to.",
}

func progressOf(v *view, total *int64) Progress {
	p := Progress{Mode: ProgressManual, LastRefreshedAt: v.fresh.CapturedAt, RetainedRecords: total}
	switch {
	case v.state.number == 1 || v.scheduleDisabled():
		p.Mode = ProgressDeferred
	case v.o.localDevice():
		p.Mode = SourceLocalDevice
	case v.o.Schedule != nil && v.automatic():
		p.Mode = ProgressScheduled
	}
	p.Headline = headlines[p.Mode]
	if r := v.runs.latest; r != nil {
		p.RecordsCommittedLastRun = r.emitted
	}
	return p
}
