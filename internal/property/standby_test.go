package property

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/recount"
)

// Every snapshot of a physical standby keeps G2 while writers, drains and rebuilds run on the primary: marks and cursor are of
// the primary's transaction ids, and mean the same there. When all is quiet, with marks left, so do its reads.
func TestStandbyInAStorm(t *testing.T) {
	primary := pgtest.Start(t, pgtest.Setting("max_standby_streaming_delay", "-1"))
	e := enginetest.OpenPostgres(t, primary, enginetest.Fixture{})
	standby := primary.Standby(t)
	there := standby.DSN(parse(t, e.DSN).Database)
	conn, err := pgx.Connect(t.Context(), there)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var held, conflicts atomic.Int64
	storm(t, e, 4*time.Second, func(ctx context.Context, _ *rand.Rand) error {
		opt := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		return pgx.BeginTxFunc(context.WithoutCancel(ctx), conn, opt, func(tx pgx.Tx) error {
			state, err := recount.Load(context.WithoutCancel(ctx), recount.Postgres(tx))
			var pg *pgconn.PgError
			switch {
			case errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01"):
				conflicts.Add(1)
				return nil // recovery had to go on
			case err != nil:
				return err
			}
			e.Report(t, state.Check())
			held.Add(1)
			return nil
		})
	})
	if held.Load() == 0 {
		t.Error("no snapshot of the standby was taken")
	}
	t.Logf("%d snapshots of the standby, %d cancelled by recovery", held.Load(), conflicts.Load())
	writer := e.Writer(t)
	for _, s := range drawn(200) {
		_ = writer.Exec(t.Context(), s.In(e)) // refused, or not
	}
	if err := writer.Close(); err != nil {
		t.Error(err)
	}
	reads := enginetest.Attach(t, there)
	awaitReplay(t, e.DSN, there)
	state := reads.Load(t)
	reads.Report(t, state.Check())
	reads.CheckStore(t, state)
	if reads.Marks(t) == 0 {
		t.Error("the writer left no mark")
	}
}

func parse(t *testing.T, dsn string) *pgx.ConnConfig {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// awaitReplay waits until the standby has all that the primary has committed.
func awaitReplay(t *testing.T, primary, standby string) {
	t.Helper()
	ask := func(dsn, sql string, args ...any) (answer string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), dsn)
		if err == nil {
			defer conn.Close(context.Background())
			err = conn.QueryRow(t.Context(), sql, args...).Scan(&answer)
		}
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	at := ask(primary, `SELECT pg_current_wal_flush_lsn()::text`)
	for deadline := time.Now().Add(time.Minute); ask(standby, `SELECT (pg_last_wal_replay_lsn() >= $1::pg_lsn)::text`, at) != "true"; {
		if time.Now().After(deadline) {
			t.Fatal("the standby does not catch up")
		}
	}
}
