package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tidemark/db"
	"tidemark/listener"
)

// standbyMetrics shows where reads come from while --read-db names a standby.
func standbyMetrics(replica func() db.ReplicaStatus) []prometheus.Collector {
	reads := func(from string, count func(db.ReplicaStatus) int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tidemark_standby_reads_total", Help: "Reads while a standby is named, by the server that answered them.",
			ConstLabels: prometheus.Labels{"from": from},
		}, func() float64 { return float64(count(replica())) })
	}
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tidemark_standby_fit", Help: "Whether reads come from the standby; 0 while they come from the primary.",
		}, func() float64 { return truth(replica().Fit) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tidemark_standby_lag_seconds", Help: "How long ago the primary was where the standby is.",
		}, func() float64 { return replica().Lag.Round(time.Millisecond).Seconds() }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tidemark_standby_conflicts_total", Help: "Reads that the standby's recovery cancelled.",
		}, func() float64 { return float64(replica().Conflicts) }),
		reads("standby", func(s db.ReplicaStatus) int64 { return s.OnStandby }),
		reads("primary", func(s db.ReplicaStatus) int64 { return s.OnPrimary }),
	}
}

// auditMetrics shows what --audit has found.
func auditMetrics(status func() listener.AuditStatus) []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tidemark_audit_watching", Help: "Whether this server sees every change of the source tables in the write-ahead log.",
		}, func() float64 { return truth(status().Watching) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tidemark_audit_suspected_total", Help: "Transactions that changed a source table without its mark.",
		}, func() float64 { return float64(status().Suspected) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tidemark_audit_bypassed_total", Help: "Connections, runs and tables whose evidence such a transaction had made wrong.",
		}, func() float64 { return float64(status().Bypassed) }),
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
