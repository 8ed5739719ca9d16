package locks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// Writers that share connections and streams, but no row, in any order: without triggers none would ever wait for another, let alone
// be in a deadlock.
func TestDisjointWriters(t *testing.T) { disjoint(t, 60) }

func disjoint(t *testing.T, transactions int) {
	e := enginetest.OpenPostgres(t, pgtest.Shared(t), fleet)
	monitor := connect(t, e.DSN, "monitor")
	stop := keepers(t, e)
	var writers, sampler sync.WaitGroup
	for i := range 6 {
		c, r := connect(t, e.DSN, fmt.Sprint("writer ", i)), rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(i)))
		writers.Go(func() {
			for n := range transactions {
				if err := own(t.Context(), c, r, i, n); err != nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
			}
		})
	}
	done, samples := make(chan struct{}), 0
	sampler.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			for _, w := range waits(t, monitor) {
				// Two that extend the same file wait for each other in any schema.
				if isWriter(w.Who) && !strings.HasPrefix(w.Kind, "extend ") {
					t.Errorf("a writer waits: %+v", w)
				}
			}
			samples++
		}
	})
	writers.Wait()
	close(done)
	sampler.Wait()
	stop()
	t.Logf("%d samples", samples)
	if !t.Failed() {
		e.CheckG3(t)
	}
}

// own runs one transaction over all connections in an order of its own, on rows that are the writer's.
func own(ctx context.Context, c *pgx.Conn, r *rand.Rand, writer, n int) error {
	level := []string{"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}[r.IntN(3)]
	script := []string{"BEGIN ISOLATION LEVEL " + level}
	for _, i := range r.Perm(len(connections)) {
		id := connections[i]
		script = append(script, []string{
			fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key, record_json) SELECT '%s', 's' || i, 'w%d ' || i, '{}' FROM generate_series(1, %d) i
				ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = '[%d]', emitted_at = now(), deleted = NOT records.deleted`, id, writer, 1+r.IntN(5), n),
			fmt.Sprintf(`DELETE FROM records WHERE connector_instance_id = '%s' AND stream = 's%d' AND record_key = 'w%d %[2]d'`, id, 1+r.IntN(5), writer),
			fmt.Sprintf(`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('w%d %s', '%[2]s', 's', %d) ON CONFLICT (blob_id) DO UPDATE SET size_bytes = excluded.size_bytes`, writer, id, n),
			fmt.Sprintf(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.started', 'r%d', 'k', '{"connection_id":"%s"}')`, r.IntN(3), id),
			fmt.Sprintf(`INSERT INTO connector_detail_gaps (gap_id, connector_instance_id) VALUES ('w%d %s', '%[2]s') ON CONFLICT (gap_id) DO UPDATE SET attempt_count = connector_detail_gaps.attempt_count + 1`, writer, id),
			fmt.Sprintf(`INSERT INTO device_heartbeats (connector_instance_id, device_id, last_heartbeat_at) VALUES ('%s', 'w%d', now()) ON CONFLICT (connector_instance_id, device_id) DO UPDATE SET last_heartbeat_at = now()`, id, writer),
		}[r.IntN(6)])
		if r.IntN(3) == 0 {
			script = append(script, "SAVEPOINT s")
		}
	}
	for _, sql := range append(script, "COMMIT") {
		switch _, err := c.Exec(ctx, sql); code(err) {
		case "":
		case "40001": // two serializable ones that read what the other wrote, as in any schema
			_, err := c.Exec(ctx, "ROLLBACK")
			return err
		default:
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}
