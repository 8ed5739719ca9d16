package crash

import (
	"strings"
	"testing"
	"time"

	"tidemark/internal/enginetest"
	"tidemark/internal/programtest"
)

// migrates is about how long a migration takes here; it is measured.
var migrates = time.Second

// cutMigration cuts off the migration of a new database: the program, or the server with it. The next one goes on.
func (d *database) cutMigration(postgres bool) func(t *testing.T) {
	return func(t *testing.T) {
		dsn := d.NewDatabase(t)
		p := start(t, dsn, "migrate", "up")
		began := time.Now()
		moment(d.r, migrates, p)
		if !p.Runs() {
			migrates = time.Since(began)
		}
		if postgres {
			d.Kill(t)
			d.Restart(t)
		}
		p.Kill(t)
		migrated(t, dsn)
	}
}

// migrated migrates once more, and sees to it that all is there and works.
func migrated(t *testing.T, dsn string) {
	t.Helper()
	programtest.Run(t, dsn, "migrate", "up")
	programtest.Run(t, dsn, "doctor")
	e := enginetest.Attach(t, dsn)
	do := e.Foreign
	if strings.HasPrefix(dsn, "sqlite:") {
		do = e.Exec
	}
	do(t, beginning...)
	if len(e.CheckG2(t).Dirty()) != 4 {
		t.Error("four new connections are not dirty")
	}
	e.CheckG3(t)
}
