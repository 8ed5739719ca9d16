package enginetest

import (
	"strings"
	"testing"
)

// Attach opens a database that somebody else made and maybe serves, as --db names it.
func Attach(t testing.TB, dsn string) *Engine {
	t.Helper()
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		e, closeDB, err := connectSQLite(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := closeDB(); err != nil {
				t.Error(err)
			}
		})
		return e
	}
	e, closeDB, err := connectPostgres(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeDB)
	return e
}
