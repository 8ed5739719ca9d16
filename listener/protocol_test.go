package listener

// What the model shows to be needed, shown to be done: the windows in which a wake-up could be lost, one by one.

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/pgtest"
)

// The last look found nothing, and a mark commits before the leader waits: it must have been listening by then.
func TestMarkAfterTheLastLook(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	writer := connect(t, dsn)
	cfg := config(t, dsn)
	cfg.Drainer.(*plainDrainer).afterLook(sync.OnceFunc(writer.mark))
	l, _ := start(t, cfg)
	awaitMarks(t, l, 1)
}

// An older transaction, which does not notify, commits after a look that found nothing: the horizon must have been looked
// at before that look, not after it.
func TestOlderTransactionCommitsAfterALook(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	writer := connect(t, dsn)
	writer.exec("BEGIN")
	writer.mark()
	cfg := config(t, dsn)
	cfg.Drainer.(*plainDrainer).afterLook(sync.OnceFunc(func() { writer.exec("COMMIT") }))
	l, _ := start(t, cfg)
	awaitMarks(t, l, 1)
	awaitPhase(t, l, PhaseAsleep)
}

// A transaction begins and reads the flag while the leader is about to raise it: the horizon must be younger.
func TestTransactionBeginsBeforeTheFlagIsUp(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	holder, writer, other := connect(t, dsn), connect(t, dsn), connect(t, dsn)
	cfg := config(t, dsn)
	drainer := cfg.Drainer.(*plainDrainer)
	// setval waits for this, reading the flag does not.
	drainer.before(func(context.Context) error {
		drainer.before(nil)
		holder.exec("BEGIN")
		holder.exec("ALTER SEQUENCE tidemark.wake_flag OWNED BY NONE")
		return nil
	})
	l, _ := start(t, cfg)
	eventually(t, "the leader waits to raise the flag", func() bool {
		return ask[bool](other, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'tidemark.wake_flag'::regclass)")
	})
	writer.exec("BEGIN")
	writer.mark()
	holder.exec("ROLLBACK")
	eventually(t, "the flag is up", func() bool { return other.flag() == 2 })
	before := drainer.looks.Load()
	eventually(t, "the leader goes on looking", func() bool { return drainer.looks.Load() > before+3 })
	writer.exec("COMMIT")
	awaitMarks(t, l, 1)
	if s := l.Status(); s.Wakeups.Polled == 0 {
		t.Errorf("the writer notified: wakeups %+v", s.Wakeups)
	}
	awaitPhase(t, l, PhaseAsleep)
}

// A leader that stops frees its lock after it has put the flag down: later it would be the next leader's flag.
func TestLockIsFreedAfterTheFlagIsDown(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	holder, other := connect(t, dsn), connect(t, dsn)
	first, loop := start(t, config(t, dsn))
	awaitPhase(t, first, PhaseAsleep)
	second, _ := start(t, config(t, dsn))
	awaitPhase(t, second, PhaseStandby)
	const waits = "SELECT coalesce((SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'tidemark.wake_flag'::regclass), 0)"
	holder.exec("BEGIN")
	holder.exec("ALTER SEQUENCE tidemark.wake_flag OWNED BY NONE") // setval waits for this
	loop.stop()
	eventually(t, "the leader waits to lower the flag", func() bool { return ask[int32](other, waits) != 0 })
	leads := ask[int32](other, "SELECT coalesce((SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())), 0)")
	if waiting := ask[int32](other, waits); leads != waiting {
		t.Errorf("process %d waits to lower the flag, and %d has the leader lock", waiting, leads)
	}
	holder.exec("ROLLBACK")
	awaitPhase(t, second, PhaseAsleep)
}

// While drains keep finding marks nobody notifies; otherwise every commit would wait for the others'.
func TestBusyWritersDoNotNotify(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	writer, ear := connect(t, dsn), connect(t, dsn)
	ear.exec("LISTEN " + dirtyChannel)
	cfg := config(t, dsn)
	drainer := cfg.Drainer.(*plainDrainer)
	l, _ := start(t, cfg)
	awaitPhase(t, l, PhaseAsleep)
	const marks = 50
	left := marks - 1
	drainer.before(func(context.Context) error { // every drain finds one
		if left > 0 {
			left--
			writer.mark()
		}
		return nil
	})
	connect(t, dsn).mark()
	awaitMarks(t, l, marks)
	awaitPhase(t, l, PhaseAsleep)
	heard := 0
	for ear.exec("SELECT"); ; heard++ { // what has been sent comes with the answer
		ctx, cancel := context.WithTimeout(t.Context(), 0)
		_, err := ear.conn.WaitForNotification(ctx)
		cancel()
		if err != nil {
			break
		}
	}
	if heard != 1 {
		t.Errorf("%d notifications for %d marks, want only the one that woke", heard, marks)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	rounds := 25
	if testing.Short() {
		rounds = 5
	}
	storm(t, func(round int) bool { return round < rounds })
}

// storm lets bursts of transactions of every kind loose on two servers, whose sessions end now and then. After each burst
// nothing may be left, though no safety poll looks.
func storm(t *testing.T, more func(round int) bool) {
	dsn := newDatabase(t, pgtest.Shared(t))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	source := rand.New(rand.NewPCG(seed, 0))
	var writers []*program
	for range 4 {
		writers = append(writers, connect(t, dsn))
	}
	first, _ := start(t, config(t, dsn))
	second, _ := start(t, config(t, dsn))
	observer := connect(t, dsn)
	for round := 0; more(round); round++ {
		var burst sync.WaitGroup
		for _, w := range writers {
			random := rand.New(rand.NewPCG(source.Uint64(), 0))
			burst.Go(func() {
				for range 1 + random.IntN(8) {
					if err := transaction(w.conn, random); err != nil {
						t.Error(err)
					}
				}
			})
		}
		if round%5 == 4 {
			// One at least of the two is connected; if neither is, there is nothing to end.
			observer.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1", applicationName)
		}
		burst.Wait()
		eventually(t, fmt.Sprintf("round %d leaves nothing: %+v, %+v", round, first.Status(), second.Status()), func() bool {
			return ask[bool](observer, "SELECT NOT EXISTS (SELECT FROM tidemark.marks)")
		})
	}
}

// transaction is one of random shape that leaves marks, or is rolled back.
func transaction(conn *pgx.Conn, random *rand.Rand) error {
	ctx := context.Background()
	levels := []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: levels[random.IntN(len(levels))]})
	if err != nil {
		return err
	}
	linger := time.NewTimer(0)
	defer linger.Stop()
	for range 1 + random.IntN(3) {
		sql := "SELECT tidemark.mark('ci_1')"
		if random.IntN(4) == 0 {
			sql = "SAVEPOINT s; SELECT tidemark.mark('ci_2'); ROLLBACK TO s"
		}
		<-linger.C
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
		linger.Reset(time.Duration(random.IntN(3000)) * time.Microsecond)
	}
	<-linger.C
	if random.IntN(8) == 0 {
		return tx.Rollback(ctx)
	}
	return tx.Commit(ctx)
}
