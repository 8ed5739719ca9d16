package summary

import (
	"slices"
	"strings"
	"time"
)

// oracle reads SPEC section 10 a second time, straight from an observation, with nothing of the code under test but the
// manifest's parser and the evidence types. Every statement below is a sentence of that section.
type oracle struct {
	o   Observation
	m   manifest
	now Instant

	latest   *oracleRun // R
	running  bool
	failures int64
}

type oracleRun struct {
	began, ended Instant
	failed       bool
	reason       string
	streams      []RunStream
	seq          int64
}

func newOracle(o Observation, now Instant) *oracle {
	x := &oracle{o: o, m: parseManifest(o.Connector.Manifest), now: now, failures: o.Runs.FailuresInRow}
	if r := o.Runs.LastFinished; r != nil {
		x.latest = &oracleRun{began: r.Start(), ended: r.End(), seq: r.FirstSeq, streams: r.Streams}
		if x.latest.failed = r.Status != RunSucceeded; x.latest.failed {
			x.latest.reason = *r.FailureReason
		}
	}
	for _, r := range o.Runs.Open.Runs {
		if age := x.age(r.LastAt); age < time.Hour {
			x.running = true
			continue
		}
		if o.Runs.LastSuccessful == nil || r.FirstSeq > o.Runs.LastSuccessful.FirstSeq {
			x.failures++
		}
		if x.latest == nil || r.FirstSeq > x.latest.seq {
			x.latest = &oracleRun{began: r.FirstAt, ended: r.LastAt, seq: r.FirstSeq, failed: true, reason: ReasonRunAbandoned}
			if r.StartedAt != nil {
				x.latest.began = *r.StartedAt
			}
		}
	}
	if x.latest == nil || !x.latest.failed {
		x.failures = 0
	}
	return x
}

func (x *oracle) age(t Instant) time.Duration { return x.now.Sub(t) }

func (x *oracle) device() bool { return x.o.Identity.SourceKind == "local_device" }

// imported: a manual or local_device connection has records.
func (x *oracle) imported() bool {
	return (x.device() || x.o.Identity.SourceKind == "manual") && x.records() > 0
}

func (x *oracle) records() (n int64) {
	for _, s := range x.o.Streams {
		n += s.RecordCount
	}
	return n
}

// lost are the components of row 3 that are failed, untrusted or unavailable, or have been behind for over 2 s; behind are
// those that are not current at all.
func (x *oracle) lost() (lost, behind []Component) {
	cs := []Component{Identity, Records, Runs, Schedule, Gaps, Attention, Manifest}
	if x.device() {
		cs = append(cs, Device)
	}
	for _, c := range cs {
		_, untrusted := x.o.Untrusted[c]
		late := func() bool {
			since := x.o.DirtySince
			if at, ok := x.o.BehindSince[c]; ok {
				since = &at
			}
			return since == nil || x.age(*since) > 2*time.Second
		}
		switch {
		case untrusted, c == Manifest && x.m.problem != "", x.o.State == StateFailed && c != Manifest && c != Identity:
			lost = append(lost, c)
		case c == Manifest, c == Identity:
			continue
		case x.o.ComputedAt == nil, x.o.Behind[c]:
			if late() {
				lost = append(lost, c)
			}
		default:
			continue
		}
		behind = append(behind, c)
	}
	return lost, behind
}

func (x *oracle) policy() string {
	switch {
	case x.m.mode != "":
		return x.m.mode
	case x.o.Schedule != nil && x.o.Schedule.Enabled:
		return "automatic"
	}
	return "manual"
}

// allowed is the allowed age, in seconds.
func (x *oracle) allowed() (int64, bool) {
	switch s := x.o.Schedule; {
	case x.m.maxStaleness != nil:
		return *x.m.maxStaleness, true
	case s != nil && s.Enabled:
		return 2*s.IntervalSeconds + s.JitterSeconds, true
	}
	return 0, false
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// freshness is current, stale, skewed, unpoliced or uncaptured.
func (x *oracle) freshness() string {
	var captured *Instant
	for _, s := range x.o.Streams {
		captured = Later(captured, s.NewestAt)
	}
	if r := x.o.Runs.LastSuccessful; r != nil {
		end := r.End()
		captured = &end
	}
	if x.device() && x.o.Device != nil {
		captured = Later(captured, x.o.Device.LastIngestAt)
	}
	allowed, any := x.allowed()
	switch {
	case captured == nil:
		return "uncaptured"
	case x.age(*captured) < -5*time.Minute:
		return "skewed"
	case !any:
		return "unpoliced"
	case x.age(*captured) > seconds(allowed):
		return "stale"
	}
	return "current"
}

func (x *oracle) gapsOpen() bool { return x.o.Gaps.Pending+x.o.Gaps.InProgress > 0 }

func (x *oracle) terminal() bool {
	return x.latest != nil && x.o.Gaps.NewestTerminalAt != nil && !x.o.Gaps.NewestTerminalAt.Before(x.latest.began)
}

// coverage claims nothing where what it rests on cannot be relied on; only rows 1 to 3 are then left.
func (x *oracle) coverage() string {
	lost, _ := x.lost()
	unsure := slices.ContainsFunc(lost, func(c Component) bool { return c == Runs || c == Records || c == Gaps || c == Manifest })
	switch {
	case unsure:
		return "unknown"
	case x.latest == nil && x.records() == 0:
		return "unknown"
	case x.terminal():
		return "terminal_gap"
	case x.gapsOpen():
		return "retryable_gap"
	}
	for _, d := range x.m.streams {
		if d.required && !x.has(d.name) {
			return "partial"
		}
	}
	return "complete"
}

func (x *oracle) has(stream string) bool {
	if x.latest != nil && len(x.latest.streams) > 0 {
		return slices.ContainsFunc(x.latest.streams, func(f RunStream) bool {
			return f.Stream == stream && f.Considered != nil && f.Covered != nil && *f.Covered >= *f.Considered
		})
	}
	return slices.ContainsFunc(x.o.Streams, func(s StreamSize) bool { return s.Stream == stream && s.RecordCount > 0 })
}

// nextAttempt is the earliest of the schedule's due time and the gaps' next attempt that lies ahead of now; known is set if there
// is any at all.
func (x *oracle) nextAttempt() (ahead, known bool) {
	var times []Instant
	if s := x.o.Schedule; s != nil && s.Enabled && x.failures < 10 {
		due := s.CreatedAt.Add(seconds(s.IntervalSeconds))
		if r := x.o.Runs.Last; r != nil {
			due = r.Start().Add(seconds(s.IntervalSeconds))
		}
		if x.failures > 0 {
			backoff := s.IntervalSeconds
			for range x.failures - 1 {
				backoff *= 2
			}
			backoff = max(s.IntervalSeconds, min(backoff, 24*60*60))
			if next := x.latest.ended.Add(seconds(backoff)); next.After(due) {
				due = next
			}
		}
		times = append(times, due)
	}
	if at := x.o.Gaps.NextAttemptAfter; at != nil && x.gapsOpen() {
		times = append(times, *at)
	}
	return slices.ContainsFunc(times, func(t Instant) bool { return t.After(x.now) }), len(times) > 0
}

func (x *oracle) attention() bool {
	return slices.ContainsFunc(x.o.Attention.Items, func(a AttentionItem) bool {
		return (a.Lifecycle == "open" || a.Lifecycle == "acknowledged") && (a.ExpiresAt == nil || a.ExpiresAt.After(x.now))
	})
}

func (x *oracle) credentials() bool {
	return x.latest != nil && x.latest.failed &&
		strings.Contains(" credentials_invalid session_expired login_required otp_required ", " "+x.latest.reason+" ")
}

// defects of row 6; passing says that rows 5 may wait for them.
func (x *oracle) defects() (any, passing bool) {
	passing = true
	defect := func(when, retryable bool) {
		if when {
			any, passing = true, passing && retryable
		}
	}
	d := x.o.Device
	heard := x.o.Identity.CreatedAt
	if d != nil && d.NewestHeartbeatAt != nil {
		heard = *d.NewestHeartbeatAt
	}
	allowed, some := x.allowed()
	if !some {
		allowed = 24 * 60 * 60
	}
	defect(x.latest != nil && x.latest.failed, x.failures < 3)
	defect(x.gapsOpen(), true)
	defect(x.terminal(), false)
	defect(x.coverage() == "partial" && !x.neverRan(), false)
	defect(x.outbox() == "stalled", false)
	defect(x.device() && x.age(heard) > seconds(allowed), false)
	defect(x.freshness() == "stale" && x.policy() == "automatic", false)
	if s := x.o.Schedule; s != nil && s.Enabled && x.o.Runs.Last == nil {
		defect(x.age(s.CreatedAt) > 2*seconds(s.IntervalSeconds), false)
	}
	return any, passing
}

func (x *oracle) outbox() string {
	d := x.o.Device
	ingested := x.o.Identity.CreatedAt // nothing yet: for as long as the connection exists
	if d != nil && d.LastIngestAt != nil {
		ingested = *d.LastIngestAt
	}
	switch {
	case !x.device() || d == nil || d.NewestHeartbeatAt == nil || x.age(*d.NewestHeartbeatAt) > 15*time.Minute:
		return "unknown"
	case d.DeadLetters > 0, d.RecordsPending > 0 && x.age(ingested) >= 15*time.Minute:
		return "stalled"
	case d.RecordsPending > 0:
		return "active"
	}
	return "idle"
}

func (x *oracle) neverRan() bool { return x.latest == nil && !x.imported() }

// rows are all rows of the state table whose own words hold, whatever comes first.
func (x *oracle) rows() []int {
	lost, _ := x.lost()
	defective, passing := x.defects()
	ahead, _ := x.nextAttempt()
	proven := (x.imported() && x.latest == nil || x.latest != nil && !x.latest.failed) && x.coverage() == "complete"
	stale, current := x.freshness() == "stale", x.freshness() == "current" || x.freshness() == "unpoliced"
	disabled := x.o.Schedule != nil && !x.o.Schedule.Enabled
	table := []bool{
		1: x.o.Identity.Status != "active",
		2: x.attention() && !slices.Contains(lost, Attention),
		3: len(lost) > 0,
		4: x.credentials() || x.latest != nil && x.latest.failed && (x.latest.reason == "runtime_missing" || x.failures >= 10),
		5: defective && passing && ahead,
		6: defective,
		7: proven && (stale && x.policy() != "automatic" || disabled && current),
		8: x.neverRan(),
		9: proven && current,
	}
	var out []int
	for row, holds := range table {
		if holds {
			out = append(out, row)
		}
	}
	return append(out, 10)
}
