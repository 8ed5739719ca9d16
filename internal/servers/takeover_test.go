package servers

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
)

// fleet is a database, three servers on it, and a writer that never stops and must never fail.
type fleet struct {
	*testing.T
	*observer
	engine  *enginetest.Engine
	dsn     string
	beside  []func() // end what runs beside the servers
	servers map[string]*server
	network *network
	written int // by the writer alone
}

// newFleet starts a, b and c, each as a role of its own, c behind a network that can be cut.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	network := newNetwork(t)
	var opts []pgtest.Option
	if network.address != "" {
		opts = append(opts, pgtest.At(network.address))
	}
	cluster := pgtest.Start(t, opts...)
	e := enginetest.OpenPostgres(t, cluster, enginetest.Fixture{
		Name: "servers", Statements: []string{
			`INSERT INTO connectors (connector_id) VALUES ('shop')`,
			`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'ann', 'shop')`,
		},
	})
	f := &fleet{T: t, observer: observe(t, e.DSN), engine: e, dsn: e.DSN, servers: map[string]*server{}, network: network}
	for _, name := range []string{"a", "b", "c"} {
		f.exec("CREATE ROLE " + name + " SUPERUSER LOGIN")
	}
	database := f.text("SELECT current_database()::text")
	f.servers["a"] = serve(t, "a", cluster.DSNAs("a", database))
	f.servers["b"] = serve(t, "b", cluster.DSNAs("b", database))
	f.servers["c"] = network.serve(t, "c", network.lead(t, cluster.DSNAs("c", database)))
	f.writes()
	f.watches()
	return f
}

// writes inserts records, each in a transaction of its own, until the test is over.
func (f *fleet) writes() {
	f.repeats(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `INSERT INTO public.records (connector_instance_id, stream, record_key, record_json) VALUES ('c1', 's', $1, '1')`, fmt.Sprint(f.written))
		f.written++
		return err
	})
}

// watches demands of every snapshot that neither the evidence's version nor its count is older than those before: nothing is deleted.
func (f *fleet) watches() {
	var version, records int64
	f.repeats(func(ctx context.Context, conn *pgx.Conn) error {
		var v, n int64
		err := conn.QueryRow(ctx, `SELECT version, total_records FROM tidemark.connector_summary_evidence
			WHERE connector_instance_id = 'c1' ORDER BY version DESC LIMIT 1`).Scan(&v, &n)
		if err == nil && (v < version || n < records) {
			err = fmt.Errorf("version %d with %d records came after version %d with %d", v, n, version, records)
		}
		version, records = v, n
		return err
	})
}

// repeats calls once, up to a hundred times a second, on a session of its own until the test is over.
func (f *fleet) repeats(once func(context.Context, *pgx.Conn) error) {
	f.T.Helper()
	conn, err := pgx.Connect(f.T.Context(), f.dsn)
	if err != nil {
		f.T.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(f.T.Context()))
	var done sync.WaitGroup
	done.Go(func() {
		defer conn.Close(context.WithoutCancel(ctx))
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for ctx.Err() == nil {
			if err := once(ctx, conn); err != nil && ctx.Err() == nil {
				f.T.Errorf("beside the servers: %v", err)
				return
			}
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	})
	end := func() { stop(); done.Wait() }
	f.beside = append(f.beside, end)
	f.T.Cleanup(end)
}

// leads waits until a server leads whose role is not in not, and returns it.
func (f *fleet) leads(not ...string) string {
	f.T.Helper()
	var name string
	poll.Until(f.T, "another server than "+strings.Join(not, ", ")+" leads", func() bool {
		name = f.leader()
		for _, n := range not {
			if n == name {
				return false
			}
		}
		return name != ""
	})
	return name
}

// drains waits until what has been written by now is in the evidence.
func (f *fleet) drains() {
	f.T.Helper()
	want := f.text(`SELECT count(*)::text FROM public.records`)
	poll.Until(f.T, "what was written is in the evidence", func() bool {
		return f.text(`SELECT (total_records >= $1::text::bigint)::text FROM tidemark.connector_summary_evidence
			WHERE connector_instance_id = 'c1' ORDER BY version DESC LIMIT 1`, want) == "true"
	})
}

// made lets the leader be the server of that name.
func (f *fleet) made(leader string) {
	f.T.Helper()
	for at := f.leads(); at != leader; at = f.leads() {
		f.exec(`SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
			WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = 'tidemark listener' AND a.datname = current_database()`)
		poll.Until(f.T, "it has gone", func() bool { return f.leader() != at || at == leader })
	}
}

// The server that drains is stopped in the middle of a drain, cut off, and killed: each time another takes over, no writer fails,
// and no older evidence is written over newer. The major version of the database makes no difference here.
func TestTakeOver(t *testing.T) {
	f := newFleet(t)
	f.drains()
	took := func(what string, since time.Time) {
		t.Helper()
		t.Logf("%s: another had drained what was written after %v", what, time.Since(since).Round(time.Millisecond))
	}

	// Stopped while it waits for a row in the middle of its transaction, with the drain lock.
	f.made("a")
	blocker := observe(t, f.dsn)
	blocker.exec(`BEGIN`)
	blocker.exec(`LOCK TABLE tidemark.connector_summary_evidence IN ACCESS EXCLUSIVE MODE`)
	poll.Until(t, "a drain is in the middle of its work", func() bool {
		return f.text(`SELECT count(*)::text FROM pg_locks l JOIN pg_stat_activity a USING (pid)
			WHERE NOT l.granted AND a.usename = 'a' AND l.relation = 'tidemark.connector_summary_evidence'::regclass`) != "0"
	})
	f.servers["a"].Signal(t, syscall.SIGSTOP)
	since := time.Now()
	blocker.exec(`ROLLBACK`)
	f.leads("a")
	f.drains()
	took("stopped", since)
	f.servers["a"].Signal(t, syscall.SIGCONT)
	poll.Until(t, "the one that was stopped follows", func() bool { ok, _ := f.servers["a"].ready(t); return ok })

	// Cut off: its packets vanish.
	f.made("c")
	f.network.cut(t)
	since = time.Now()
	next := f.leads("c")
	f.drains()
	took("cut off", since)
	f.network.join(t)
	poll.Until(t, "the one that was cut off is back", func() bool {
		return f.text(`SELECT count(*)::text FROM pg_stat_activity WHERE usename = 'c' AND application_name = 'tidemark listener'`) == "1"
	})

	// Killed.
	f.servers[next].Kill(t)
	since = time.Now()
	f.leads(next)
	f.drains()
	took("killed", since)

	for _, end := range f.beside {
		end()
	}
	f.engine.CheckG3(t)
}
