package sqlitecompat

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tidemark/drain"
	"tidemark/summary"
)

// unpark decides about connections whose last recompute failed. Those that are due, or asked for in ids, get their parked
// marks back and are retried; the others' new marks are parked unread until then.
func (b *batch) unpark(ctx context.Context, failed map[string]bool, ids []string) (retry []string, err error) {
	for id, due := range failed {
		if due || slices.Contains(ids, id) {
			retry = append(retry, id)
			continue
		}
		if p := b.connections[id]; p != nil {
			if err := b.tx.insertParked(ctx, id, p.Marks()); err != nil {
				return nil, err
			}
			delete(b.connections, id)
		}
	}
	if len(retry) == 0 {
		return nil, nil
	}
	slices.Sort(retry)
	if err := b.take(ctx, "marks_parked", ` WHERE connector_instance_id IN (SELECT value FROM json_each(?))`, array(retry)); err != nil {
		return nil, fmt.Errorf("take parked marks: %w", err)
	}
	return retry, nil
}

// The time to the next try doubles from the one to the other.
const (
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
)

// Park implements drain.Tx.
func (t *drainTx) Park(ctx context.Context, f drain.Failure) error {
	if err := t.insertParked(ctx, f.ConnectionID, f.Marks); err != nil {
		return err
	}
	var attempts int
	err := t.conn.QueryRowContext(ctx, `SELECT coalesce(max(attempts), 0) FROM failures WHERE connector_instance_id = ?`, f.ConnectionID).Scan(&attempts)
	if err != nil {
		return err
	}
	now := t.Now()
	return t.exec(ctx, `INSERT OR REPLACE INTO failures (connector_instance_id, reason_code, attempts, failed_at, retry_at) VALUES (?, ?, ?, ?, ?)`,
		f.ConnectionID, f.ReasonCode, attempts+1, now, now.Add(min(firstRetry<<min(attempts, 20), lastRetry)))
}

// Recovered implements drain.Tx.
func (t *drainTx) Recovered(ctx context.Context, ids []string) error {
	return t.exec(ctx, `DELETE FROM failures WHERE connector_instance_id IN (SELECT value FROM json_each(?))`, array(ids))
}

func (t *drainTx) insertParked(ctx context.Context, id string, marks []summary.Mark) error {
	for _, m := range marks {
		at := t.Now()
		if m.MarkedAt != nil {
			at = *m.MarkedAt
		}
		d := m.Delta
		err := t.exec(ctx, `
			INSERT INTO marks_parked (marked_at, component, recount, connector_instance_id, stream, records_delta, record_bytes_delta,
				changes_delta, change_bytes_delta, blobs_delta, blob_bytes_delta, newest_gained, newest_lost)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, at, string(m.Component), m.Recount, id, m.Stream, d.Records, d.RecordBytes, d.Changes,
			d.ChangeBytes, d.Blobs, d.BlobBytes, d.Gained, d.Lost)
		if err != nil {
			return fmt.Errorf("insert parked marks: %w", err)
		}
	}
	return nil
}
