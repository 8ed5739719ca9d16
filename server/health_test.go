package server

import (
	"net/http"
	"strings"
	"testing"

	"tidemark/summary"
)

func TestReadiness(t *testing.T) {
	m := newMemory()
	m.checks = []summary.Check{{Name: summary.CheckDatabase, OK: true}, {Name: summary.CheckCapture, OK: true}}
	listener := summary.Check{Name: summary.CheckListener, OK: true}
	a := serve(t, m, func(c *Config) { c.Checks = append(c.Checks, func() summary.Check { return listener }) })
	w := a.do("GET", "/readyz", nil)
	a.expect(w, http.StatusOK, "")
	if !strings.Contains(w.Body.String(), `{"name":"listener","ok":true}`) {
		t.Errorf("body %s", w.Body)
	}
	listener = summary.Check{Name: summary.CheckListener, Reason: "not connected"}
	m.checks[1] = summary.Check{Name: summary.CheckCapture, Reason: "trigger missing on public.records"}
	e := a.expect(a.do("GET", "/readyz", nil), http.StatusServiceUnavailable, codeNotReady)
	for _, reason := range []string{"capture: trigger missing on public.records", "listener: not connected"} {
		if !strings.Contains(e.Message, reason) {
			t.Errorf("%q does not say %q", e.Message, reason)
		}
	}
}
