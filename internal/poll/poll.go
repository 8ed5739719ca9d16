// Package poll lets tests wait for what another process, goroutine or session brings about.
package poll

import (
	"testing"
	"time"
)

// patience is how long a test waits for what must happen, on a machine that does other things too.
const patience = 2 * time.Minute

// every is the pause between two looks.
const every = 2 * time.Millisecond

// Until returns as soon as a look finds that it holds, and fails the test if that does not come; what completes "waited in vain until".
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain until %s", what)
		case <-ticker.C:
		}
	}
}
