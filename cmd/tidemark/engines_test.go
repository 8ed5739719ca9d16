package main

import (
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/pgtest"
)

// The names of the engines in tests.
const (
	onPostgres = "postgres"
	onSQLite   = "sqlite"
)

// eachEngine runs a test on a new, empty database of each engine, at the same time as others: most wait for a server's timers.
func eachEngine(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Parallel()
	for _, name := range []string{onSQLite, onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newDatabase(t, name))
		})
	}
}

// newDatabase returns what --db takes.
func newDatabase(t testing.TB, engine string) string {
	t.Helper()
	if engine == onSQLite {
		return "sqlite:" + filepath.Join(t.TempDir(), "tidemark.db")
	}
	return pgtest.NewDatabase(t)
}

// testApp is the program in this process.
func testApp(dsn string) *app {
	a := &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
	a.settings.db = dsn
	return a
}

// openEngine opens a database with schema and triggers.
func openEngine(t *testing.T, dsn string) engine {
	t.Helper()
	e, err := testApp(dsn).open(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.close(); err != nil {
			t.Error(err)
		}
	})
	if err := prepare(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	return e
}

// foreign runs SQL as a program that nothing of ours is part of: through the sqlite3 shell, or as the superuser. Tables are
// written as engine.texts takes them.
func foreign(ctx context.Context, dsn, sql string) error {
	if file, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		out, err := exec.CommandContext(ctx, "sqlite3", "-bail", "-cmd", ".timeout 10000", file, qualify(sql, "", "")).CombinedOutput()
		if err != nil {
			return wrap(err, "sqlite3: %s", out)
		}
		return nil
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // given up either way
	_, err = conn.Exec(ctx, qualify(sql, "public.", "tidemark."))
	return err
}

func mustForeign(t testing.TB, dsn, sql string) {
	t.Helper()
	if err := foreign(t.Context(), dsn, sql); err != nil {
		t.Fatal(err)
	}
}
