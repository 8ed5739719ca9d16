package db_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/summary"
)

// pooled opens an empty database through a pooler in transaction mode, migrates it and installs its triggers that way.
func pooled(t *testing.T) (b *bench, direct string) {
	cluster := pgtest.Shared(t)
	direct = cluster.NewDatabase(t)
	through := cluster.Pooler(t).DSN(parse(t, direct).Database)
	b = attach(t, through)
	b.writer.Close(t.Context())
	b.dsn, b.captured = direct, true
	b.writer = b.session()
	if !b.Pooled() {
		t.Fatal("the pooler is not noticed")
	}
	for range 2 {
		if err := b.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := enginetest.Install(t.Context(), b.DB); err != nil {
		t.Fatal(err)
	}
	return b, direct
}

func parse(t *testing.T, dsn string) *pgx.ConnConfig {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Everything works through a pooler that refuses unknown start-up parameters and lends its sessions by the transaction.
func TestPoolerInTransactionMode(t *testing.T) {
	b, _ := pooled(t)
	b.connection("c1", "c2")
	var everybody sync.WaitGroup
	for w := range 4 { // so that transactions change sessions
		writer := b.session()
		everybody.Go(func() {
			for i := range 20 {
				b.record(writer, fmt.Sprintf("c%d", w%2+1), "s", fmt.Sprintf("%d-%d", w, i), 10)
			}
		})
		everybody.Go(func() {
			for range 10 {
				if _, err := b.Drain(t.Context()); err != nil {
					t.Errorf("drain: %v", err)
				}
				if _, err := b.Page(t.Context(), summary.PageQuery{Owner: "ann", Limit: 10}); err != nil {
					t.Errorf("page: %v", err)
				}
				if _, err := b.Scoped(t.Context(), "ann", "c1"); err != nil {
					t.Errorf("scoped: %v", err)
				}
			}
		})
	}
	everybody.Wait()
	b.dry()
	b.want("40/400", totals, "c1")
	if _, err := b.Rebuild(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
	b.clean()
	b.want("0", `SELECT count(*)::text FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE locktype = 'advisory' AND datname = current_database()`)
}

// A session behind a pooler is the next client's, too: it must be left as it was found.
func TestPooledSessionsKeepNoSettings(t *testing.T) {
	b, direct := pooled(t)
	b.connection("c1")
	b.dry()
	through := parse(t, b.Pool().Config().ConnString())
	through.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	names := []string{"search_path", "jit", "statement_timeout", "idle_in_transaction_session_timeout"}
	show := `SELECT current_setting('` + strings.Join(names, `') || ' ' || current_setting('`) + `')`
	var want string
	if err := b.writer.QueryRow(t.Context(), show).Scan(&want); err != nil {
		t.Fatal(err)
	}
	for range 3 { // sessions are lent in turn
		conn, err := pgx.ConnectConfig(t.Context(), through)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := conn.QueryRow(t.Context(), show).Scan(&got); err != nil || got != want {
			t.Errorf("settings %q (%v), want %q as on %s", got, err, want, direct)
		}
		conn.Close(t.Context())
	}
}

// A drain through a pooler makes way for DDL, though the pooler hides its session's number.
func TestPooledDrainGivesWay(t *testing.T) {
	b, _ := pooled(t)
	b.longDrainGivesWay()
}
