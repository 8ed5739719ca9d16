package server

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"tidemark/summary"
)

// errNotFed answers streams of a server that does not run, or no longer.
var errNotFed = errors.New("the feed of events does not run")

// attach begins a stream after the event that a client saw last, or from now on if lastID is empty. It is registered before
// the read and gets its place by it, so nothing falls in between. Detach it.
func (f *feed) attach(ctx context.Context, token summary.Token, lastID string) (*stream, error) {
	if err := f.awaitRun(ctx); err != nil {
		return nil, err
	}
	s := newStream(token.Owner, token.TokenID)
	f.mu.Lock()
	if f.open[s.token] >= maxStreamsOfOne {
		f.mu.Unlock()
		return nil, tooMany(time.Minute, "This token holds too many event streams open.")
	}
	f.open[s.token]++
	f.streams[s] = struct{}{}
	f.mu.Unlock()
	f.alarms.watch(s.owner)
	if err := f.place(ctx, s, lastID); err != nil {
		f.detach(s)
		return nil, err
	}
	select {
	case f.came <- struct{}{}:
	default:
	}
	return s, nil
}

// awaitRun returns nil once the feed runs; an error if it does not, or no longer.
func (f *feed) awaitRun(ctx context.Context) error {
	late := time.NewTimer(startsWithin)
	defer late.Stop()
	select {
	case <-f.started:
	case <-late.C:
		return errNotFed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-f.ended:
		return errNotFed
	default:
		return nil
	}
}

func (f *feed) detach(s *stream) {
	f.mu.Lock()
	delete(f.streams, s)
	if f.open[s.token]--; f.open[s.token] == 0 {
		delete(f.open, s.token)
	}
	f.mu.Unlock()
	f.alarms.leave(s.owner)
}

// place tells the client what it has missed, or that this cannot be told.
func (f *feed) place(ctx context.Context, s *stream, lastID string) error {
	q := summary.EventQuery{Owners: []string{s.owner}, After: math.MaxInt64, Limit: maxQueued}
	last, err := strconv.ParseInt(lastID, 10, 64)
	known := err == nil && last >= 0
	if known {
		q.After, q.Resume = last, true
	}
	found, err := f.store.Events(ctx, q)
	if err != nil {
		return err
	}
	var late []note
	complete := true
	resumes := known && last <= found.Max && last >= found.Floor && !found.More
	if resumes && found.Since != nil {
		if late, complete, err = f.alarms.since(ctx, s.owner, *found.Since); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s.ready, s.seen, s.began, s.from = true, found.Max, found.Max, originOf(found)
	switch {
	case lastID == "":
	case !known || last > found.Max:
		f.lose(s, resyncUnknownID, found.Max)
	case last < found.Floor:
		f.lose(s, resyncTooOld, found.Max)
	case found.More || !complete:
		f.lose(s, resyncTooMany, found.Max)
	default:
		s.seen, s.began = last, last
		f.tell(s, byOwner(found.Events)[s.owner])
		s.seen = found.Max
		s.offer(late...)
	}
	return nil
}

// end ends a stream's request when the server ends.
func (f *feed) end() <-chan struct{} { return f.ended }
