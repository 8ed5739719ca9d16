//go:build soak

package listener

import (
	"testing"

	"tidemark/internal/pgtest"
)

// PostgreSQL 15 does not bound its queue: a tenth of its 8 GB takes a minute.
func TestSoakTenthOfTheQueue(t *testing.T) {
	dsn := newDatabase(t, pgtest.Start(t, pgtest.OnMajor(15)))
	l, _ := start(t, config(t, dsn))
	awaitPhase(t, l, PhaseAsleep)
	relax := fill(t, dsn, 0.101, 2000)
	eventually(t, "it polls", func() bool { return l.Status().Reason == ReasonQueueUsage })
	connect(t, dsn).mark()
	awaitMarks(t, l, 1)
	relax()
	awaitPhase(t, l, PhaseAsleep)
}
