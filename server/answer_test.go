package server

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tidemark/summary"
)

func TestConditionalReads(t *testing.T) {
	m := newMemory(connection("amazon", "ci_1"))
	now := noon.Time()
	a := serve(t, m, func(c *Config) { c.Clock = func() time.Time { return now } })
	for _, target := range []string{"/_ref/connectors", "/_ref/connectors?connection=ci_1", "/_ref/connectors/ci_1", "/openapi.json"} {
		ask := func(headers ...string) *httptest.ResponseRecorder {
			return a.do("GET", target, nil, append(headers, "Authorization", "Bearer "+adas)...)
		}
		plain, packed := ask(), ask("Accept-Encoding", "gzip")
		tag, other := plain.Header().Get("Etag"), packed.Header().Get("Etag")
		if tag == "" || tag[0] != '"' || other == tag || packed.Header().Get("Content-Encoding") != "gzip" || plain.Header().Get("Content-Encoding") != "" {
			t.Fatalf("%s: tags %s and %s, encoding %q", target, tag, other, packed.Header().Get("Content-Encoding"))
		}
		z, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if unpacked, err := io.ReadAll(z); err != nil || string(unpacked) != plain.Body.String() {
			t.Errorf("%s: the packed answer differs (%v)", target, err)
		}
		if v := plain.Header().Get("Vary"); v != "Accept-Encoding, Authorization, Cookie" {
			t.Errorf("%s: Vary %q", target, v)
		}
		now = now.Add(time.Millisecond) // an observation later: the same content
		for _, c := range []struct {
			name, match, accept string
			status              int
		}{
			{"the same", tag, "", 304}, {"in a list", `"x, y", W/"z",` + tag, "", 304}, {"weak", "W/" + tag, "", 304}, {"anything", "*", "", 304},
			{"packed", other, "gzip", 304}, {"of the other encoding", tag, "gzip", 200}, {"packed, not asked for", other, "", 200},
			{"another", `"x"`, "", 200}, {"malformed", tag[1:], "", 200}, {"star in a list", `"x", *`, "", 200}, {"unended", `"` + tag, "", 200},
		} {
			w := ask("If-None-Match", c.match, "Accept-Encoding", c.accept)
			if w.Code != c.status || c.status == 304 && (w.Body.Len() > 0 || w.Header().Get("Etag") == "") {
				t.Errorf("%s: If-None-Match %s: status %d with %d octets, want %d", target, c.name, w.Code, w.Body.Len(), c.status)
			}
		}
		head := a.do("HEAD", target, nil, "Authorization", "Bearer "+adas)
		if head.Code != 200 || head.Body.Len() > 0 || head.Header().Get("Etag") != tag || head.Header().Get("Content-Length") != plain.Header().Get("Content-Length") {
			t.Errorf("%s: HEAD %d %v", target, head.Code, head.Header())
		}
	}
	before := a.get("/_ref/connectors/ci_1").Header().Get("Etag")
	m.rows[0].Version++
	if after := a.get("/_ref/connectors/ci_1").Header().Get("Etag"); after == before {
		t.Error("other content has the same tag")
	}
}

// TestNextChange: an answer says until when it may be kept by whoever hears of changes, and is another one then.
func TestNextChange(t *testing.T) {
	o := connection("amazon", "ci_1")
	manifest := `{"streams":[{"name":"items"}],"refresh_policy":{"recommended_mode":"automatic","maximum_staleness_seconds":7200}}`
	o.Connector.Manifest = &manifest
	now := noon.Time()
	a := serve(t, newMemory(o), func(c *Config) { c.Clock = func() time.Time { return now } })
	for _, target := range []string{"/_ref/connectors", "/_ref/connectors/ci_1", "/_ref/connectors?connection=ci_1"} {
		now = noon.Time()
		w := a.get(target)
		next, err := summary.ParseInstant(w.Header().Get("Tidemark-Next-Change"))
		if err != nil || !next.After(noon) {
			t.Fatalf("%s: next change %q", target, w.Header().Get("Tidemark-Next-Change"))
		}
		for range 10 { // a moment that is named too early names a later one
			now = next.Time().Add(-time.Microsecond)
			if got := a.get(target).Header().Get("Etag"); got != w.Header().Get("Etag") {
				t.Fatalf("%s: it changed before %s", target, next)
			}
			now = next.Time()
			after := a.get(target)
			if after.Header().Get("Etag") != w.Header().Get("Etag") {
				break
			}
			if next, err = summary.ParseInstant(after.Header().Get("Tidemark-Next-Change")); err != nil {
				t.Fatalf("%s: it never changed", target)
			}
		}
	}
	forever := a.do("GET", "/openapi.json", nil)
	if forever.Header().Get("Tidemark-Next-Change") != "" || !json.Valid(forever.Body.Bytes()) || forever.Code != http.StatusOK {
		t.Errorf("the document: %d %v", forever.Code, forever.Header())
	}
}

func TestPrefersGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZip": true, "x-gzip": true, "br": false, "*": true, "gzip;q=0": false, "gzip; q=0.0": false,
		"gzip;q=0.5": true, "gzip;q=0.5, identity": false, "gzip;q=0.5, identity;q=0.5": true, "gzip;q=0.5, identity;q=0.9": false,
		"identity;q=0": true, "identity;q=0, gzip;q=0.1": true, "identity;q=0, br": true, "*;q=0": false, "*;q=0, gzip": true, "gzip;q=0, *": false,
		"gzip;q=2": false, "gzip;q=x": false, "deflate, gzip;q=1.0, *;q=0.5": true, ",,gzip,": true, "identity;q=0, *;q=0": false,
	} {
		if got := prefersGzip([]string{header}); got != want {
			t.Errorf("%q: %t", header, got)
		}
	}
	if prefersGzip(nil) || !prefersGzip([]string{"br", "gzip"}) {
		t.Error("no header, or two")
	}
}

func FuzzNegotiate(f *testing.F) {
	f.Add("gzip;q=0.5, *", `W/"a", "b"`)
	f.Add("identity;q=0", `*`)
	f.Fuzz(func(t *testing.T, accept, match string) {
		prefersGzip([]string{accept})
		const tag = `"not in any corpus"`
		if noneMatch([]string{match}, tag) && strings.TrimSpace(match) != "*" && !strings.Contains(match, tag) {
			t.Fatalf("%q matches", match)
		}
	})
}
