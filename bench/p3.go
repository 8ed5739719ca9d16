package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"tidemark/listener"
	"tidemark/sqlitecompat"
)

// bareSchema is what the baseline keeps of the source tables: primary and foreign keys, and the size column.
const bareSchema = `
	CREATE TABLE connector_instances (connector_instance_id TEXT PRIMARY KEY, owner_subject_id TEXT NOT NULL, connector_id TEXT NOT NULL);
	CREATE TABLE records (
		connector_instance_id TEXT NOT NULL REFERENCES connector_instances ON DELETE CASCADE,
		stream TEXT NOT NULL, record_key TEXT NOT NULL,
		deleted INTEGER NOT NULL DEFAULT 0,
		emitted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
		record_bytes INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(length(CAST(record_json AS BLOB)), 0)) STORED,
		version INTEGER NOT NULL DEFAULT 1, deleted_at TEXT, record_json TEXT,
		PRIMARY KEY (connector_instance_id, stream, record_key));
	INSERT INTO connector_instances VALUES ('c0', 'ann', 'shop');`

// WithListener is the tidemark variant with a server's drain loop at work beside the writer.
const WithListener = "tidemark, drained meanwhile"

// sqliteBatches measures P3: transactions of 1,000 single-row inserts by one writer.
func sqliteBatches(ctx context.Context, o Options) (_ []Figure, err error) {
	bare, err := sql.Open("sqlite", "file:"+filepath.Join(o.Dir, "bare.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, fmt.Errorf("open baseline: %w", err)
	}
	defer func() { err = errors.Join(err, bare.Close()) }()
	bare.SetMaxOpenConns(1)
	if _, err := bare.ExecContext(ctx, bareSchema); err != nil {
		return nil, fmt.Errorf("create baseline: %w", err)
	}
	alone, err := openSQLite(ctx, filepath.Join(o.Dir, "tidemark.db"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, alone.Close()) }()
	drained, err := openSQLite(ctx, filepath.Join(o.Dir, "drained.db"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drained.Close()) }()
	listening, cancel := context.WithCancel(ctx)
	loop := make(chan error, 1)
	go func() {
		loop <- listener.NewLocal(listener.LocalConfig{Drainer: drained, Wake: drained.Wake()}).Run(listening)
	}()
	defer func() { cancel(); err = errors.Join(err, <-loop) }()

	var keys atomic.Int64
	return compare(ctx, setting{
		bar: "P3", name: "SQLite, transactions of 1,000 inserts, 1 writer", workers: 1, want: 0.85,
		variants: []variant{
			{name: Bare, write: transactions(bare, &keys)},
			{name: Tidemark, write: transactions(alone.Writer(), &keys)},
			{name: WithListener, write: transactions(drained.Writer(), &keys), settle: drainedDry(drained)},
		},
	}, o)
}

func openSQLite(ctx context.Context, path string) (*sqlitecompat.DB, error) {
	d, err := sqlitecompat.Open(ctx, path, sqlitecompat.Options{})
	if err != nil {
		return nil, err
	}
	if err = d.Migrate(ctx); err == nil {
		_, err = d.EnsureCapture(ctx)
	}
	if err == nil {
		err = d.EnsureConnection(ctx, "ann", "shop", "c0")
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func transactions(db *sql.DB, keys *atomic.Int64) func(context.Context, int) (int, error) {
	return func(ctx context.Context, _ int) (int, error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return 0, err
		}
		defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
		insert, err := tx.PrepareContext(ctx, `INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('c0', 'orders', ?, ?)`)
		if err != nil {
			return 0, err
		}
		for range batchRows {
			if _, err := insert.ExecContext(ctx, fmt.Sprintf("k%d", keys.Add(1)), recordJSON); err != nil {
				return 0, err
			}
		}
		return batchRows, tx.Commit()
	}
}

// drainedDry waits until the loop has drained every mark.
func drainedDry(d *sqlitecompat.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			pending, err := d.Pending(ctx)
			if err != nil || !pending {
				return err
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}
