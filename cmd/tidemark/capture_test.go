package main

import (
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
