package server

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPanicsAndLogs: a panic is a 500, the process stays, and no secret is in the log.
func TestPanicsAndLogs(t *testing.T) {
	var log bytes.Buffer
	m := newMemory()
	m.onRead = func(int) { panic("at the disco") }
	a := serve(t, m, func(c *Config) { c.Logger = slog.New(slog.NewJSONHandler(&log, nil)) })
	a.expect(a.get("/_ref/connectors?q=sesame"), http.StatusInternalServerError, codeInternal)
	m.onRead = nil
	a.expect(a.get("/_ref/connectors/secret-id"), http.StatusNotFound, codeConnectionNotFound)
	for _, want := range []string{"at the disco", `"route":"/_ref/connectors/{id}"`, `"status":500`, `"status":404`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
	for _, secret := range []string{adas, "sesame", "secret-id"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log tells %q:\n%s", secret, log.String())
		}
	}
}

func TestNoRandomnessIsAFault(t *testing.T) {
	a := serve(t, newMemory(), func(c *Config) { c.Random = failing{} })
	w := httptest.NewRecorder()
	a.h.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("no entropy") }
