package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"tidemark/drain"
	"tidemark/internal/poll"
	"tidemark/summary"
)

func testContext(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

// Several write the same keys in different orders: none waits for ever, and every change has its own version and history.
func TestPutRecordsConcurrently(t *testing.T) {
	const writers, rounds, keys = 4, 8, 53
	eachEngine(t, func(t *testing.T, dsn string) {
		e := openEngine(t, dsn)
		group, ctx := errgroup.WithContext(t.Context())
		changes := make([]int64, writers)
		for w := range writers {
			group.Go(func() error {
				if err := e.EnsureConnection(ctx, "o", "k", "c"); err != nil {
					return err
				}
				for round := range rounds {
					var batch []summary.Record
					for k := range keys {
						key := (k*(2*w+1) + round) % keys // each key once: their number is prime
						batch = append(batch, summary.Record{Key: fmt.Sprint(key), JSON: fmt.Sprintf(`[%d,%d]`, w, round), EmittedAt: summary.NewInstant(time.Now())})
					}
					got, err := e.PutRecords(ctx, "c", "s", batch)
					if err != nil {
						return err
					}
					changes[w] += got.Inserted + got.Updated
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, n := range changes {
			sum += n
		}
		history, err := e.texts(t.Context(), `SELECT CAST(count(*) AS text) FROM {record_changes}`)
		if err != nil || history[0] != fmt.Sprint(sum) {
			t.Errorf("%v rows of history, want %d (%v)", history, sum, err)
		}
		odd, err := e.texts(t.Context(), `
			SELECT r.record_key FROM {records} r WHERE r.version <> (SELECT count(*) FROM {record_changes} h WHERE h.record_key = r.record_key)
			    OR CAST(r.record_json AS text) <> (SELECT CAST(h.record_json AS text) FROM {record_changes} h WHERE h.record_key = r.record_key AND h.version = r.version)`)
		if err != nil || len(odd) > 0 {
			t.Errorf("records that do not agree with their history: %v (%v)", odd, err)
		}
		settle(t, e)
		if found, err := e.Verify(t.Context(), nil, nil); err != nil || len(found) > 0 {
			t.Errorf("verify: %v %v", found, err)
		}
	})
}

// A connection that is deleted while records are being written for it is not there.
func TestPutRecordsWhileDeleted(t *testing.T) {
	dsn := newDatabase(t, onPostgres)
	e, ctx := openEngine(t, dsn), t.Context()
	if err := e.EnsureConnection(ctx, "o", "k", "c"); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // given up either way
	if _, err := conn.Exec(ctx, `BEGIN; DELETE FROM connector_instances`); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() {
		_, err := e.PutRecords(ctx, "c", "s", records(summary.NewInstant(time.Now()), "a", "1"))
		wrote <- err
	}()
	poll.Until(t, "the writer waits for the deletion", func() bool {
		n, err := e.texts(ctx, `SELECT pid::text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`)
		return err == nil && len(n) == 1
	})
	if _, err := conn.Exec(ctx, `COMMIT`); err != nil {
		t.Fatal(err)
	}
	if err := <-wrote; !errors.Is(err, drain.ErrUnknownConnection) || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("error %v", err)
	}
}
