package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"
)

const insertRecord = `INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ($1, 'orders', $2, $3)`

// singleRows measures P1: single-row autocommit inserts.
func singleRows(ctx context.Context, o Options) (_ []Figure, err error) {
	const most = 32
	s, err := startServer(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	baseline, err := s.bare(ctx, "baseline", most)
	if err != nil {
		return nil, err
	}
	marked, err := s.tidemark(ctx, most)
	if err != nil {
		return nil, err
	}
	flagged, err := s.flag(ctx, most)
	if err != nil {
		return nil, err
	}
	var out []Figure
	var keys atomic.Int64
	for _, workers := range []int{8, 32} {
		for _, where := range []struct {
			name string
			id   func() string
		}{
			{"spread", func() string { return fmt.Sprintf("c%d", rand.IntN(connections)) }},
			{"one connection", func() string { return "c0" }},
		} {
			figures, err := compare(ctx, setting{
				bar: "P1", name: fmt.Sprintf("1 row per commit, %d writers, %s", workers, where.name), workers: workers, want: 0.85,
				variants: []variant{
					{name: Baseline, write: inserts(baseline, &keys, where.id)},
					{name: Tidemark, write: inserts(marked, &keys, where.id), settle: settled(marked)},
					{name: Flag, write: inserts(flagged, &keys, where.id)},
				},
			}, o)
			if err != nil {
				return out, err
			}
			out = append(out, figures...)
		}
	}
	return out, nil
}

func inserts(pool *pgxpool.Pool, keys *atomic.Int64, id func() string) func(context.Context, int) (int, error) {
	return func(ctx context.Context, _ int) (int, error) {
		_, err := pool.Exec(ctx, insertRecord, id(), fmt.Sprintf("k%d", keys.Add(1)), recordJSON)
		return 1, err
	}
}
