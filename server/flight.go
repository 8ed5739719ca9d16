package server

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// flights let identical reads that are under way at the same time share one: there is no time-to-live, who comes after its end
// begins another. The read belongs to nobody: it goes on when who began it leaves, and ends when all have left.
type flights struct {
	group singleflight.Group
	mu    sync.Mutex
	on    map[string]*flight
}

type flight struct {
	waiting int
	cancel  context.CancelFunc
	read    func() (any, error)
}

// shared answers a read of key with the identical one that is under way, if there is one; never with fresh: what was begun before it may
// not have seen what its client has written.
func (s *server) shared(ctx context.Context, fresh bool, key string, read func(context.Context) (*answer, error)) (*answer, error) {
	if fresh {
		return read(ctx)
	}
	return s.flights.share(ctx, key, s.Timeout, read)
}

// share returns what read answers for key; within bounds a read that several wait for.
func (f *flights) share(ctx context.Context, key string, within time.Duration, read func(context.Context) (*answer, error)) (*answer, error) {
	f.mu.Lock()
	own := f.on[key]
	if own == nil {
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
		own = &flight{cancel: cancel}
		if f.on == nil {
			f.on = map[string]*flight{}
		}
		f.on[key] = own
		own.read = func() (any, error) {
			defer f.over(key, own)
			return careful(shared, read)
		}
	}
	own.waiting++
	result := f.group.DoChan(key, own.read) // who finds it begun waits for it
	f.mu.Unlock()
	return f.await(ctx, key, own, result)
}

func (f *flights) await(ctx context.Context, key string, own *flight, result <-chan singleflight.Result) (*answer, error) {
	select {
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*answer), nil //nolint:forcetypeassert // read returns nothing else
	case <-ctx.Done():
		f.mu.Lock()
		defer f.mu.Unlock()
		if own.waiting--; own.waiting == 0 {
			f.end(key, own)
		}
		return nil, ctx.Err()
	}
}

func (f *flights) over(key string, own *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end(key, own)
}

// end makes the next read of key begin anew. The lock is held.
func (f *flights) end(key string, own *flight) {
	own.cancel()
	if f.on[key] == own {
		delete(f.on, key)
		f.group.Forget(key)
	}
}

// careful turns a panic of read into an error: in the group's goroutine it would end the process.
func careful(ctx context.Context, read func(context.Context) (*answer, error)) (a *answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			a, err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return read(ctx)
}
