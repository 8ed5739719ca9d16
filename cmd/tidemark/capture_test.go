package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tidemark/drain"
	"tidemark/internal/poll"
	"tidemark/listener"
	"tidemark/summary"
)

// Only what was untrusted before the recount, is so for the same reason still, and is intact may be trusted after it.
func TestRecounted(t *testing.T) {
	at := summary.NewInstant(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	lost := func(table string, since time.Duration) drain.CaptureState {
		return drain.CaptureState{Table: table, Since: at.Add(since)}
	}
	before := []drain.CaptureState{lost("blobs", 0), lost("records", 0), lost("connectors", 0)}
	after := []drain.CaptureState{lost("blobs", 0), lost("records", time.Second), lost("spine_events", time.Second)}
	got := recounted(before, after)
	if len(got) != 1 || got[0].Table != "blobs" || got[0].Since != at {
		t.Errorf("trusted %v, want blobs", got)
	}
}

// What no mend can put right is told once, and not mended again and again: each try locks the table.
func TestWhatCannotBeMendedIsToldOnce(t *testing.T) {
	dsn := newDatabase(t, onPostgres)
	e := openEngine(t, dsn)
	mustForeign(t, dsn, `CREATE TABLE all_blobs (size_bytes bigint NOT NULL); ALTER TABLE blobs INHERIT all_blobs`)
	var told strings.Builder
	w := &captureWatch{engine: e, log: slog.New(slog.NewTextHandler(&told, nil))}
	since := func() string {
		t.Helper()
		got, err := e.texts(t.Context(), `SELECT since::text FROM tidemark.capture_state WHERE table_name = 'blobs' AND NOT trusted`)
		if err != nil || len(got) != 1 {
			t.Fatalf("blobs untrusted since %v, %v", got, err)
		}
		return got[0]
	}
	w.look(t.Context())
	first := since()
	w.look(t.Context())
	if again := since(); again != first || strings.Count(told.String(), "capture lost") != 1 {
		t.Errorf("untrusted since %s, then %s; told:\n%s", first, again, told.String())
	}
	mustForeign(t, dsn, `ALTER TABLE blobs NO INHERIT all_blobs`)
	w.look(t.Context())
	if len(w.told) > 0 {
		t.Errorf("after mending: %+v", w.told)
	}
}

// Whoever took the channel before an event is told of it.
func TestChanges(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	hub := listener.NewHub(1)
	c := newChanges(hub)
	ended := make(chan error, 1)
	ctx, stop := testContext(t)
	go func() { ended <- c.Run(ctx) }()
	poll.Until(t, "it listens", func() bool { return hub.Stats().Subscribers == 1 })
	for range 3 {
		next := c.Next()
		select {
		case <-next:
			t.Fatal("told of nothing")
		default:
		}
		hub.Publish(listener.Change{Version: 1})
		select {
		case <-next:
		case <-time.After(within):
			t.Fatal("not told")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := hub.Stats().Subscribers; n != 0 {
		t.Errorf("%d subscribers are left", n)
	}
}
