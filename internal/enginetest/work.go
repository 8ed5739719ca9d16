package enginetest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
)

// Work is what statements cost when they are run again: on Postgres the rows of tables that their scans touched, whether they were of use or
// not; on SQLite the steps of its virtual machine. Neither depends on time, nor on who else is at work.
func (e *Engine) Work(t TB, ran []Traced) int64 {
	t.Helper()
	var sum int64
	for _, s := range ran {
		n, err := e.work(t.Context(), s)
		if err != nil {
			t.Fatalf("%s: %v\n%s", e.Name, err, clip(s.SQL))
		}
		sum += n
	}
	return sum
}

func (p *postgres) work(ctx context.Context, s Traced) (int64, error) {
	conn, err := pgx.Connect(ctx, p.dsn)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it only read
	var text []byte
	if err := conn.QueryRow(ctx, `EXPLAIN (ANALYZE, FORMAT JSON) `+s.SQL, s.Args...).Scan(&text); err != nil {
		return 0, fmt.Errorf("explain: %w", err)
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal(text, &plans); err != nil {
		return 0, fmt.Errorf("decode plan: %w", err)
	}
	var sum int64
	for _, p := range plans {
		sum += p.Plan.touched()
	}
	return sum, nil
}

// planNode is what EXPLAIN tells of one node. Rows are per loop, and averages.
type planNode struct {
	Relation  string  `json:"Relation Name"`
	Rows      float64 `json:"Actual Rows"`
	Filtered  float64 `json:"Rows Removed by Filter"`
	Rechecked float64 `json:"Rows Removed by Index Recheck"`
	Loops     float64 `json:"Actual Loops"`
	Plans     []planNode
}

func (n planNode) touched() int64 {
	var sum int64
	if n.Relation != "" {
		sum = int64(math.Ceil((n.Rows + n.Filtered + n.Rechecked) * n.Loops))
	}
	for _, child := range n.Plans {
		sum += child.touched()
	}
	return sum
}
