package apicheck

import (
	"bytes"
	"io"
	"net/http"
)

// TB is what the wrappers need of a test.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Handler checks every answer of h when it is complete; files are none of the interface's.
func (c *Checker) Handler(t TB, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tee := &tee{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(tee, r)
		if tee.status < 400 && !c.Described(r.Method, r.URL.EscapedPath()) {
			return
		}
		if err := c.Check(r.Method, r.URL.EscapedPath(), tee.status, w.Header(), tee.body.Bytes()); err != nil {
			t.Errorf("%s %s: status %d is not as the document says: %v\n%s", r.Method, r.URL, tee.status, err, clip(tee.body.Bytes()))
		}
	})
}

type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *tee) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *tee) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is wrapped.
func (t *tee) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// Flush implements http.Flusher.
func (t *tee) Flush() { _ = http.NewResponseController(t.ResponseWriter).Flush() }

// Transport checks every answer that comes through next, but for streams, which have no end.
func (c *Checker) Transport(t TB, next http.RoundTripper) http.RoundTripper {
	return transport{c, t, next}
}

type transport struct {
	c    *Checker
	t    TB
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.next.RoundTrip(r)
	if err != nil || answer.Header.Get("Content-Type") == "text/event-stream" || !t.c.Described(r.Method, r.URL.EscapedPath()) {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if err := t.c.Check(r.Method, r.URL.EscapedPath(), answer.StatusCode, answer.Header, body); err != nil {
		t.t.Errorf("%s %s: status %d is not as the document says: %v\n%s", r.Method, r.URL, answer.StatusCode, err, clip(body))
	}
	return answer, nil
}

func clip(body []byte) []byte { return body[:min(len(body), 2000)] }
