package server

import (
	"context"
	"time"

	"tidemark/summary"
)

// settle reads, and reads once more where that may give newer evidence: after a drain of its own with fresh, else after
// waiting a moment for the drain if a component is behind. What is behind after that is said so in the answer.
func settle[T any](ctx context.Context, s *server, fresh bool, read func(context.Context) (T, error), rows func(T) []summary.Observation) (T, error) {
	var changed <-chan struct{}
	if s.Changes != nil && !fresh {
		changed = s.Changes.Next() // before the read, so that no change between the two is missed
	}
	if fresh {
		return readFresh(ctx, s, read, rows)
	}
	first, err := read(ctx)
	if err != nil {
		return first, err
	}
	if !waiting(rows(first)) {
		return first, nil
	}
	timer := time.NewTimer(s.Settle)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
		return first, ctx.Err()
	}
	return read(ctx)
}

// readFresh drains what is dirty on the primary, and then reads where reads come from, if all of that has arrived there.
func readFresh[T any](ctx context.Context, s *server, read func(context.Context) (T, error), rows func(T) []summary.Observation) (T, error) {
	primary := summary.FromPrimary(ctx) // a replica may not have heard of the marks yet
	first, err := read(primary)
	if err != nil {
		return first, err
	}
	ids := dirty(rows(first))
	if len(ids) == 0 {
		return first, nil
	}
	if !s.drain(ctx, ids) {
		return read(primary)
	}
	return read(ctx)
}

// drain takes the marks of ids, for as long as a fresh read may take, and reports whether that was done. Running out of time is
// no failure: the answer says what is behind. Nor is any other: the read that follows finds out what the database can do.
func (s *server) drain(ctx context.Context, ids []string) (done bool) {
	drain, cancel := context.WithTimeout(ctx, s.FreshWithin)
	defer cancel()
	err := s.Store.Reconcile(drain, ids)
	if err != nil && drain.Err() == nil {
		s.Logger.WarnContext(ctx, "drain for a fresh read failed", keyError, err)
	}
	return err == nil
}

// dirty names the connections with a visible mark that a drain can take.
func dirty(rows []summary.Observation) []string {
	var ids []string
	for i := range rows {
		if rows[i].DirtySince != nil {
			ids = append(ids, rows[i].ConnectionID)
		}
	}
	return ids
}

// waiting reports whether the drain is about to change what a row can say: a mark without a delta that is not parked.
func waiting(rows []summary.Observation) bool {
	for i := range rows {
		if o := &rows[i]; len(o.Behind) > 0 && o.DirtySince != nil && !o.OnlyParked {
			return true
		}
	}
	return false
}
