package matrix

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tidemark/internal/enginetest"
)

// A caller gives up somewhere in the middle of statements and transactions, on the pool, a Conn and a Tx. Whatever came of it is
// marked, and the connection is free again.
func TestSQLiteCancelled(t *testing.T) {
	e := enginetest.OpenSQLite(t, fleet)
	db := layer(t, e)
	many := dated(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT OR REPLACE INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) SELECT 'c', 's' || (i %% 5), i %% 300, '{}', @05 FROM n`)
	statements := func(r *rand.Rand) []string {
		return []string{
			fmt.Sprintf(many, 1+r.IntN(3000)), dated(oneB) + ` ON CONFLICT DO NOTHING`, `UPDATE records SET deleted = 1 - deleted WHERE connector_instance_id <> 'a'`,
			`DELETE FROM records WHERE connector_instance_id = 'c' AND stream = 's1'`,
		}
	}
	exec := map[string]func(ctx context.Context, all []string) error{
		"pool": func(ctx context.Context, all []string) (err error) {
			for _, query := range all {
				if _, err = db.ExecContext(ctx, query); err != nil {
					break
				}
			}
			return err
		},
		"conn": func(ctx context.Context, all []string) error {
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, query := range append(append([]string{"BEGIN"}, all...), "COMMIT") {
				if _, err = conn.ExecContext(ctx, query); err != nil {
					// The transaction may be there or not; what goes on in it must be marked, too.
					_, _ = conn.ExecContext(t.Context(), all[1])
					if _, e := conn.ExecContext(t.Context(), "COMMIT"); e != nil {
						_, _ = conn.ExecContext(t.Context(), "ROLLBACK")
					}
					break
				}
			}
			return err
		},
		"tx": func(ctx context.Context, all []string) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			for _, query := range all {
				if _, err := tx.ExecContext(ctx, query); err != nil {
					_ = tx.Rollback() // the context may have done it
					return err
				}
			}
			return tx.Commit()
		},
		"statement in a tx": func(ctx context.Context, all []string) error {
			tx, err := db.BeginTx(t.Context(), &sql.TxOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, query := range all {
				_, err = tx.ExecContext(ctx, query) // those that fail are left out
			}
			if e := tx.Commit(); e != nil { // the interrupt has ended the transaction
				_ = tx.Rollback()
			}
			return err
		},
	}
	r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	broken := 0
	for round := range 10 {
		for name, run := range exec {
			before := e.Load(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(8000))*time.Microsecond)
			err := run(ctx, statements(r))
			cancel()
			if err != nil {
				broken++
			}
			e.CheckG2(t)
			after := e.CheckG3(t)
			changed := difference(before, after)
			old, now := enginetest.Versions(before), enginetest.Versions(after)
			for id := range now {
				if rose := old[id] != now[id]; rose != (len(changed[id]) > 0) {
					t.Errorf("version of %s: %s → %s, and %v changed", id, old[id], now[id], changed[id])
				}
			}
			if t.Failed() {
				t.Fatalf("round %d: %s: %v", round, name, err)
			}
		}
	}
	t.Logf("%d of 40 were cut off", broken)
}
