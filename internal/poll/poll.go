// Package poll lets tests wait for what another process, goroutine or session brings about.
package poll

import (
	"testing"
	"time"
)

// patience is how long a test waits for what must happen, on a machine that does other things too.
const patience = 2 * time.Minute

// Pauses between two looks grow from the first to the longest: a look may cost a query, or a process.
const (
	first   = time.Millisecond
	longest = 25 * time.Millisecond
)

// Until returns as soon as a look finds that it holds, and fails the test if that does not come; what completes "waited in vain until".
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	pause := first
	look := time.NewTimer(pause)
	defer look.Stop()
	for !holds() {
		look.Reset(pause)
		pause = min(pause*5/4, longest)
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain until %s", what)
		case <-look.C:
		}
	}
}
