package server

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
	"unicode/utf8"

	"tidemark/summary"
)

func FuzzCursor(f *testing.F) {
	f.Add("amazon", "ci_1", int64(1_700_000_000_000_000), "digest", "AQ")
	f.Add("a/b", "ä", int64(0), "", "")
	f.Add("a\xff", "\xfe", int64(0), "", "")
	f.Fuzz(func(t *testing.T, connector, id string, micros int64, digest, hostile string) {
		if p, ok := decodeCursor(hostile, digest); ok && encodeCursor(p, digest) != hostile {
			t.Fatalf("took a cursor that it would not give: %q", hostile)
		}
		if !storable(connector) || !storable(id) || micros < firstTime || micros >= endTime {
			return
		}
		p := summary.Position{ConnectorID: connector, CreatedAt: summary.NewInstant(time.UnixMicro(micros)), ConnectionID: id}
		place := summary.StreamPosition{Index: int(uint32(micros)), Stream: id}
		if got, ok := decodeStream(encodeStream(place, digest), digest); !ok || got != place {
			t.Fatalf("%+v came back as %+v, %t", place, got, ok)
		}
		c := encodeCursor(p, digest)
		if got, ok := decodeCursor(c, digest); !ok || got != p {
			t.Fatalf("%+v came back as %+v, %t", p, got, ok)
		}
		if _, ok := decodeCursor(c, digest+"x"); ok {
			t.Fatal("took another list's cursor")
		}
		for i := range c {
			b := []byte(c)
			b[i] ^= 1
			if _, ok := decodeCursor(string(b), digest); ok {
				t.Fatalf("took a cursor changed at %d", i)
			}
		}
	})
}

func FuzzListQuery(f *testing.F) {
	for _, q := range []string{"", "limit=10&cursor=x", "connector_id=a&connector_id=b&status=active", "connection=ci_1&fresh=true", "q=%25&state=idle", "a=%zz"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r := httptest.NewRequest("GET", "/_ref/connectors", nil)
		r.URL.RawQuery = raw
		q, bad := parseListQuery(r)
		if bad != nil {
			if bad.status != 400 || bad.message == "" {
				t.Fatalf("%q: refused with %+v", raw, bad)
			}
			return
		}
		if q.limit < 1 || q.limit > 100 || q.connection != "" && (q.cursor != "" || !validID(q.connection)) || len(q.filter.ConnectorIDs) > 100 {
			t.Fatalf("%q: took %+v", raw, q)
		}
		for _, id := range q.filter.ConnectorIDs {
			if !validID(id) {
				t.Fatalf("%q: took the id %q", raw, id)
			}
		}
	})
}

func FuzzPathID(f *testing.F) {
	f.Add("a%2Fb")
	f.Add("%")
	f.Fuzz(func(t *testing.T, escaped string) {
		if id, bad := pathID("id", escaped); bad == nil && !validID(id) {
			t.Fatalf("%q: took the id %q", escaped, id)
		}
		if validID(escaped) {
			if id, bad := pathID("id", url.PathEscape(escaped)); bad != nil || id != escaped {
				t.Fatalf("%q came back as %q, %v", escaped, id, bad)
			}
		}
	})
}

// validID reports whether an address may name the id.
func validID(id string) bool { return storable(id) && utf8.ValidString(id) }
