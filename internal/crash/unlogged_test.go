package crash

import (
	"slices"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
	"tidemark/internal/programtest"
	"tidemark/internal/recount"
)

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
