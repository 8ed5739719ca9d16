package pgtest_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"tidemark/internal/pgcluster"
	"tidemark/internal/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Runner(m)) }

func ask(t *testing.T, dsn, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var answer string
	if err := conn.QueryRow(t.Context(), query).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestRunsOnTheVersionAskedFor(t *testing.T) {
	want := strconv.Itoa(pgcluster.DefaultMajor)
	if asked := os.Getenv(pgtest.EnvMajor); asked != "" {
		want = asked
	}
	got := ask(t, pgtest.NewDatabase(t), "SELECT (current_setting('server_version_num')::int / 10000)::text")
	if got != want {
		t.Errorf("server is PostgreSQL %s, want %s", got, want)
	}
}

func TestSharedIsSharedByOptions(t *testing.T) {
	plain := pgtest.Shared(t)
	if pgtest.Shared(t) != plain {
		t.Error("the same options gave two clusters")
	}
	logical := pgtest.Shared(t, pgtest.Setting("wal_level", "logical"))
	if logical == plain {
		t.Error("other options gave the same cluster")
	}
	if got := ask(t, logical.NewDatabase(t), "SHOW wal_level"); got != "logical" {
		t.Errorf("wal_level is %s", got)
	}
}

func TestDatabaseIsDroppedAfterItsTest(t *testing.T) {
	c := pgtest.Shared(t)
	var name string
	t.Run("with a session left open", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), c.NewDatabase(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
		if err := conn.QueryRow(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
			t.Fatal(err)
		}
	})
	if got := ask(t, c.DSN("postgres"), "SELECT count(*)::text FROM pg_database WHERE datname = '"+name+"'"); got != "0" {
		t.Errorf("database %q is still there", name)
	}
}

func TestTemplateIsBuiltOnceAndCopied(t *testing.T) {
	c := pgtest.Shared(t)
	builds := 0
	build := func(dsn string) error {
		builds++
		if builds == 1 {
			return errors.New("not yet")
		}
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			return err
		}
		defer conn.Close(context.Background())
		_, err = conn.Exec(t.Context(), "CREATE TABLE t AS SELECT 'kept' AS v")
		return err
	}
	failed := &recorder{TB: t}
	func() {
		defer func() { _ = recover() }()
		c.Template(failed, "once", build)
	}()
	if !failed.fatal {
		t.Error("a template that cannot be built did not fail the test")
	}
	first := c.NewDatabaseFrom(t, c.Template(t, "once", build))
	second := c.NewDatabaseFrom(t, first)
	for _, dsn := range []string{first, second, c.NewDatabaseFrom(t, c.Template(t, "once", build))} {
		if got := ask(t, dsn, "SELECT v FROM t"); got != "kept" {
			t.Errorf("copy holds %q", got)
		}
	}
	if builds != 2 {
		t.Errorf("built %d times, want once after one failure", builds)
	}
}

func TestOwnClusterMayBeKilled(t *testing.T) {
	c := pgtest.Start(t)
	dsn := c.NewDatabase(t)
	c.Kill(t)
	c.Restart(t)
	if got := ask(t, dsn, "SELECT 'back'"); got != "back" {
		t.Error(got)
	}
	c.Kill(t) // and is cleaned up all the same
}

func TestMissingServerFailsTheTest(t *testing.T) {
	failed := &recorder{TB: t}
	func() {
		defer func() { _ = recover() }()
		pgtest.Start(failed, pgtest.OnMajor(7))
	}()
	if !failed.fatal {
		t.Error("no PostgreSQL 7, and yet the test goes on")
	}
}

// recorder is a test that is told to fail.
type recorder struct {
	testing.TB
	fatal bool
}

func (r *recorder) Fatal(...any)          { r.fatal = true; panic("fatal") }
func (r *recorder) Fatalf(string, ...any) { r.fatal = true; panic("fatal") }
