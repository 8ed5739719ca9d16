package main

import (
	"context"
	"sync"

	"tidemark/listener"
)

// changes turns a hub's events into what the server waits on: a channel that the next event closes. Safe for concurrent use.
type changes struct {
	hub *listener.Hub

	mu     sync.Mutex
	next   chan struct{}
	missed int64
}

func newChanges(hub *listener.Hub) *changes { return &changes{hub: hub, next: make(chan struct{})} }

// Next implements server.Changes.
func (c *changes) Next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// Run follows the hub until ctx ends.
func (c *changes) Run(ctx context.Context) error {
	events := c.hub.Subscribe()
	defer events.Close()
	began := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-events.Events(): // a change, or the news that some may have been missed: both are worth another read
			c.announce(began && lost(e.Resync))
			began = true
		}
	}
}

// lost reports whether announcements may have been missed that no version tells of: while there was no connection, another
// database may have taken this one's place. A queue that ran over loses nothing that the versions do not tell.
func lost(why listener.ResyncReason) bool {
	return why == listener.ResyncConnected || why == listener.ResyncDisconnected
}

// Missed counts how often that was so.
func (c *changes) Missed() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.missed
}

func (c *changes) announce(missed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if missed {
		c.missed++
	}
	close(c.next)
	c.next = make(chan struct{})
}
