package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"time"

	"tidemark/db"
	"tidemark/drain"
	"tidemark/listener"
	"tidemark/summary"
)

const (
	// presenceLooks is how often a server looks at what it would say of itself; it says it when that has changed, and at
	// least every presenceEvery.
	presenceLooks, presenceEvery = time.Second, 10 * time.Second
	// presenceWithin bounds the saying, and the farewell.
	presenceWithin = 5 * time.Second
)

// presence tells the database what a server is, for `tidemark status` of another process.
type presence struct {
	db     *db.Replicated
	status func() listener.Status
	log    *slog.Logger
	self   drain.ServerState
}

func newPresence(d *db.Replicated, status func() listener.Status, log *slog.Logger) *presence {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return &presence{d, status, log, drain.ServerState{
		ServerID: "s_" + rand.Text()[:16], Name: fmt.Sprintf("%s:%d", host, os.Getpid()), StartedAt: summary.NewInstant(time.Now()),
	}}
}

// run returns nil when ctx ends. That the database cannot be told is no news: whoever drains says so.
func (p *presence) run(ctx context.Context) error {
	var said string
	var at time.Time
	for wait := time.Duration(0); pause(ctx, wait); wait = presenceLooks {
		now := p.state()
		what := fmt.Sprint(now.Role, now.Signal, now.Reason, now.ReadsFrom, now.ReadsWhy, now.LastFault, now.Failing > 0)
		if what == said && time.Since(at) < presenceEvery {
			continue
		}
		if p.within(ctx, func(ctx context.Context) error { return p.db.SaveServer(ctx, now) }) {
			said, at = what, time.Now()
		}
	}
	p.within(context.WithoutCancel(ctx), func(ctx context.Context) error { return p.db.RemoveServer(ctx, p.self.ServerID) })
	return nil
}

func (p *presence) within(ctx context.Context, do func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(ctx, presenceWithin)
	defer cancel()
	err := do(ctx)
	if err != nil {
		p.log.DebugContext(ctx, "the database was not told of this server", "error", summary.Redact(err.Error()))
	}
	return err == nil
}

// state is what the server says of itself now.
func (p *presence) state() drain.ServerState {
	s, l, r := p.self, p.status(), p.db.Replica()
	s.Role, s.Signal, s.Reason = string(l.Role), string(l.Signal), string(l.Reason)
	s.ReadsFrom, s.ReadsWhy = "primary", r.Reason
	if r.Fit {
		s.ReadsFrom = "standby"
	}
	s.Failing, s.Reconnects, s.Drains, s.Marks = l.Failing, l.Reconnects, l.Drains, l.Marks
	s.Faults = map[string]int64{}
	for code, n := range l.Faults {
		s.Faults[string(code)] = n
	}
	if f := l.LastError; f != nil {
		s.LastFault = string(f.Code) + ": " + f.Message
		at := summary.NewInstant(f.At)
		s.FaultedAt = &at
	}
	return s
}
