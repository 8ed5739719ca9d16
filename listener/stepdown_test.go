package listener

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/internal/pgtest"
)

// A leader whose drains fail again and again lets another lead, before it tries a fourth time.
func TestLeaderThatCannotDrainStepsDown(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	cfg := config(t, dsn)
	cfg.TakeOver = 2 * time.Second // long enough for a leader that does not stand back to be back before
	var tries atomic.Int64
	cfg.Drainer.(*plainDrainer).before(func(context.Context) error {
		tries.Add(1)
		return errTest
	})
	first, _ := start(t, cfg)
	eventually(t, "the first leads", func() bool { return first.Status().Role == RoleLeader })
	other := config(t, dsn)
	other.TakeOver = cfg.TakeOver
	second, _ := start(t, other)
	connect(t, dsn).mark()
	eventually(t, "the second leads, or the first goes on", func() bool {
		return second.Status().Role == RoleLeader || tries.Load() > stepDownAfter
	})
	if n := tries.Load(); n != stepDownAfter {
		t.Errorf("the first has tried %d times, want %d", n, stepDownAfter)
	}
	awaitMarks(t, second, 1)
	eventually(t, "the first is content to follow", func() bool { s := first.Status(); return s.Role == RoleFollower && s.Failing == 0 })
	if n := first.Status().Faults[FaultDrain]; n != stepDownAfter {
		t.Errorf("%d faults counted, want %d", n, stepDownAfter)
	}
}
