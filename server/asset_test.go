package server

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

func TestConsoleFiles(t *testing.T) {
	a := serve(t, newMemory(), func(c *Config) {
		c.Console = fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}, "app.js": {Data: []byte("1")}}
	})
	w := a.do("GET", "/", nil)
	a.expect(w, http.StatusOK, "")
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	w = a.do("GET", "/app.js", nil)
	if ct := w.Header().Get("Content-Type"); ct != "text/javascript; charset=utf-8" || w.Body.String() != "1" {
		t.Errorf("%s: %q", ct, w.Body)
	}
	if w = a.do("GET", "/app.js", nil, "If-None-Match", w.Header().Get("Etag")); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("status %d with the same tag", w.Code)
	}
	if _, err := New(Config{Store: newMemory(), Console: fstest.MapFS{"app.js": {}}}); err == nil {
		t.Error("a console without index.html was taken")
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a server without a store was made")
	}
}
