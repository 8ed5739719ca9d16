package server

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"tidemark/summary"
)

const (
	// alarmBatch is how many connections one read looks at.
	alarmBatch = 200
	// alarmRest is the least pause between two reads.
	alarmRest = 10 * time.Millisecond
)

// alarms knows for every connection of the owners who listen when time alone changes its summary: one heap and one timer for
// the whole server. It owns no goroutine but that of run. Safe for concurrent use.
type alarms struct {
	store Store
	now   func() summary.Instant
	warn  func(what string, err error)
	ring  func(owner string, due []note)
	late  lateness

	wake chan struct{} // of one: there is something to do

	mu     sync.Mutex
	owners map[string]*watched
	set    map[string]*alarm
	order  alarmHeap
	stale  map[string]summary.Instant // connections whose evidence changed, and when that was noticed
}

// watched is an owner with streams.
type watched struct {
	name    string
	streams int
	load    bool            // its connections have to be read
	since   summary.Instant // what time changed after that moment is told
}

// alarm is when a connection's summary changes next.
type alarm struct {
	at         summary.Instant
	owner      *watched
	connection string
	place      int // in the heap
}

func newAlarms(store Store, now func() summary.Instant, warn func(string, error), ring func(string, []note)) *alarms {
	return &alarms{
		store: store, now: now, warn: warn, ring: ring, wake: make(chan struct{}, 1),
		owners: map[string]*watched{}, set: map[string]*alarm{}, stale: map[string]summary.Instant{},
	}
}

// count is how many alarms are set.
func (a *alarms) count() float64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return float64(len(a.order))
}

func (a *alarms) rouse() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// watch counts a stream of an owner; the first makes the owner's connections known.
func (a *alarms) watch(owner string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w := a.owners[owner]
	if w == nil {
		w = &watched{name: owner, load: true, since: a.now()}
		a.owners[owner] = w
		a.rouse()
	}
	w.streams++
}

// leave forgets an owner with the last stream.
func (a *alarms) leave(owner string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w := a.owners[owner]
	if w.streams--; w.streams > 0 {
		return
	}
	delete(a.owners, owner)
	kept := a.order[:0]
	for _, x := range a.order {
		if x.owner == w {
			delete(a.set, x.connection)
			continue
		}
		x.place = len(kept)
		kept = append(kept, x)
	}
	clear(a.order[len(kept):])
	a.order = kept
	heap.Init(&a.order)
}

// reload makes every connection be looked at again, and tells what time changed since a moment.
func (a *alarms) reload(since summary.Instant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, w := range a.owners {
		if !w.load {
			w.load, w.since = true, since
		}
	}
	a.rouse()
}

// changed makes the connections be looked at again that events name.
func (a *alarms) changed(events []summary.Event) {
	if len(events) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	for _, e := range events {
		if a.owners[e.Owner] == nil {
			continue
		}
		if _, known := a.stale[e.ConnectionID]; !known {
			a.stale[e.ConnectionID] = now
		}
	}
	a.rouse()
}

// put sets, moves or (at nil) takes away a connection's alarm. The lock is held.
func (a *alarms) put(owner *watched, connection string, at *summary.Instant) {
	x := a.set[connection]
	switch {
	case x == nil && at == nil:
	case at == nil:
		heap.Remove(&a.order, x.place)
		delete(a.set, connection)
	case x == nil:
		x = &alarm{at: *at, owner: owner, connection: connection}
		a.set[connection] = x
		heap.Push(&a.order, x)
	default:
		x.at, x.owner = *at, owner
		heap.Fix(&a.order, x.place)
	}
}

// alarmHeap has the earliest alarm first.
type alarmHeap []*alarm

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (h alarmHeap) Len() int           { return len(h) }
func (h alarmHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h alarmHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push adds at the end.
func (h *alarmHeap) Push(x any) {
	a := x.(*alarm) //nolint:forcetypeassert // nothing else is pushed
	a.place = len(*h)
	*h = append(*h, a)
}

// Pop takes from the end.
func (h *alarmHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}

func (a *alarms) run(ctx context.Context) {
	for {
		began := time.Now()
		idle, err := a.step(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := max(time.Since(began), alarmRest)
		if err != nil {
			a.warn("connections cannot be read for their next change", err)
			wait = failedAgain
		}
		if idle > 0 {
			if !pause(ctx, a.wake, nil, idle) {
				return
			}
			continue
		}
		if !pause(ctx, nil, nil, wait) {
			return
		}
	}
}
