package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// batchRows is the size of a statement or batch.
const batchRows = 1000

// statements measures P2: 1,000-row statements and COPY, two writers.
func statements(ctx context.Context, o Options) (_ []Figure, err error) {
	const workers = 2
	s, err := startServer(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	baseline, err := s.bare(ctx, "baseline", workers)
	if err != nil {
		return nil, err
	}
	marked, err := s.tidemark(ctx, workers)
	if err != nil {
		return nil, err
	}
	flagged, err := s.flag(ctx, workers)
	if err != nil {
		return nil, err
	}
	var out []Figure
	var keys atomic.Int64
	for _, how := range []struct {
		name  string
		write func(*pgxpool.Pool, *atomic.Int64) func(context.Context, int) (int, error)
	}{{"1,000-row INSERT", multiRow}, {"COPY of 1,000 rows", copies}} {
		figures, err := compare(ctx, setting{
			bar: "P2", name: fmt.Sprintf("%s, %d writers", how.name, workers), workers: workers, want: 0.97,
			variants: []variant{
				{name: Baseline, write: how.write(baseline, &keys)},
				{name: Tidemark, write: how.write(marked, &keys), settle: settled(marked)},
				{name: Flag, write: how.write(flagged, &keys)},
			},
		}, o)
		if err != nil {
			return out, err
		}
		out = append(out, figures...)
	}
	return out, nil
}

func multiRow(pool *pgxpool.Pool, keys *atomic.Int64) func(context.Context, int) (int, error) {
	return func(ctx context.Context, w int) (int, error) {
		_, err := pool.Exec(ctx, `
			INSERT INTO records (connector_instance_id, stream, record_key, record_json)
			SELECT 'c' || $1::int, 'orders', $2 || i, $3::json FROM generate_series(1, $4::int) i`,
			w, fmt.Sprintf("k%d-", keys.Add(1)), recordJSON, batchRows)
		return batchRows, err
	}
}

func copies(pool *pgxpool.Pool, keys *atomic.Int64) func(context.Context, int) (int, error) {
	return func(ctx context.Context, w int) (int, error) {
		id, prefix := fmt.Sprintf("c%d", 100+w), fmt.Sprintf("k%d-", keys.Add(1))
		rows := pgx.CopyFromSlice(batchRows, func(i int) ([]any, error) {
			return []any{id, "orders", fmt.Sprintf("%s%d", prefix, i), recordJSON}, nil
		})
		copied, err := pool.CopyFrom(ctx, pgx.Identifier{"public", "records"},
			[]string{"connector_instance_id", "stream", "record_key", "record_json"}, rows)
		return int(copied), err
	}
}
