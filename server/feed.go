package server

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tidemark/summary"
)

const (
	// maxRound bounds the events of one read, and so what a client is told when it comes back.
	maxRound = 5000
	// lookEvery is the pace of reads that no change asks for: signals may be lost, and a loss of trust gives none.
	lookEvery = 2 * time.Second
	// failedAgain is how long after a read that failed the next is tried.
	failedAgain = 500 * time.Millisecond
	// startsWithin is how long a stream waits for a feed that does not run yet: requests may come a moment before it does.
	startsWithin = time.Second
)

// feed tells every event stream of this server what changed: one read for all of them, however many they are. It owns no
// goroutine but those of Run. Safe for concurrent use.
type feed struct {
	store   Store
	changes Changes
	now     func() summary.Instant
	warn    func(what string, err error)
	alarms  *alarms

	came   chan struct{}   // of one: a stream has got its place
	looked summary.Instant // when follow last looked for late marks

	mu      sync.Mutex
	started chan struct{} // closed when it runs
	ended   chan struct{} // closed when streams have to end
	streams map[*stream]struct{}
	open    map[string]int // streams by token
	told    int64          // events queued, for metrics
	resyncs int64
}

func newFeed(store Store, changes Changes, now func() summary.Instant, warn func(string, error)) *feed {
	f := &feed{
		store: store, changes: changes, now: now, warn: warn, came: make(chan struct{}, 1), started: make(chan struct{}), ended: make(chan struct{}),
		streams: map[*stream]struct{}{}, open: map[string]int{},
	}
	f.alarms = newAlarms(store, now, warn, f.ring)
	return f
}

// Run feeds the streams until ctx ends, and then ends them. Call it once.
func (f *feed) run(ctx context.Context) error {
	close(f.started)
	defer close(f.ended)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { f.follow(ctx); return nil })
	group.Go(func() error { f.alarms.run(ctx); return nil })
	return group.Wait()
}

// follow reads whenever something changed, and now and then. Where changes come faster than a read takes, it rests for as long
// as the last one took.
func (f *feed) follow(ctx context.Context) {
	for {
		var next <-chan struct{}
		if f.changes != nil {
			next = f.changes.Next() // before the read, so that no change between the two is missed
		}
		wait, began := lookEvery, time.Now()
		if err := f.round(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			f.warn("events cannot be read", err)
			wait, next = failedAgain, nil
		}
		if !pause(ctx, nil, nil, time.Since(began)) || !pause(ctx, next, f.came, wait) {
			return
		}
	}
}

// pause waits until one of the channels yields or d is over, and reports whether ctx goes on.
func pause(ctx context.Context, a, b <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-a:
	case <-b:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// round reads what lies above the least that a stream has seen, and queues it.
func (f *feed) round(ctx context.Context) error {
	streams, q := f.audience()
	began, looked := f.now(), f.looked
	if len(streams) == 0 {
		f.looked = began
		return nil // whoever comes reads for itself
	}
	q.Late = began.Sub(looked) >= lookEvery
	found, err := f.store.Events(ctx, q)
	if err != nil {
		return err
	}
	if q.Late {
		f.looked = began
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	by, now, moved := byOwner(found.Events), originOf(found), false
	for _, s := range streams {
		moved = moved || s.from != now
		switch {
		case found.Max < s.seen: // another database, or an older state of it
			f.lose(s, resyncUnknownID, found.Max)
		case found.More:
			f.lose(s, resyncTooMany, found.Max)
		case s.from.server != now.server:
			f.lose(s, resyncRestarted, found.Max)
		case s.from.capture != now.capture:
			f.lose(s, resyncCapture, found.Max)
		default:
			f.tell(s, by[s.owner])
		}
		s.seen, s.from = found.Max, now
	}
	switch {
	case found.More || moved:
		f.alarms.reload(began)
	case found.Late:
		// The mark came after the alarms were set, and no event tells of it before a drain has it. Marks that were late at the look before have
		// their alarms since; the others' grace ends LateAfter after that look at the soonest. Half of it is left for clocks that differ.
		f.alarms.reload(looked.Add(summary.LateAfter / 2))
	}
	f.alarms.changed(found.Events)
	return nil
}

// audience lists the streams that have a place, and what to read for them.
func (f *feed) audience() ([]*stream, summary.EventQuery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []*stream
	q := summary.EventQuery{Limit: maxRound}
	owners := map[string]bool{}
	for s := range f.streams {
		if !s.ready {
			continue
		}
		if len(out) == 0 || s.seen < q.After {
			q.After = s.seen
		}
		out = append(out, s)
		if !owners[s.owner] {
			owners[s.owner] = true
			q.Owners = append(q.Owners, s.owner)
		}
	}
	return out, q
}

func byOwner(events []summary.Event) map[string][]note {
	out := map[string][]note{}
	for _, e := range events {
		out[e.Owner] = append(out[e.Owner], note{e.ConnectionID, e.Version, noteKinds[e.Kind]})
	}
	return out
}

// tell queues what a stream has not seen. Notes come by version. The lock is held.
func (f *feed) tell(s *stream, notes []note) {
	for len(notes) > 0 && notes[0].version <= s.seen {
		notes = notes[1:]
	}
	f.told += int64(len(notes))
	s.offer(notes...)
}

// lose makes a stream read anew. The lock is held.
func (f *feed) lose(s *stream, why resync, version int64) {
	f.resyncs++
	s.lose(why, version)
}

// ring tells an owner's streams of what time alone has changed.
func (f *feed) ring(owner string, due []note) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.streams {
		if s.owner == owner && s.ready {
			f.told += int64(len(due))
			s.offer(due...)
		}
	}
}

// take hands a stream's notes to its client, and why it has to read anew before them, and up to which version that counts.
func (f *feed) take(s *stream) (why resync, lost int64, notes []note) {
	f.mu.Lock()
	defer f.mu.Unlock()
	why, lost, notes = s.resync, s.lost, s.queue
	if why == resyncOverflow { // everything since was dropped
		lost = s.seen
		f.resyncs++
	}
	s.resync, s.queue = "", nil
	return why, lost, notes
}

// position is the version after which a stream tells: before what is queued.
func (f *feed) position(s *stream) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return s.began
}
