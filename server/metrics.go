package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tidemark/server/schema"
)

// metrics is what /metrics shows of this server. Labels are patterns and codes, never ids.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	limited  prometheus.Counter
}

func newMetrics(f *feed, others []prometheus.Collector) (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidemark_http_requests_total", Help: "Requests that were answered.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tidemark_http_request_seconds", Help: "How long answers took; event streams are not in it.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		limited: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tidemark_http_rate_limited_total", Help: "Requests that were refused because their token sent too many.",
		}),
	}
	feedValue := func(read func(*feed) float64) func() float64 {
		return func() float64 {
			f.mu.Lock()
			defer f.mu.Unlock()
			return read(f)
		}
	}
	all := append([]prometheus.Collector{
		m.requests, m.duration, m.limited, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tidemark_sse_clients", Help: "Event streams that are open."},
			feedValue(func(f *feed) float64 { return float64(len(f.streams)) })),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "tidemark_sse_events_total", Help: "Events queued for clients."},
			feedValue(func(f *feed) float64 { return float64(f.told) })),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "tidemark_sse_resyncs_total", Help: "Clients told to read anew."},
			feedValue(func(f *feed) float64 { return float64(f.resyncs) })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tidemark_sse_alarms", Help: "Connections whose summary time alone will change, of owners who listen."},
			f.alarms.count),
	}, others...)
	for _, c := range all {
		if err := m.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// observe counts one answer.
func (m *metrics) observe(r *http.Request, status int, took time.Duration) {
	route := chi.RouteContext(r.Context()).RoutePattern()
	if route == "" {
		route = "none"
	}
	method := r.Method
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		method = "other" // a client's invention is no label
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if route != "/_ref/events" {
		m.duration.WithLabelValues(route).Observe(took.Seconds())
	}
}

func (s *server) metricRoutes() []route {
	scope := schema.Operator
	if s.OpenMetrics {
		scope = ""
	}
	return []route{{Operation: schema.Operation{
		Method: "GET", Path: "/metrics", ID: "getMetrics", About: "What Prometheus collects; for an operator's token, unless configured otherwise.",
		Scope: scope, Answers: []schema.Answer{{Status: 200, About: "Metrics.", Type: "text/plain", Schema: schema.Text()}},
	}, handle: s.withoutQuery(s.serveMetrics)}}
}

func (s *server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(w, r)
}
