package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tidemark/server/schema"
	"tidemark/summary"
)

const (
	// keepAliveEvery is how often a stream without events says that it is there.
	keepAliveEvery = 15 * time.Second
	// recheckEvery is how long a token is believed while its stream has something to say.
	recheckEvery = 2 * time.Second
	// writeWithin is how long a client may take to receive what is written.
	writeWithin = 10 * time.Second
	// reconnectMillis is what clients are asked to wait before they come back.
	reconnectMillis = "1000"
)

func (s *server) eventRoutes() []route {
	return []route{{Operation: schema.Operation{
		Method: "GET", Path: "/_ref/events", ID: "streamEvents", Scope: summary.ScopeRead,
		About: "Server-sent events: what changes, when it changes. Send the last id as Last-Event-ID to go on from there.",
		Query: []schema.Param{{
			Name: "last_event_id", About: "In place of the header, for clients that cannot send one.", Schema: schema.Schema{"type": "string", "maxLength": 64},
		}},
		Answers: []schema.Answer{{Status: 200, Type: "text/event-stream", Schema: schema.Text(),
			About: "Events summary.changed, summary.deleted and resync; each one's data is the component of its name."}},
	}, handle: s.streamEvents, stream: true}}
}

// streamEvents answers GET /_ref/events for as long as the client listens, its token is good and the server runs.
func (s *server) streamEvents(w http.ResponseWriter, r *http.Request) {
	v := parseValues(r)
	lastID, given := v.one("last_event_id")
	if len(lastID) > 64 {
		v.refuse("last_event_id", "last_event_id is longer than 64 octets.")
	}
	if bad := v.end(); bad != nil {
		s.fail(w, r, bad)
		return
	}
	if header := r.Header.Get("Last-Event-ID"); header != "" || !given {
		lastID = header
	}
	h := w.Header()
	if r.Method == http.MethodHead {
		h.Set("Content-Type", "text/event-stream")
		return
	}
	begin, cancel := context.WithTimeout(r.Context(), s.Timeout)
	stream, err := s.feed.attach(begin, tokenOf(r), lastID)
	cancel()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer s.feed.detach(stream)
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies are not to wait for more
	to := client{w: w, control: http.NewResponseController(w), checked: s.now()}
	_ = to.control.SetReadDeadline(time.Time{}) // nothing more is read; where it cannot be lifted the client comes back
	// The place at once: a client that is cut off before the first event knows where it was.
	hello := append(appendID([]byte("retry: "+reconnectMillis+"\n"), s.feed.position(stream)), '\n')
	if to.send(hello) != nil {
		return
	}
	s.tellClient(r, &to, stream)
}

// client is the far end of a stream.
type client struct {
	w       http.ResponseWriter
	control *http.ResponseController
	checked summary.Instant // when the token was last seen to be good
}

// send writes b at once; a client that does not take it in time is lost.
func (c *client) send(b []byte) error {
	_ = c.control.SetWriteDeadline(time.Now().Add(writeWithin)) // where it cannot be set the server's own limit counts
	if _, err := c.w.Write(b); err != nil {
		return err
	}
	return c.control.Flush()
}

var keepAlive = []byte(":\n\n")

// tellClient writes what the stream holds until something ends it.
func (s *server) tellClient(r *http.Request, to *client, stream *stream) {
	timer := time.NewTimer(keepAliveEvery)
	defer timer.Stop()
	var b []byte
	for {
		b = b[:0]
		select {
		case <-r.Context().Done():
			return
		case <-s.feed.end():
			return
		case <-timer.C:
			if !s.admitted(r, to, 0) {
				return
			}
			b = append(b, keepAlive...)
		case <-stream.wake:
			if !s.admitted(r, to, recheckEvery) {
				return
			}
			why, at, notes := s.feed.take(stream)
			if why != "" {
				b = appendResync(b, why, at)
			}
			b = appendNotes(b, notes)
		}
		if len(b) == 0 {
			continue
		}
		if to.send(b) != nil {
			return
		}
		if cap(b) > 16<<10 { // what one burst needed is not kept for each of a thousand clients
			b = nil
		}
		timer.Reset(keepAliveEvery)
	}
}

// admitted looks at the token again if that was longer ago than age. A database that does not answer ends no stream: what it
// could not be asked for cannot be told either.
func (s *server) admitted(r *http.Request, to *client, age time.Duration) bool {
	now := s.now()
	if now.Sub(to.checked) < age {
		return true
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	token, err := s.authenticate(r.WithContext(ctx))
	var refused *failure
	switch {
	case errors.As(err, &refused):
		return false
	case err == nil:
		to.checked = now
		return token.Allows(summary.ScopeRead) && token.Owner == ownerOf(r)
	}
	return true
}
