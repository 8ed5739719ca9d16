package listener

import (
	"context"
	"time"
)

// How long to wait before trying again. Every wait is at least half of what it could be, so that nothing spins.
const (
	drainRetryFrom, drainRetryTo = 100 * time.Millisecond, 5 * time.Second
	reconnectFrom, reconnectTo   = 50 * time.Millisecond, 5 * time.Second
	// moderateFrom and moderateTo are the pauses between drains that keep finding marks (DESIGN.md).
	moderateFrom, moderateTo = time.Millisecond, 80 * time.Millisecond
	// moderateShare times as long as a drain took is paused after it, up to twice the pause of its turn: under load
	// draining takes about a tenth of the time, and no mark waits long for it.
	moderateShare = 9
	// armFrom and armTo are the pauses while an older transaction keeps the leader from sleeping.
	armFrom, armTo = time.Millisecond, 64 * time.Millisecond
	// healthyAfter is how long a connection must have served before the next loss starts from the shortest wait again.
	healthyAfter = 5 * time.Second
)

// doubling yields from, 2×from, 4×from … and stays at to.
type doubling struct{ from, to, next time.Duration }

func (d *doubling) step() time.Duration {
	now := max(d.next, d.from)
	d.next = min(now*2, d.to)
	return now
}

func (d *doubling) reset() { d.next = 0 }

// spread picks a wait between half of d and d.
func spread(d time.Duration, jitter func() float64) time.Duration {
	return d/2 + time.Duration(float64(d/2)*jitter())
}

// sleep waits for d; it is an error if ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
