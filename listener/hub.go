package listener

import "sync"

// DefaultBuffer is how many events a subscriber may be behind before it is told to read anew.
const DefaultBuffer = 256

// ResyncReason says why a subscriber may have missed changes. The set is closed.
type ResyncReason string

const (
	// ResyncOverflow: the subscriber was too slow; what was published from here on was dropped.
	ResyncOverflow ResyncReason = "overflow"
	// ResyncConnected: changes are heard from now on; there was no connection before.
	ResyncConnected ResyncReason = "connected"
	// ResyncDisconnected: no changes are heard, until further notice.
	ResyncDisconnected ResyncReason = "disconnected"
	// ResyncMalformed: something was announced that could not be read.
	ResyncMalformed ResyncReason = "malformed"
)

// Event is a change or, if Resync is not empty, the news that changes may have been missed: read anew.
type Event struct {
	Change Change
	Resync ResyncReason
}

// Hub hands changes to the subscribers of this process. Safe for concurrent use; nothing here waits for a subscriber.
type Hub struct {
	buffer int

	mu          sync.Mutex
	subscribers map[*Subscription]struct{}
	stats       HubStats
}

// HubStats counts what a hub has done.
type HubStats struct {
	Subscribers int   `json:"subscribers"` // now
	Changes     int64 `json:"changes"`     // published
	Resyncs     int64 `json:"resyncs"`     // told to all
	Overflows   int64 `json:"overflows"`   // told to one slow subscriber
}

// NewHub returns a hub whose subscribers may each be buffer events behind; 0 is DefaultBuffer.
func NewHub(buffer int) *Hub {
	if buffer <= 0 {
		buffer = DefaultBuffer
	}
	return &Hub{buffer: buffer, subscribers: map[*Subscription]struct{}{}}
}

// Publish tells every subscriber of a change. Call it after the change is committed.
func (h *Hub) Publish(c Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stats.Changes++
	h.tell(Event{Change: c})
}

// Resync tells every subscriber that changes may have been missed.
func (h *Hub) Resync(why ResyncReason) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stats.Resyncs++
	h.tell(Event{Resync: why})
}

// Subscribe returns a subscription to what is published from now on. Subscribe first and read the state afterwards: then
// nothing is missed in between. Close the subscription.
func (h *Hub) Subscribe() *Subscription {
	s := &Subscription{hub: h, events: make(chan Event, h.buffer+1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subscribers[s] = struct{}{}
	return s
}

// Stats is what the hub has done until now.
func (h *Hub) Stats() HubStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	stats := h.stats
	stats.Subscribers = len(h.subscribers)
	return stats
}

func (h *Hub) tell(e Event) {
	for s := range h.subscribers {
		if !s.offer(e) {
			h.stats.Overflows++
		}
	}
}

// Subscription receives the events of one subscriber.
type Subscription struct {
	hub    *Hub
	events chan Event
	behind bool // the last event in the queue is the news of an overflow; guarded by the hub's mutex
}

// Events yields events in the order in which they were published. It is closed by Close.
func (s *Subscription) Events() <-chan Event { return s.events }

// Close ends the subscription. It may be called again.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if _, open := s.hub.subscribers[s]; open {
		delete(s.hub.subscribers, s)
		close(s.events)
	}
}

// offer queues an event, or in the queue's last place the news that from here on events were dropped. They are, until
// that news has been taken: whoever then reads anew reads what they told of. False if the queue has just overflowed. The
// hub is locked, so nobody else sends.
func (s *Subscription) offer(e Event) bool {
	if s.behind && len(s.events) > 0 {
		return true
	}
	s.behind = len(s.events) == cap(s.events)-1
	if s.behind {
		e = Event{Resync: ResyncOverflow}
	}
	s.events <- e // there is room
	return !s.behind
}
