package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
	"tidemark/internal/programtest"
	"tidemark/internal/recount"
)

// A round has one cut of each kind; `make test` plays three, with two migrations cut off in each.
const rounds = 3

func TestPostgres(t *testing.T) { cutPostgres(t, rounds) }

// database is a Postgres under attack.
type database struct {
	*pgtest.Cluster
	dsn    string
	server *programtest.Server
	r      *rand.Rand
	writes int // how many transactions all writers have begun, so that no account is kept twice
}

func cutPostgres(t *testing.T, rounds int) {
	cluster := pgtest.Start(t, pgtest.Durable(), pgtest.Setting("checkpoint_timeout", "1h"), pgtest.Setting("max_wal_size", "8GB"),
		pgtest.Setting("min_wal_size", "32MB"))
	d := &database{Cluster: cluster, dsn: cluster.NewDatabase(t), r: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))}
	programtest.Run(t, d.dsn, "migrate", "up")
	enginetest.Attach(t, d.dsn).Foreign(t, beginning...)
	d.server = programtest.Serve(t, d.dsn)
	for round := range rounds {
		for name, cut := range map[string]func(t *testing.T){
			"postgres": d.killPostgres, "backend": d.killBackend, "server": d.killServer, "both": d.killBoth, "power": d.cutPower,
			"migration": d.cutMigration(false), "migration and postgres": d.cutMigration(true),
		} {
			t.Run(fmt.Sprint(name, " ", round), cut)
			if t.Failed() {
				return
			}
			if !d.server.Runs() {
				d.server = programtest.Serve(t, d.dsn)
			}
		}
	}
}

// attacked lets writers and, every other time, a rebuild work until all have done something, and a moment longer, and calls cut. It
// returns what each writer was told had been committed before.
func (d *database) attacked(t *testing.T, cut func()) (told map[string]int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var group sync.WaitGroup
	var done [3]atomic.Int64
	for i := range done {
		r, first := rand.New(rand.NewPCG(d.r.Uint64(), 2)), d.writes+1
		group.Go(func() { write(ctx, t, d.dsn, fmt.Sprint("w", i), r, first, &done[i]) })
	}
	if d.r.IntN(2) == 0 {
		rebuild := start(t, d.dsn, "rebuild")
		defer rebuild.Kill(t)
	}
	poll.Until(t, "every writer has committed", func() bool { return done[0].Load() > 0 && done[1].Load() > 0 && done[2].Load() > 0 })
	moment(d.r, 300*time.Millisecond)
	told = map[string]int{}
	for i := range done {
		told[fmt.Sprint("w", i)] = int(done[i].Load())
	}
	cut()
	cancel()
	group.Wait()
	d.writes += 1_000_000
	return told
}

// write commits transactions until its session is lost. What it is refused it does not do.
func write(ctx context.Context, t *testing.T, dsn, writer string, r *rand.Rand, first int, done *atomic.Int64) {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Errorf("%s: %v", writer, err)
		return
	}
	defer c.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it is lost
	for n := first; ctx.Err() == nil; n++ {
		err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, strings.Join(transaction(r, writer, n), "; "))
			return err
		})
		var refused *pgconn.PgError
		switch {
		case err == nil:
			done.Store(int64(n))
		case !errors.As(err, &refused) || c.IsClosed():
			return
		}
	}
}

// check holds the database against G2 at once, against what writers were told, and, after a drain, against G3.
func check(t *testing.T, dsn string, told map[string]int) {
	t.Helper()
	e := enginetest.Attach(t, dsn)
	state := e.Load(t)
	e.Report(t, state.Check())
	s, release := e.Hold(t)
	for writer, n := range told {
		if n > 0 && !has(t, s, writer, n) {
			t.Errorf("%s was told that transaction %d had been committed, and it is gone", writer, n)
		}
	}
	release()
	e.CheckG3(t)
}

func (d *database) killPostgres(t *testing.T) {
	told := d.attacked(t, func() { d.Kill(t) })
	d.Restart(t)
	check(t, d.dsn, told)
	d.survives(t)
}

// killBackend kills one process of the server's: a drain's, if one is at work, or a writer's. The others start anew.
func (d *database) killBackend(t *testing.T) {
	told := d.attacked(t, func() {
		conn, err := pgx.Connect(t.Context(), d.SocketDSN("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		var pid int
		err = conn.QueryRow(t.Context(), `SELECT pid FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()
			ORDER BY application_name = 'tidemark' AND backend_xid IS NOT NULL DESC, random() LIMIT 1`).Scan(&pid)
		if err == nil {
			err = syscall.Kill(pid, syscall.SIGKILL)
		}
		if err != nil {
			t.Fatal(err)
		}
		poll.Until(t, "the server starts anew", func() bool { return conn.Ping(t.Context()) != nil })
		_ = conn.Close(context.WithoutCancel(t.Context())) // it is lost
		poll.Until(t, "the server is back", func() bool { return d.Cluster.Cluster.Exec(t.Context(), "postgres", "SELECT 1") == nil })
	})
	check(t, d.dsn, told)
	d.survives(t)
}

func (d *database) killServer(t *testing.T) {
	told := d.attacked(t, func() { d.server.Kill(t) })
	check(t, d.dsn, told)
}

func (d *database) killBoth(t *testing.T) {
	told := d.attacked(t, func() {
		d.server.Kill(t)
		d.Kill(t)
	})
	d.Restart(t)
	check(t, d.dsn, told)
}

// cutPower checks what is left on the disk; life goes on, for this database.
func (d *database) cutPower(t *testing.T) {
	cut := d.BeforePowerCut(t)
	var left *pgtest.Cluster
	told := d.attacked(t, func() { left = cut.Happen(t, d.r) })
	name := d.dsn[strings.LastIndex(d.dsn, "/")+1:]
	name, _, _ = strings.Cut(name, "?")
	check(t, left.DSN(name), told)
}

// survives sees to it that the service has lived through the loss of its database, and takes up its work.
func (d *database) survives(t *testing.T) {
	t.Helper()
	if !d.server.Runs() {
		t.Fatal("the service ended with its database")
	}
	e := enginetest.Attach(t, d.dsn)
	e.Foreign(t, fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('c1', 'after', '%d')`, d.r.Int64()))
	poll.Until(t, "the service drains again", func() bool {
		pending, err := e.Pending(t.Context())
		return err == nil && !pending
	})
}

// has reports whether the account of a writer's transaction is there.
func has(t *testing.T, s recount.Snapshot, writer string, n int) bool {
	t.Helper()
	found, err := s.Has(t.Context(), "told", writer, fmt.Sprint(n))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
