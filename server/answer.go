package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"tidemark/summary"
)

// answer is what a conditional read sends: encoded once, whoever shares it, and packed once somebody asks for that. Its tag
// names the content, so nothing in it may depend on when it was read.
type answer struct {
	plain []byte
	tag   string           // without quotes, of plain
	next  *summary.Instant // when time alone changes it; nil if it never does
	// behind names the components a change of which is not in it yet, where the body has no place for that.
	behind summary.Set

	pack   sync.Once
	packed []byte
}

// encode makes an answer of v.
func encode(v any, next *summary.Instant) (*answer, error) {
	plain, err := marshal(v)
	if err != nil {
		return nil, err
	}
	a := encoded(plain)
	a.next = next
	return a, nil
}

// encoded is an answer of JSON.
func encoded(plain []byte) *answer {
	sum := sha256.Sum256(plain)
	return &answer{plain: plain, tag: base64.RawURLEncoding.EncodeToString(sum[:16])}
}

// marshal encodes v as every answer is: nothing escaped for HTML, one line.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return b.Bytes(), nil
}

// packers are reused: one weighs hundreds of kilobytes.
var packers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a valid one
	return w
}}

// gzip returns the answer packed. Its error is always nil: it writes into memory.
func (a *answer) gzip() []byte {
	a.pack.Do(func() {
		w := packers.Get().(*gzip.Writer) //nolint:forcetypeassert // New makes nothing else
		defer packers.Put(w)
		var b bytes.Buffer
		w.Reset(&b)
		_, _ = w.Write(a.plain)
		_ = w.Close()
		a.packed = b.Bytes()
	})
	return a.packed
}

// answer sends a, or 304 where the client has it already. What it holds is one owner's and may change at any moment, so it is
// never used again without asking; whoever hears of changes otherwise may keep it until Tidemark-Next-Change.
func (s *server) answer(w http.ResponseWriter, r *http.Request, a *answer) {
	packed := prefersGzip(r.Header["Accept-Encoding"])
	tag := `"` + a.tag + `"`
	if packed {
		tag = `"` + a.tag + `-gzip"`
	}
	h := w.Header()
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Accept-Encoding, Authorization, Cookie")
	h.Set("Etag", tag)
	if a.next != nil {
		h.Set("Tidemark-Next-Change", a.next.String())
	}
	if len(a.behind) > 0 {
		h.Set("Tidemark-Behind", join(a.behind.Sorted()))
	}
	if noneMatch(r.Header["If-None-Match"], tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.plain
	if packed {
		body = a.gzip()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", jsonType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // an error here means that the client has gone
	}
}

// writeJSON answers with v, now and to this client alone. It encodes before it writes, so an encoding fault is still a proper
// 500.
func (s *server) writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := marshal(v)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", jsonType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // an error here means that the client has gone
	}
}

func join(components []summary.Component) string {
	var b strings.Builder
	for i, c := range components {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(c))
	}
	return b.String()
}
