package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tidemark/drain"
	"tidemark/summary"
)

// EnsureConnection creates the connection, as one that is filled by hand, and its connector, if they are missing. A connector
// made here declares nothing. It is an error if the connection is another owner's or connector's, or revoked.
func (d *DB) EnsureConnection(ctx context.Context, owner, connector, connection string) error {
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO public.connectors (connector_id, manifest) VALUES ($1, '{"streams": []}') ON CONFLICT DO NOTHING`, connector)
	batch.Queue(`
		INSERT INTO public.connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind)
		VALUES ($1, $2, $3, 'manual') ON CONFLICT DO NOTHING`, connection, owner, connector)
	var hasOwner, hasConnector, revoked bool
	batch.Queue(`
		SELECT owner_subject_id = $2, connector_id = $3, status = 'revoked'
		FROM public.connector_instances WHERE connector_instance_id = $1`, connection, owner, connector).
		QueryRow(func(row pgx.Row) error { return row.Scan(&hasOwner, &hasConnector, &revoked) })
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		switch {
		case !hasOwner:
			return errors.New("it belongs to another owner")
		case !hasConnector:
			return fmt.Errorf("its connector is not %q", connector)
		case revoked:
			return summary.ErrConnectionRevoked
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("create connection %q: %w", connection, unreachable(err))
	}
	return nil
}

// putRecords writes the records that differ from what is stored, each with the version after its last one, and their
// history. Keys are sorted, so that two writers of one stream wait for each other instead of deadlocking. A record that is
// gone may have left history: its versions go on from there.
const putRecords = `
	WITH given AS (
		SELECT g.record_key, g.record_json, g.emitted_at,
		       coalesce((SELECT max(h.version) FROM public.record_changes h
		                 WHERE h.connector_instance_id = $1 AND h.stream = $2 AND h.record_key = g.record_key), 0) AS version
		FROM unnest($3::text[], $4::text[], $5::timestamptz[]) AS g (record_key, record_json, emitted_at)
	),
	written AS (
		INSERT INTO public.records AS r (connector_instance_id, stream, record_key, record_json, emitted_at, version)
		SELECT $1, $2, g.record_key, g.record_json::json, g.emitted_at, g.version + 1 FROM given g
		WHERE EXISTS (SELECT FROM public.connector_instances c WHERE c.connector_instance_id = $1 AND c.status <> 'revoked')
		ORDER BY g.record_key COLLATE "C"
		ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE
		SET record_json = excluded.record_json, emitted_at = excluded.emitted_at, deleted = false, deleted_at = NULL,
		    version = greatest(r.version + 1, excluded.version)
		WHERE r.deleted OR r.record_json IS NULL OR r.record_json::text <> excluded.record_json::text
		RETURNING r.record_key, r.version, r.record_json, r.emitted_at, r.xmax = 0 AS inserted
	),
	history AS (
		INSERT INTO public.record_changes (connector_instance_id, stream, record_key, version, record_json, emitted_at)
		SELECT $1, $2, w.record_key, w.version, w.record_json, w.emitted_at FROM written w
	)
	SELECT (SELECT c.status FROM public.connector_instances c WHERE c.connector_instance_id = $1),
	       count(*) FILTER (WHERE w.inserted), count(*) FILTER (WHERE NOT w.inserted) FROM written w`

// PutRecords writes records of one stream in one transaction. One that is stored with the same JSON already is left
// alone; any other gets a new version and a row of history, and is live again if it was deleted. Of several with one key the later comes
// after the earlier. drain.ErrUnknownConnection and summary.ErrConnectionRevoked say why nothing was written.
func (d *DB) PutRecords(ctx context.Context, connection, stream string, records []summary.Record) (summary.Written, error) {
	var total summary.Written
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		for _, wave := range waves(records) {
			w, err := putWave(ctx, tx, connection, stream, wave)
			if err != nil {
				return err
			}
			total.Add(w)
		}
		return nil
	})
	if err != nil {
		return summary.Written{}, fmt.Errorf("write records of connection %q: %w", connection, unreachable(err))
	}
	return total, nil
}

// waves splits records so that none holds a key twice: one statement may touch a row only once.
func waves(records []summary.Record) [][]summary.Record {
	var out [][]summary.Record
	times := make(map[string]int, len(records))
	for _, r := range records {
		n := times[r.Key]
		times[r.Key]++
		if n == len(out) {
			out = append(out, nil)
		}
		out[n] = append(out[n], r)
	}
	return out
}

func putWave(ctx context.Context, tx pgx.Tx, connection, stream string, records []summary.Record) (summary.Written, error) {
	keys, texts, times := make([]string, len(records)), make([]string, len(records)), make([]time.Time, len(records))
	for i, r := range records {
		keys[i], texts[i], times[i] = r.Key, r.JSON, r.EmittedAt.Time()
	}
	var status *string
	var w summary.Written
	// Planned anew each time: a plan that was made when the tables were small would scan them when they no longer are.
	err := tx.QueryRow(ctx, putRecords, pgx.QueryExecModeCacheDescribe, connection, stream, keys, texts, times).Scan(&status, &w.Inserted, &w.Updated)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == "23503", err == nil && status == nil: // the former: it was deleted meanwhile
		return w, drain.ErrUnknownConnection
	case err != nil:
		return w, err
	case *status == "revoked":
		return w, summary.ErrConnectionRevoked
	}
	w.Unchanged = int64(len(records)) - w.Inserted - w.Updated
	return w, nil
}
