package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/summary"
)

// announcer is Changes for tests.
type announcer struct{ next chan struct{} }

func (a announcer) Next() <-chan struct{} { return a.next }

// TestReadsWaitForTheDrainOnce: behind on the first read, current on the second, after the announcement.
func TestReadsWaitForTheDrainOnce(t *testing.T) {
	m := newMemory(behind(connection("c", "ci_1")))
	drained := announcer{make(chan struct{})}
	m.onRead = func(n int) {
		if n == 1 { // the drain commits after this read's snapshot
			close(drained.next)
			return
		}
		m.mu.Lock()
		m.rows[0] = connection("c", "ci_1")
		m.mu.Unlock()
	}
	// Nothing but the announcement can end the wait within the test's time.
	a := serve(t, m, func(c *Config) { c.Changes, c.Settle, c.Timeout = drained, time.Hour, time.Hour })
	row := a.page("/_ref/connectors").Data[0]
	if m.reads != 2 || row["evidence"].(map[string]any)["dirty"] != false {
		t.Errorf("%d reads, evidence %v", m.reads, row["evidence"])
	}
}

func TestReadsSayWhatIsStillBehind(t *testing.T) {
	m := newMemory(behind(connection("c", "ci_1")))
	a := serve(t, m, func(c *Config) { c.Settle = time.Millisecond })
	for _, target := range []string{"/_ref/connectors", "/_ref/connectors?connection=ci_1"} {
		m.reads = 0
		row := a.page(target).Data[0]
		stale := row["evidence"].(map[string]any)["stale_components"].([]any)
		if m.reads != 2 || len(stale) != 1 || stale[0] != "runs" {
			t.Errorf("%s: %d reads, stale %v", target, m.reads, stale)
		}
	}
}

// TestReadsDoNotWaitInVain: for nothing, for deltas that are folded already, for what is parked, or where no mark says that
// a drain will come.
func TestReadsDoNotWaitInVain(t *testing.T) {
	since := noon
	folded, parked, unmarked := connection("c", "ci_1"), behind(connection("c", "ci_2")), behind(connection("c", "ci_3"))
	folded.DirtySince, parked.OnlyParked, unmarked.DirtySince = &since, true, nil
	m := newMemory(connection("c", "ci_0"), folded, parked, unmarked)
	a := serve(t, m, func(c *Config) { c.Settle, c.Timeout = time.Hour, time.Hour })
	if a.page("/_ref/connectors"); m.reads != 1 {
		t.Errorf("%d reads, want one", m.reads)
	}
}

func TestFreshDrainsWhatIsDirty(t *testing.T) {
	m := newMemory(connection("c", "ci_0"), behind(connection("c", "ci_1")))
	var drained [][]string
	m.drain = func(ids []string) error {
		drained = append(drained, ids)
		m.rows[1] = connection("c", "ci_1")
		return nil
	}
	a := serve(t, m)
	row := a.page("/_ref/connectors?fresh=true").Data[1]
	if len(drained) != 1 || !slices.Equal(drained[0], []string{"ci_1"}) || row["evidence"].(map[string]any)["dirty"] != false {
		t.Errorf("drained %v, evidence %v", drained, row["evidence"])
	}
	if a.page("/_ref/connectors?fresh=true"); len(drained) != 1 || m.reads != 3 {
		t.Errorf("clean connections were drained: %v, %d reads", drained, m.reads)
	}
}

// TestFreshAnswersWhenTheDrainDoesNot: out of time or failing, the answer comes and says what is behind.
func TestFreshAnswersWhenTheDrainDoesNot(t *testing.T) {
	m := newMemory(behind(connection("c", "ci_1")))
	m.cancel = true
	a := serve(t, m, func(c *Config) { c.FreshWithin = time.Millisecond })
	if row := a.page("/_ref/connectors?connection=ci_1&fresh=1").Data[0]; row["evidence"].(map[string]any)["dirty"] != true {
		t.Errorf("evidence %v", row["evidence"])
	}
	m.cancel = false
	m.drain = func([]string) error { return errors.New("drain broke") }
	if row := a.page("/_ref/connectors?fresh=1").Data[0]; row["evidence"].(map[string]any)["dirty"] != true {
		t.Errorf("evidence %v", row["evidence"])
	}
}

func TestDatabaseDown(t *testing.T) {
	m := newMemory()
	a := serve(t, m)
	for _, err := range []error{summary.ErrUnavailable, context.DeadlineExceeded} {
		m.err = err
		for _, target := range []string{"/_ref/connectors", "/_ref/connectors/x", "/_ref/connectors?connection=x"} {
			w := a.get(target)
			a.expect(w, http.StatusServiceUnavailable, codeUnavailable)
			if w.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		}
		a.expect(a.get("/readyz"), http.StatusServiceUnavailable, codeNotReady)
		a.expect(a.get("/healthz"), http.StatusOK, "")
	}
	m.err = errors.New("column does not exist: password=hunter2")
	w := a.get("/_ref/connectors")
	if e := a.expect(w, http.StatusInternalServerError, codeInternal); len(e.Message) == 0 || strings.Contains(w.Body.String(), "hunter2") {
		t.Errorf("a fault's text reached the client: %s", w.Body)
	}
}
