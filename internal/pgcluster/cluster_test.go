package pgcluster_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"tidemark/internal/pgcluster"
)

func TestMain(m *testing.M) {
	if os.Getenv(ownerEnv) != "" {
		own()
		return
	}
	goleak.VerifyTestMain(m)
}

// start starts a cluster that the test need not close.
func start(t *testing.T, o pgcluster.Options) *pgcluster.Cluster {
	t.Helper()
	o.Major = major(t)
	c, err := pgcluster.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// major is the version to test on; package pgtest documents the variable.
func major(t *testing.T) int {
	t.Helper()
	text := os.Getenv("TIDEMARK_TEST_PG_MAJOR")
	if text == "" {
		return pgcluster.DefaultMajor
	}
	version, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// ask runs a query that gives one text.
func ask(t *testing.T, dsn, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var answer string
	if err := conn.QueryRow(t.Context(), query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func exec(t *testing.T, c *pgcluster.Cluster, statements ...string) {
	t.Helper()
	if err := c.Exec(t.Context(), "postgres", statements...); err != nil {
		t.Fatal(err)
	}
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func TestServerIsAsPromised(t *testing.T) {
	c := start(t, pgcluster.Options{Settings: map[string]string{"wal_level": "logical", "application_name": "it's"}})
	settings := map[string]string{
		"server_encoding": "UTF8", "lc_collate": "C", "lc_ctype": "C", "listen_addresses": "127.0.0.1", "fsync": "off",
		"synchronous_commit": "on", "wal_level": "logical", "application_name": "it's", "timezone": "UTC",
	}
	for name, want := range settings {
		got := ask(t, c.DSN("postgres"), "SELECT CASE '"+name+"' WHEN 'lc_collate' THEN datcollate WHEN 'lc_ctype' THEN datctype"+
			" ELSE current_setting('"+name+"', true) END FROM pg_database WHERE datname = 'postgres'")
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if c.Major() != major(t) {
		t.Errorf("Major() = %d, want %d", c.Major(), major(t))
	}
	if got := ask(t, c.SocketDSN("postgres"), "SELECT current_user::text"); got != pgcluster.Superuser {
		t.Errorf("socket user is %q", got)
	}
}

func TestDurable(t *testing.T) {
	c := start(t, pgcluster.Options{Durable: true})
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		if got := ask(t, c.DSN("postgres"), "SHOW "+name); got != "on" {
			t.Errorf("%s is %s, want on", name, got)
		}
	}
}

// A superuser can run programs, so another user of this machine must not become one through the open port.
func TestOnlyRolesComeInWithoutPassword(t *testing.T) {
	c := start(t, pgcluster.Options{})
	exec(t, c, "CREATE ROLE writer LOGIN")
	if got := ask(t, c.DSNAs("writer", "postgres"), "SELECT current_user::text"); got != "writer" {
		t.Errorf("user is %q, want writer", got)
	}
	conn, err := pgx.Connect(t.Context(), c.DSNAs(pgcluster.Superuser, "postgres"))
	if err == nil {
		conn.Close(t.Context())
		t.Error("superuser came in over TCP without password")
	}
}

// A session that holds a replication slot of the database ends like any other.
func TestDatabaseWithASlotIsDropped(t *testing.T) {
	c := start(t, pgcluster.Options{Settings: map[string]string{"wal_level": "logical"}})
	if err := c.CreateDatabase(t.Context(), "it's", ""); err != nil {
		t.Fatal(err)
	}
	cfg, err := pgconn.ParseConfig(c.SocketDSN("it's"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuntimeParams["replication"] = "database"
	conn, err := pgconn.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the server has ended it
	if err := conn.Exec(t.Context(), "CREATE_REPLICATION_SLOT held TEMPORARY LOGICAL pgoutput").Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.DropDatabase(t.Context(), "it's"); err != nil {
		t.Error(err)
	}
}

func TestDatabasesAreMadeCopiedAndDropped(t *testing.T) {
	c := start(t, pgcluster.Options{})
	create := func(name, template string) {
		t.Helper()
		if err := c.CreateDatabase(t.Context(), name, template); err != nil {
			t.Fatal(err)
		}
	}
	create("first", "")
	if err := c.Exec(t.Context(), "first", "CREATE TABLE t AS SELECT 'kept' AS v"); err != nil {
		t.Fatal(err)
	}
	create(`se"cond`, "first")
	if got := ask(t, c.DSN(`se"cond`), "SELECT v FROM t"); got != "kept" {
		t.Errorf("copy holds %q", got)
	}
	busy, err := pgx.Connect(t.Context(), c.DSN("first"))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close(context.Background())
	for range 2 { // the second time there is nothing to drop
		if err := c.DropDatabase(t.Context(), "first"); err != nil {
			t.Error(err)
		}
	}
	if err := busy.Ping(t.Context()); err == nil {
		t.Error("session outlived its database")
	}
}

func TestFindBinSaysWhatToDo(t *testing.T) {
	t.Setenv("PATH", "")
	_, err := pgcluster.FindBin(7)
	if !errors.Is(err, pgcluster.ErrNoServer) || !strings.Contains(err.Error(), "make tools") {
		t.Errorf("FindBin(7) = %v, want a hint at make tools", err)
	}
	bin, err := pgcluster.FindBin(pgcluster.DefaultMajor)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(pgcluster.EnvBin, bin)
	if _, err := pgcluster.FindBin(18); err == nil || !strings.Contains(err.Error(), pgcluster.EnvBin) {
		t.Errorf("FindBin(18) = %v, want a complaint about %s", err, pgcluster.EnvBin)
	}
}

func TestFailedStartTellsWhyAndLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	if err := os.Chmod(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := openUp(parent); err != nil {
		t.Fatal(err)
	}
	_, err := pgcluster.Start(t.Context(), pgcluster.Options{Parent: parent, Settings: map[string]string{"wal_level": "nonsense"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "wal_level"`) {
		t.Errorf("error does not tell what the server said: %v", err)
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}
