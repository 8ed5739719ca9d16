package main

import (
	"context"
	"sync"

	"tidemark/listener"
)

// changes turns a hub's events into what the server waits on: a channel that the next event closes. Safe for concurrent use.
type changes struct {
	hub *listener.Hub

	mu   sync.Mutex
	next chan struct{}
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
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-events.Events(): // a change, or the news that some may have been missed: both are worth another read
			c.announce()
		}
	}
}

func (c *changes) announce() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.next)
	c.next = make(chan struct{})
}
