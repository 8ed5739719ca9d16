package listener

import (
	"testing"

	"tidemark/internal/pgtest"
)

// The pooler of many installations, as its package leaves it: what proxy_test.go plays is what it does.
func TestPgbouncerIsNamed(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Shared(t)
	dsn := newDatabase(t, cluster)
	cfg := config(t, dsn) // whose drainer does not know how to go through a pooler, as db.DB does
	cfg.Connect = parse(t, cluster.Pooler(t).DSN(cfg.Connect.Database))
	l, _ := start(t, cfg)
	awaitPhase(t, l, PhasePolling)
	writer := connect(t, dsn)
	writer.mark()
	awaitMarks(t, l, 1)
	if s := l.Status(); s.Role != RoleIndependent || s.Signal != SignalPoll || s.Reason != ReasonPooler {
		t.Errorf("%s by %s (%s)", s.Role, s.Signal, s.Reason)
	}
	if n := ask[int](writer, "SELECT count(*)::int FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE locktype = 'advisory' AND datname = current_database()"); n > 0 || writer.flag() != 1 {
		t.Errorf("%d session locks, flag %d", n, writer.flag())
	}
}
