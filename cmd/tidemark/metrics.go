package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tidemark/drain"
	"tidemark/listener"
)

// collectWithin bounds what a scrape may ask the database.
const collectWithin = 5 * time.Second

// engineMetrics shows an engine's backlog and what the loop of this server has done, both as `tidemark status` and /readyz know
// them, when they are collected. Safe for concurrent use.
type engineMetrics struct {
	status func(context.Context) (drain.Status, error)
	loop   func() listener.Status
	now    func() time.Time
	log    *slog.Logger
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("tidemark_"+name, help, labels, nil)
}

var (
	metricUp           = describe("database_up", "Whether the database answered for this scrape.")
	metricConnections  = describe("connections", "Connections there are.")
	metricEvidence     = describe("evidence_rows", "Rows of evidence there are.")
	metricFailed       = describe("evidence_failed", "Connections whose evidence cannot be recomputed.")
	metricVersion      = describe("evidence_version", "The highest version that was given.")
	metricPending      = describe("marks_pending", "Marks that no drain has taken, parked ones included.")
	metricBacklog      = describe("marks_backlog", "Of these, those moved to the backlog.")
	metricParked       = describe("marks_parked", "Of these, those that wait for a failed connection's retry.")
	metricLag          = describe("drain_lag_seconds", "The age of the oldest mark; 0 without one.")
	metricTrusted      = describe("capture_trusted", "Whether capture of a source table is trusted.", "table")
	metricFound        = describe("scrub_findings_total", "What the scrub found and repaired since the database was made, by cause.", "cause")
	metricScrubbed     = describe("scrub_last_round_timestamp_seconds", "When the last full round of the scrub ended; 0 before the first.")
	metricDrains       = describe("drains_total", "Drains of this server that succeeded.")
	metricMarks        = describe("drained_marks_total", "Marks that they took.")
	metricDrainSeconds = describe("last_drain_seconds", "How long the last one took that found something.")
	metricWakeups      = describe("listener_wakeups_total", "What ended the listener's waits.", "by")
	metricReconnects   = describe("listener_reconnects_total", "Connections that the listener opened again.")
	metricFailing      = describe("listener_failing", "Faults of the listener since its last success.")
	metricFaults       = describe("listener_faults_total", "Faults of the listener, by what failed.", "code")
	metricState        = describe("listener_state", "1, with what the listener is and does.", "role", "phase", "signal", "reason")
)

// Describe implements prometheus.Collector.
func (m engineMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		metricUp, metricConnections, metricEvidence, metricFailed, metricVersion, metricPending, metricBacklog, metricParked, metricLag,
		metricTrusted, metricFound, metricScrubbed, metricDrains, metricMarks, metricDrainSeconds, metricWakeups, metricReconnects,
		metricFailing, metricFaults, metricState,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m engineMetrics) Collect(out chan<- prometheus.Metric) {
	m.collectLoop(out)
	ctx, cancel := context.WithTimeout(context.Background(), collectWithin)
	defer cancel()
	s, err := m.status(ctx)
	if err != nil {
		warn(ctx, m.log, "metrics of the database cannot be read", err)
		gauge(out, metricUp, 0)
		return
	}
	gauge(out, metricUp, 1)
	gauge(out, metricConnections, float64(s.Connections))
	gauge(out, metricEvidence, float64(s.Evidence))
	gauge(out, metricFailed, float64(s.Failed))
	gauge(out, metricVersion, float64(s.MaxVersion))
	gauge(out, metricPending, float64(s.MarksPending))
	gauge(out, metricBacklog, float64(s.MarksBacklog))
	gauge(out, metricParked, float64(s.MarksParked))
	lag := 0.0
	if s.OldestMark != nil {
		lag = max(0, m.now().Sub(s.OldestMark.Time()).Seconds())
	}
	gauge(out, metricLag, lag)
	for _, c := range s.Capture {
		gauge(out, metricTrusted, truth(c.Trusted), c.Table)
	}
	for _, f := range s.Scrub.Findings {
		counter(out, metricFound, float64(f.Found), string(f.Cause))
	}
	ended := 0.0
	if s.Scrub.Last != nil {
		ended = float64(s.Scrub.Last.EndedAt.Time().UnixMilli()) / 1000
	}
	gauge(out, metricScrubbed, ended)
}

func (m engineMetrics) collectLoop(out chan<- prometheus.Metric) {
	l := m.loop()
	counter(out, metricDrains, float64(l.Drains))
	counter(out, metricMarks, float64(l.Marks))
	counter(out, metricWakeups, float64(l.Wakeups.Signalled), "signal")
	counter(out, metricWakeups, float64(l.Wakeups.Polled), "poll")
	counter(out, metricReconnects, float64(l.Reconnects))
	gauge(out, metricFailing, float64(l.Failing))
	for code, n := range l.Faults {
		counter(out, metricFaults, float64(n), string(code))
	}
	gauge(out, metricState, 1, string(l.Role), string(l.Phase), string(l.Signal), string(l.Reason))
	if l.LastResult != nil {
		gauge(out, metricDrainSeconds, l.LastResult.Took.Seconds())
	}
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func counter(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}
