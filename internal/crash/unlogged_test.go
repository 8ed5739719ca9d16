package crash

import (
	"slices"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
	"tidemark/internal/programtest"
	"tidemark/internal/recount"
)

// What is on record of capture may be lost itself: then nothing is trusted, at once, until all is recounted.
func TestUnloggedRecord(t *testing.T) {
	cluster := pgtest.Start(t)
	dsn := cluster.NewDatabase(t)
	programtest.Run(t, dsn, "migrate", "up")
	e := enginetest.Attach(t, dsn)
	e.Foreign(t, beginning...)
	e.Settle(t)
	e.Foreign(t, `ALTER TABLE records DISABLE TRIGGER tidemark_delete`, `DELETE FROM records`)
	programtest.Exit(t, dsn, 1, "doctor")
	e.Foreign(t, `ALTER TABLE tidemark.capture_state SET UNLOGGED`)
	cluster.Kill(t)
	cluster.Restart(t)
	e = enginetest.Attach(t, dsn)
	distrusted := func() int {
		var n int
		for _, p := range e.Load(t).Check() {
			if strings.HasPrefix(p.Field, "capture of ") {
				n++
			}
		}
		return n
	}
	if n := distrusted(); n != 10 {
		t.Errorf("%d tables are not trusted after the crash, want all ten", n)
	}
	e.Foreign(t, `ALTER TABLE tidemark.capture_state SET LOGGED`)
	server := programtest.Serve(t, dsn)
	poll.Until(t, "all is recounted", func() bool { return server.Runs() && len(e.Load(t).Settled()) == 0 })
	programtest.Run(t, dsn, "verify")
}

// A source table that somebody has made UNLOGGED is empty after a crash. What rests on it is not trusted, and once the table is LOGGED
// again the server recounts it by itself.
func TestUnloggedSource(t *testing.T) {
	cluster := pgtest.Start(t)
	dsn := cluster.NewDatabase(t)
	programtest.Run(t, dsn, "migrate", "up")
	e := enginetest.Attach(t, dsn)
	e.Foreign(t, beginning...)
	e.Foreign(t, `INSERT INTO record_changes (connector_instance_id, stream, record_key, version) VALUES ('c1', 's', '1', 1)`)
	server := programtest.Serve(t, dsn)
	settled := func() bool { return server.Runs() && len(e.Load(t).Settled()) == 0 }
	poll.Until(t, "all is drained", settled)
	e.Foreign(t, `ALTER TABLE record_changes SET UNLOGGED`)
	cluster.Kill(t)
	cluster.Restart(t)
	e = enginetest.Attach(t, dsn)
	poll.Until(t, "that is on record", func() bool {
		return slices.ContainsFunc(e.Load(t).Check(), func(p recount.Problem) bool { return p.Field == "capture of record_changes" })
	})
	programtest.Exit(t, dsn, 1, "doctor")
	e.Foreign(t, `ALTER TABLE record_changes SET LOGGED`)
	poll.Until(t, "it is recounted", settled)
	programtest.Run(t, dsn, "verify")
}
