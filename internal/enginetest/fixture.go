package enginetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/internal/pgtest"
)

// Fixture is what a database holds before a test: statements of an ordinary writer, drained. The zero Fixture is empty.
type Fixture struct {
	Name       string
	Statements []string
}

// ReadFixture reads a script whose statements each end with ;; at the end of a line. It is named after the file.
func ReadFixture(t testing.TB, path string) Fixture {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := Fixture{Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))}
	for _, s := range strings.Split(string(text), ";;\n") {
		if strings.TrimSpace(s) != "" {
			f.Statements = append(f.Statements, s)
		}
	}
	return f
}

// Pair opens both engines, Postgres first, on the cluster that the tests share.
func Pair(t testing.TB, f Fixture) []*Engine {
	t.Helper()
	return []*Engine{OpenPostgres(t, pgtest.Shared(t), f), OpenSQLite(t, f)}
}

// Each runs a test on both engines at the same time, as subtests with their names.
func Each(t *testing.T, f Fixture, test func(t *testing.T, e *Engine)) {
	t.Helper()
	t.Run(Postgres, func(t *testing.T) {
		t.Parallel()
		test(t, OpenPostgres(t, pgtest.Shared(t), f))
	})
	t.Run(SQLite, func(t *testing.T) {
		t.Parallel()
		test(t, OpenSQLite(t, f))
	})
}
