package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tidemark/summary"
)

func TestRateIsLimitedPerToken(t *testing.T) {
	m := newMemory(connection("c", "ci_1"))
	for secret, token := range m.tokens {
		token.TokenID = fmt.Sprintf("%x", secret[:4])
		m.tokens[secret] = token
	}
	now := noon.Time()
	a := serve(t, m, func(c *Config) {
		c.Rate = 5
		c.Clock = func() time.Time { return now }
	})
	for range 10 {
		a.expect(a.get("/_ref/connectors"), http.StatusOK, "")
	}
	w := a.get("/_ref/connectors")
	a.expect(w, http.StatusTooManyRequests, codeRateLimited)
	if got := w.Header().Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After %q", got)
	}
	a.expect(a.do("GET", "/_ref/connectors", nil, "Authorization", "Bearer "+bobs), http.StatusOK, "")
	now = now.Add(200 * time.Millisecond)
	a.expect(a.get("/_ref/connectors"), http.StatusOK, "")
	a.expect(a.get("/_ref/connectors"), http.StatusTooManyRequests, codeRateLimited)
	free := serve(t, m, func(c *Config) { c.Rate = -1 })
	for range 50 {
		free.expect(free.get("/_ref/connectors"), http.StatusOK, "")
	}
}

func TestMetrics(t *testing.T) {
	lag := prometheus.NewGauge(prometheus.GaugeOpts{Name: "tidemark_drain_lag_seconds", Help: "x"})
	m := newMemory(connection("c", "ci_secret"))
	a := serve(t, m, func(c *Config) { c.Metrics = []prometheus.Collector{lag} })
	a.get("/_ref/connectors?q=ci_secret")
	a.get("/_ref/connectors/ci_secret")
	a.do("BREW", "/%2e", nil)
	a.expect(a.do("GET", "/metrics", nil), http.StatusUnauthorized, codeSessionRequired)
	a.expect(a.get("/metrics"), http.StatusForbidden, codeInsufficientScope)
	operator := []string{"Authorization", "Bearer " + operators}
	a.expect(a.do("GET", "/metrics?x=1", nil, operator...), http.StatusBadRequest, codeInvalidRequest)
	w := a.do("GET", "/metrics", nil, operator...)
	a.expect(w, http.StatusOK, "")
	for _, want := range []string{
		`tidemark_http_requests_total{method="GET",route="/_ref/connectors/{id}",status="200"} 1`, "tidemark_drain_lag_seconds 0", "tidemark_sse_clients 0",
		`tidemark_http_requests_total{method="other",route="none",status="405"} 1`, `tidemark_http_request_seconds_count{route="/_ref/connectors"} 1`, "go_goroutines",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, secret := range []string{"ci_secret", `"ada"`, adas} {
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("the metrics tell %q", secret)
		}
	}
	open := serve(t, m, func(c *Config) { c.OpenMetrics = true })
	open.expect(open.do("GET", "/metrics", nil), http.StatusOK, "")
	if _, err := New(Config{Store: m, Metrics: []prometheus.Collector{lag, lag}}); err == nil {
		t.Error("the same metric twice was taken")
	}
}

func TestRequestsAreMeasured(t *testing.T) {
	a := serve(t, newMemory())
	a.expect(a.get("/_ref/connectors?q="+strings.Repeat("x", maxURIBytes)), http.StatusRequestURITooLong, codeURITooLong)
	a.expect(a.get("/"+strings.Repeat("x", maxURIBytes)), http.StatusRequestURITooLong, codeURITooLong)
	long := "?connector_id=" + strings.Repeat("connector_id="+strings.Repeat("%C3", 100)+"&", 5)
	a.expect(a.get("/_ref/connectors"+long), http.StatusBadRequest, codeInvalidRequest)
	w := a.do("GET", "/healthz", nil, "X-Long", strings.Repeat("x", maxHeaderBytes))
	a.expect(w, http.StatusRequestHeaderFieldsTooLarge, codeHeadersTooLarge)
}

// TestBearersOfOtherOrigins: a token that is sent on purpose is no forgery; a cookie is sent by itself.
func TestBearersOfOtherOrigins(t *testing.T) {
	a := serve(t, newMemory())
	a.expect(a.do("POST", "/owner/logout", nil, "Origin", "https://evil.example", "Cookie", sessionCookie+"="+adas), http.StatusForbidden, codeCrossOrigin)
	a.expect(a.do("POST", "/owner/logout", nil, "Origin", "https://evil.example", "Authorization", "Bearer "+adas), http.StatusNoContent, "")
	a.expect(a.do("GET", "/_ref/connectors", nil, "Origin", "https://evil.example", "Authorization", "Bearer "+adas), http.StatusOK, "")
}

// TestEveryRoute: those that need a token refuse without one, those that take no such parameter refuse it, whatever else holds.
func TestEveryRoute(t *testing.T) {
	m := newMemory(connection("c", "ci_1"))
	h, err := New(Config{Store: m, Clock: noon.Time})
	if err != nil {
		t.Fatal(err)
	}
	a := api{t, checker().Handler(t, h)}
	seen := map[string]bool{}
	for _, r := range (&server{}).table() {
		if seen[r.ID] || r.ID == "" || r.About == "" {
			t.Errorf("%s %s: operation %q is there twice or says nothing", r.Method, r.Path, r.ID)
		}
		seen[r.ID] = true
		target := strings.NewReplacer("{id}", "ci_1", "{run_id}", "run_1").Replace(r.Path)
		do := func(query, secret string) *httptest.ResponseRecorder {
			var headers []string
			if secret != "" {
				headers = []string{"Authorization", "Bearer " + secret}
			}
			return a.do(r.Method, target+query, nil, headers...)
		}
		if r.Scope != "" {
			for _, secret := range []string{"", "unknown", expired, revoked} {
				if w := do("", secret); w.Code != http.StatusUnauthorized {
					t.Errorf("%s %s with the token %q: status %d", r.Method, r.Path, secret, w.Code)
				}
			}
			wrong := operators
			if r.Scope == "operator" {
				wrong = adas
			}
			if w := do("", wrong); w.Code != http.StatusForbidden {
				t.Errorf("%s %s with a token of another scope: status %d", r.Method, r.Path, w.Code)
			}
		}
		secret := adas
		if r.Scope == "operator" {
			secret = operators
		}
		for _, query := range []string{"?nonsense=1", "?nonsense", "?%zz=1", "?a=1;b=2"} {
			if w := do(query, secret); w.Code != http.StatusBadRequest {
				t.Errorf("%s %s%s: status %d", r.Method, r.Path, query, w.Code)
			}
		}
		if before, rest, ok := strings.Cut(r.Path, "{"); ok {
			name, after, _ := strings.Cut(rest, "}")
			w := a.do(r.Method, before+strings.Repeat("x", maxIDBytes+1)+after, nil, "Authorization", "Bearer "+adas)
			if e := a.expect(w, http.StatusBadRequest, codeInvalidRequest); e.Param != name {
				t.Errorf("%s %s with an id that is too long: %q is to blame", r.Method, r.Path, e.Param)
			}
		}
		if r.Conditional && r.Method == http.MethodGet {
			first := do("", adas)
			if first.Code != http.StatusOK {
				continue
			}
			again := a.do(r.Method, target, nil, "Authorization", "Bearer "+adas, "If-None-Match", first.Header().Get("Etag"))
			if first.Header().Get("Etag") == "" || again.Code != http.StatusNotModified {
				t.Errorf("%s %s: tag %q, then status %d", r.Method, r.Path, first.Header().Get("Etag"), again.Code)
			}
		}
	}
	// A database that is away fails every route alike, and none for good.
	m.err = fmt.Errorf("dial postgres://user:hunter2@db: %w", summary.ErrUnavailable)
	for _, r := range (&server{}).table() {
		if r.Scope == "" || r.Method != http.MethodGet {
			continue
		}
		w := a.get(strings.NewReplacer("{id}", "ci_1", "{run_id}", "run_1").Replace(r.Path))
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%s without a database: status %d: %s", r.Path, w.Code, w.Body)
		}
	}
	m.err = errors.New("a fault, password=hunter2")
	if w := a.get("/_ref/connectors"); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "hunter2") {
		t.Errorf("a fault: status %d: %s", w.Code, w.Body)
	}
	m.err = nil
	a.expect(a.get("/_ref/connectors"), http.StatusOK, "")
}
