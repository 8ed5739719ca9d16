package readapi

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"tidemark/internal/apitest"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// site is a server over one engine, reached through a socket.
type site struct {
	*enginetest.Engine
	t      *testing.T
	base   string
	client *http.Client
	wake   *wake
}

// wake is Changes by hand.
type wake struct {
	mu   sync.Mutex
	next chan struct{}
}

func (w *wake) Next() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.next
}

func (w *wake) announce() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.next)
	w.next = make(chan struct{})
}

// each runs a test on both engines with the fleet in them, drained.
func each(t *testing.T, f func(t *testing.T, s *site)) {
	t.Helper()
	enginetest.Each(t, enginetest.ReadFixture(t, "../conformance/testdata/fleet.sql"), func(t *testing.T, e *enginetest.Engine) { f(t, start(t, e)) })
}

func start(t *testing.T, e *enginetest.Engine) *site {
	t.Helper()
	w := &wake{next: make(chan struct{})}
	h := apitest.New(t, e, w, func() time.Time { return enginetest.Clock })
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	socket := httptest.NewServer(h)
	t.Cleanup(func() {
		stop()
		running.Wait()
		socket.Close()
	})
	return &site{Engine: e, t: t, base: socket.URL, wake: w, client: &http.Client{
		Transport: apitest.Checker(t).Transport(t, http.DefaultTransport), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// get asks as an owner and decodes the answer.
func (s *site) get(owner, target string) (status int, body map[string]any, header http.Header) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.base+target, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if owner != "" {
		r.Header.Set("Authorization", "Bearer "+owner)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read whole
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &body); err != nil {
		s.t.Fatalf("%s: %v: %s", target, err, text)
	}
	return answer.StatusCode, body, answer.Header
}

// ids are the connections of a list.
func ids(list map[string]any) []string {
	out := []string{}
	data, _ := list["data"].([]any)
	for _, row := range data {
		id, _ := row.(map[string]any)["connection_id"].(string)
		out = append(out, id)
	}
	return out
}

// event is one that a stream sent.
type event struct{ id, name, data string }

// listen opens a stream and returns what it sends; hello is its first id.
func (s *site) listen(owner, lastID string) (events <-chan event, hello string) {
	s.t.Helper()
	ctx, leave := context.WithCancel(s.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/_ref/events", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+owner)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("stream: status %d", answer.StatusCode)
	}
	out := make(chan event, 100)
	done := make(chan struct{})
	first := make(chan string, 1)
	go func() {
		defer close(done)
		defer close(out)
		var e event
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				e.data = value
			case "":
				if e.name != "" {
					out <- e
				} else if e.id != "" {
					first <- e.id
				}
				e = event{}
			}
		}
	}()
	s.t.Cleanup(func() {
		leave()
		_ = answer.Body.Close()
		<-done
	})
	return out, <-first
}

// await takes the next event of a stream.
func (s *site) await(events <-chan event) event {
	s.t.Helper()
	select {
	case e, open := <-events:
		if !open {
			s.t.Fatal("the stream ended")
		}
		if err := apitest.Checker(s.t).Component(e.name, []byte(e.data)); err != nil {
			s.t.Errorf("event %+v: %v", e, err)
		}
		return e
	case <-time.After(time.Minute):
		s.t.Fatal("no event within a minute")
		return event{}
	}
}

// does writes with plain SQL, drains and announces it.
func (s *site) does(sql ...string) {
	s.t.Helper()
	s.Exec(s.t, sql...)
	s.Settle(s.t)
	s.wake.announce()
}
