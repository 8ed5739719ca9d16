package server

import (
	"context"
	"reflect"
	"time"

	"golang.org/x/sync/singleflight"

	"tidemark/summary"
)

// farAway is how long the timer runs where no alarm is set.
const farAway = time.Hour

// step does one piece of work, or tells how long there is none.
func (a *alarms) step(ctx context.Context) (idle time.Duration, err error) {
	due, idle := a.due()
	switch {
	case len(due) > 0:
		return 0, a.look(ctx, due)
	}
	if stale := a.takeStale(); len(stale) > 0 {
		return 0, a.look(ctx, stale)
	}
	if w := a.unloaded(); w != nil {
		return 0, a.loadOwner(ctx, w)
	}
	return idle, nil
}

// due lists connections whose time has come, each with the last moment before.
func (a *alarms) due() (map[string]summary.Instant, time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	out := map[string]summary.Instant{}
	for len(a.order) > 0 && len(out) < alarmBatch {
		first := a.order[0]
		if first.at.After(now) {
			break
		}
		out[first.connection] = first.at.Add(-time.Microsecond)
		a.put(first.owner, first.connection, nil)
	}
	if len(a.order) == 0 {
		return out, farAway
	}
	// Truncation must not wake it too early, again and again.
	return out, max(a.order[0].at.Sub(now), 0) + time.Microsecond
}

// takeStale lists connections whose evidence changed, each with the moment from which time may have changed more.
func (a *alarms) takeStale() map[string]summary.Instant {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[string]summary.Instant{}
	for id, at := range a.stale {
		if len(out) == alarmBatch {
			break
		}
		if x := a.set[id]; x != nil && !x.at.After(at) { // its time has come meanwhile
			at = x.at.Add(-time.Microsecond)
		}
		out[id] = at
		delete(a.stale, id)
	}
	return out
}

func (a *alarms) unloaded() *watched {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, w := range a.owners {
		if w.load {
			w.load = false
			return w
		}
	}
	return nil
}

// look reads connections, tells what time changed since the moment that stands beside each, and sets their alarms.
func (a *alarms) look(ctx context.Context, since map[string]summary.Instant) error {
	ids := make([]string, 0, len(since))
	for id := range since {
		ids = append(ids, id)
	}
	found, err := a.store.Named(ctx, ids)
	a.mu.Lock()
	if err != nil {
		for id, at := range since { // nothing is told late only because the database was away
			a.stale[id] = at
		}
		a.mu.Unlock()
		return err
	}
	for _, id := range ids {
		a.put(nil, id, nil)
	}
	a.mu.Unlock()
	a.judge(found, func(id string) summary.Instant { return since[id] })
	return nil
}

// loadOwner reads all connections of an owner, page by page.
func (a *alarms) loadOwner(ctx context.Context, w *watched) error {
	q := summary.PageQuery{Owner: w.name, Limit: alarmBatch}
	for {
		began := time.Now()
		page, err := a.store.Page(ctx, q)
		if err != nil {
			a.mu.Lock()
			w.load = true
			a.mu.Unlock()
			return err
		}
		a.judge(page.Observations, func(string) summary.Instant { return w.since })
		if !page.More || !a.listens(w) || len(page.Observations) == 0 {
			return nil
		}
		after := summary.PositionOf(&page.Observations[len(page.Observations)-1])
		q.After = &after
		if due, _ := a.due(); len(due) > 0 { // others do not wait for a long list
			if err := a.look(ctx, due); err != nil {
				return err
			}
		}
		if !pause(ctx, nil, nil, time.Since(began)) {
			return ctx.Err()
		}
	}
}

func (a *alarms) listens(w *watched) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.owners[w.name] == w
}

// judge rings for the summaries that time alone has changed, and sets the alarms.
func (a *alarms) judge(found []summary.Observation, since func(id string) summary.Instant) {
	now := a.now()
	rings := map[string][]note{}
	for i := range found {
		o := &found[i]
		changed, next := changedByTime(o, since(o.ConnectionID), now)
		a.mu.Lock()
		w := a.owners[o.Identity.OwnerSubjectID]
		if w != nil {
			a.put(w, o.ConnectionID, next)
		}
		a.mu.Unlock()
		if w != nil && changed {
			rings[w.name] = append(rings[w.name], note{o.ConnectionID, o.Version, noteTime})
		}
	}
	for owner, due := range rings {
		a.ring(owner, due)
	}
}

// changedByTime reports whether the same evidence reads differently at two moments, and when it does next.
func changedByTime(o *summary.Observation, before, now summary.Instant) (changed bool, next *summary.Instant) {
	after := summary.Synthesize(*o, now, true)
	next, after.NextChange = after.NextChange, nil
	if before.Before(now) {
		then := summary.Synthesize(*o, before, true)
		then.NextChange = nil
		changed = !reflect.DeepEqual(then, after)
	}
	return changed, next
}

// lateness shares what several returning clients ask at once.
type lateness struct{ group singleflight.Group }

// since lists what time alone has changed for an owner since a moment; complete is false if the owner has too many connections
// to tell.
func (a *alarms) since(ctx context.Context, owner string, moment summary.Instant) (late []note, complete bool, err error) {
	type answer struct {
		late     []note
		complete bool
	}
	shared := context.WithoutCancel(ctx)
	result := a.late.group.DoChan(owner+"\x00"+moment.String(), func() (any, error) {
		page, err := a.store.Page(shared, summary.PageQuery{Owner: owner, Limit: summary.MaxExamined})
		if err != nil || page.More {
			return answer{}, err
		}
		var late []note
		for i, now := 0, a.now(); i < len(page.Observations); i++ {
			o := &page.Observations[i]
			if changed, _ := changedByTime(o, moment, now); changed {
				late = append(late, note{o.ConnectionID, o.Version, noteTime})
			}
		}
		return answer{late, true}, nil
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return nil, false, r.Err
		}
		got := r.Val.(answer) //nolint:forcetypeassert // made above
		return got.late, got.complete, nil
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}
