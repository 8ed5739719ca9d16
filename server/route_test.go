package server

import (
	"net/http"
	"testing"
	"testing/fstest"
)

func TestUnknownRoutesAndMethods(t *testing.T) {
	a := serve(t, newMemory(), func(c *Config) {
		c.Console = fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}, "app.js": {Data: []byte("1")}}
	})
	for _, target := range []string{"/nothing", "/_ref", "/_ref/events/", "/app.css", "/app.js/", "//", "/index.html", "/%2e%2e/etc/passwd"} {
		a.expect(a.get(target), http.StatusNotFound, codeNotFound)
	}
	w := a.do("DELETE", "/_ref/connectors/a%2Fb", nil)
	a.expect(w, http.StatusMethodNotAllowed, codeMethodNotAllowed)
	if got := w.Header().Get("Allow"); got != "GET, HEAD" {
		t.Errorf("Allow: %q", got)
	}
	w = a.do("GET", "/owner/login", nil)
	a.expect(w, http.StatusMethodNotAllowed, codeMethodNotAllowed)
	if got := w.Header().Get("Allow"); got != "POST" {
		t.Errorf("Allow: %q", got)
	}
	a.expect(a.do("BREW", "/healthz", nil), http.StatusMethodNotAllowed, codeMethodNotAllowed)
	a.expect(a.do("HEAD", "/_ref/connectors", nil, "Authorization", "Bearer "+adas), http.StatusOK, "")
}
