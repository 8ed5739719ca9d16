package sqlitecompat

import (
	"context"
	"math/rand/v2"
	"time"
)

// longestPause bounds the pause between two tries for a lock. A try costs some microseconds.
const longestPause = 2 * time.Millisecond

// lockWait runs try, which may need the write lock, again and again until no other process holds the lock, or limit has passed:
// then the last error is returned. SQLite's own wait tries ever more rarely, at last ten times a second, and so hardly ever
// meets the moment between two transactions of a program that writes without a pause. Here the pauses stay short, and are
// random, so that they fall into no step with anybody. A limit of 0 tries once and leaves waiting to SQLite.
func lockWait(ctx context.Context, limit time.Duration, try func() error) error {
	err := try()
	if limit == 0 || !isLocked(err) {
		return err
	}
	end := time.NewTimer(limit)
	defer end.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		pause.Reset(rand.N(longestPause))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return err
		case <-pause.C:
		}
		if err = try(); !isLocked(err) {
			return err
		}
	}
}
