package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/summary"
)

// unpark decides about connections whose last recompute failed. Those that are due, or asked for in ids, get their parked
// marks back and are retried; the others' new marks are parked unread until then.
func (t *drainTx) unpark(ctx context.Context, b *batch, failed map[string]bool, ids []string) (retry []string, err error) {
	if len(failed) == 0 {
		return nil, nil
	}
	for id, due := range failed {
		if due || slices.Contains(ids, id) {
			retry = append(retry, id)
			continue
		}
		if p := b.connections[id]; p != nil {
			if err := t.insertParked(ctx, id, p.Marks()); err != nil {
				return nil, err
			}
			delete(b.connections, id)
		}
	}
	if len(retry) == 0 {
		return nil, nil
	}
	slices.Sort(retry)
	err = b.collect(t.tx.Query(ctx, `WITH taken AS (DELETE FROM tidemark.marks_parked WHERE connector_instance_id IN (SELECT unnest($1::text[])) RETURNING *)`+groups, retry))
	if err != nil {
		return nil, fmt.Errorf("take parked marks: %w", err)
	}
	return retry, nil
}

// Park implements drain.Tx. The time to the next try doubles from 1 s to 5 min.
func (t *drainTx) Park(ctx context.Context, f drain.Failure) error {
	if err := t.insertParked(ctx, f.ConnectionID, f.Marks); err != nil {
		return err
	}
	_, err := t.tx.Exec(ctx, `
		INSERT INTO tidemark.failures AS f (connector_instance_id, reason_code, attempts, failed_at, retry_at)
		VALUES ($1, $2, 1, clock_timestamp(), clock_timestamp() + interval '1 s')
		ON CONFLICT (connector_instance_id) DO UPDATE SET
			reason_code = excluded.reason_code, attempts = f.attempts + 1, failed_at = excluded.failed_at,
			retry_at = excluded.failed_at + least(interval '1 s' * pow(2, least(f.attempts, 20)), interval '5 min')`,
		f.ConnectionID, f.ReasonCode)
	return err
}

// Recovered implements drain.Tx.
func (t *drainTx) Recovered(ctx context.Context, ids []string) error {
	_, err := t.tx.Exec(ctx, `DELETE FROM tidemark.failures WHERE connector_instance_id IN (SELECT unnest($1::text[]))`, ids)
	return err
}

func (t *drainTx) insertParked(ctx context.Context, id string, marks []summary.Mark) error {
	batch := &pgx.Batch{}
	for _, m := range marks {
		d := m.Delta
		batch.Queue(`
			INSERT INTO tidemark.marks_parked (marked_at, component, recount, connector_instance_id, stream, records_delta,
				record_bytes_delta, changes_delta, change_bytes_delta, blobs_delta, blob_bytes_delta, newest_gained, newest_lost)
			VALUES (coalesce($1, clock_timestamp()), $2::text::tidemark.component, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			timestamptz(m.MarkedAt), string(m.Component), m.Recount, id, m.Stream, d.Records, d.RecordBytes, d.Changes,
			d.ChangeBytes, d.Blobs, d.BlobBytes, timestamptz(d.Gained), timestamptz(d.Lost))
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := t.tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("insert parked marks: %w", err)
	}
	return nil
}
