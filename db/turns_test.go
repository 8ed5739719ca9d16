package db_test

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"tidemark/drain"
)

// betweenTx lets something happen right after a drain has taken its marks.
type betweenTx struct {
	drain.Tx
	then func()
}

func (t betweenTx) Take(ctx context.Context, force, first []string) (drain.Taken, error) {
	taken, err := t.Tx.Take(ctx, force, first)
	t.then()
	return taken, err
}

// A commit between the taking of marks and the recount is counted once: its mark is left for the next drain, and the
// recount does not see its rows.
func TestRecountSeesOneSnapshot(t *testing.T) {
	b := open(t)
	b.connection("c1")
	b.record(b.writer, "c1", "orders", "1", 10)
	b.exec(`SELECT tidemark.mark('c1')`)
	_, err := b.Write(t.Context(), func(tx drain.Tx) (drain.Result, error) {
		return drain.Run(t.Context(), betweenTx{tx, func() { b.record(b.writer, "c1", "orders", "2", 10) }}, drain.Options{})
	})
	if err != nil {
		t.Fatal(err)
	}
	b.want("2", `SELECT total_records::text FROM tidemark.connector_summary_overview`)
	b.drain()
	b.want("2/20", totals, "c1")
	b.clean()
}

// Two drains take turns: the second waits for the first and then sees all that it wrote, so that neither overwrites newer
// evidence with older.
func TestDrainsTakeTurns(t *testing.T) {
	b := open(t)
	b.connection("c1")
	b.record(b.writer, "c1", "orders", "1", 10)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	taken, release := make(chan struct{}), make(chan struct{})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		_, err := b.Write(ctx, func(tx drain.Tx) (drain.Result, error) {
			r, err := drain.Run(ctx, tx, drain.Options{})
			close(taken)
			<-release
			return r, err
		})
		return err
	})
	<-taken
	b.record(b.writer, "c1", "orders", "2", 10)
	second := make(chan error, 1)
	g.Go(func() error {
		_, err := b.Drain(ctx)
		second <- err
		return err
	})
	b.until(func() bool {
		return len(second) > 0 || b.value(`SELECT count(*)::text FROM pg_locks WHERE NOT granted`) != "0"
	})
	if len(second) > 0 {
		t.Error("the second drain did not wait for the first")
	}
	close(release)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	b.want("2/20", totals, "c1")
	b.want("0", `SELECT count(*)::text FROM tidemark.pending_marks`)
	b.clean()
}

// until polls for a condition that another session brings about.
func (b *bench) until(met func() bool) {
	b.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !met() {
		select {
		case <-tick.C:
		case <-deadline:
			b.Fatal("waited for 30 s in vain")
		}
	}
}
