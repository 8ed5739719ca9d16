package server

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/summary"
)

// happened is what a memory tells of beside its connections.
type happened struct {
	events  []summary.Event // deletions and manifest changes
	floor   int64
	max     int64 // if not 0
	capture summary.Instant
	server  string
	next    chan struct{}
}

func (m *memory) Events(_ context.Context, q summary.EventQuery) (summary.Events, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return summary.Events{}, m.err
	}
	out := summary.Events{Floor: m.happened.floor, Server: m.happened.server, Capture: m.happened.capture}
	all := slices.Clone(m.happened.events)
	for i := range m.rows {
		o := &m.rows[i]
		out.Late = out.Late || q.Late && o.DirtySince != nil && time.Since(o.DirtySince.Time()) > summary.LateAfter
		all = append(all, summary.Event{Owner: o.Identity.OwnerSubjectID, ConnectionID: o.ConnectionID, Version: o.Version, Kind: summary.EventEvidence})
		if o.Version <= q.After {
			out.Since = summary.Later(out.Since, o.ComputedAt)
		}
	}
	for _, e := range all {
		out.Max = max(out.Max, e.Version)
		if e.Version > q.After && slices.Contains(q.Owners, e.Owner) {
			out.Events = append(out.Events, e)
		}
	}
	if m.happened.max != 0 {
		out.Max = m.happened.max
	}
	slices.SortStableFunc(out.Events, func(a, b summary.Event) int { return int(a.Version - b.Version) })
	if len(out.Events) > q.Limit {
		out.Events, out.More = out.Events[:q.Limit], true
	}
	return out, nil
}

func (m *memory) Named(_ context.Context, ids []string) ([]summary.Observation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []summary.Observation
	for _, o := range m.rows {
		if slices.Contains(ids, o.ConnectionID) {
			out = append(out, o)
		}
	}
	return out, m.err
}

// Next makes a memory its own Changes.
func (m *memory) Next() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.happened.next == nil {
		m.happened.next = make(chan struct{})
	}
	return m.happened.next
}

// change changes what there is, and announces it.
func (m *memory) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	if m.happened.next != nil {
		close(m.happened.next)
		m.happened.next = nil
	}
}

// listening runs f in a bubble of synctest with a server that feeds streams.
func listening(t *testing.T, m *memory, f func(t *testing.T, a api)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h, err := New(Config{Store: m, Changes: m})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := h.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		f(t, api{t, h})
		stop()
		wg.Wait()
	})
}

// tap is the far end of a stream.
type tap struct {
	t      *testing.T
	mu     sync.Mutex
	status int
	header http.Header
	got    bytes.Buffer
	stuck  chan struct{} // writes wait for it, if not nil
	leave  context.CancelFunc
	done   chan struct{} // closed when the handler has returned
}

func (p *tap) Header() http.Header { return p.header }
func (p *tap) Flush()              {}

func (p *tap) WriteHeader(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = status
}

func (p *tap) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stuck := p.stuck; stuck != nil {
		p.mu.Unlock()
		<-stuck
		p.mu.Lock()
	}
	return p.got.Write(b)
}

// listen opens a stream; headers as do takes them.
func (a api) listen(token string, headers ...string) *tap {
	ctx, leave := context.WithCancel(a.t.Context())
	r := httptest.NewRequest("GET", "/_ref/events", nil).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	p := &tap{t: a.t, status: http.StatusOK, header: http.Header{}, leave: leave, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		a.h.ServeHTTP(p, r)
	}()
	synctest.Wait()
	return p
}

// sent is one event as a client parses it.
type sent struct{ id, event, data string }

// events takes what has come since the last call; every one must be as the document says.
func (p *tap) events() []sent {
	p.t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []sent
	for _, block := range strings.Split(p.got.String(), "\n\n") {
		var e sent
		for _, line := range strings.Split(block, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.event = value
			case "data":
				e.data = value
			case "", ":", "retry":
			default:
				p.t.Errorf("line %q in a stream", line)
			}
		}
		if e.event == "" {
			continue
		}
		if err := checker().Component(e.event, []byte(e.data)); err != nil {
			p.t.Errorf("event %s with %s: %v", e.event, e.data, err)
		}
		out = append(out, e)
	}
	p.got.Reset()
	return out
}

func (p *tap) expect(want ...sent) {
	p.t.Helper()
	if got := p.events(); !slices.Equal(got, want) {
		p.t.Errorf("events\n%q, want\n%q", got, want)
	}
}

// close leaves, and waits for the handler.
func (p *tap) close() {
	p.leave()
	<-p.done
}

// elapse lets the bubble's clock go on.
func elapse(d time.Duration) { <-time.After(d) }

func changed(connection string, version, reason string) sent {
	return sent{version, "summary.changed", `{"connection_id":"` + connection + `","version":` + version + `,"reason":"` + reason + `"}`}
}
