// Package pgtest gives tests a real PostgreSQL. Where a step fails the test fails; nothing is ever skipped: a machine
// without the server programs is told to run `make tools`.
//
// Most tests want an empty database, on a server that the whole test binary shares:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestSomething(t *testing.T) {
//		dsn := pgtest.NewDatabase(t)
//
// Tests that kill the server, or that change what all its databases share, start their own with Start. The major version
// is that of TIDEMARK_TEST_PG_MAJOR, or 15. No goroutine of this package outlives a call, so goleak sees none.
package pgtest

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"tidemark/internal/pgcluster"
)

// EnvMajor names the environment variable that says which PostgreSQL to test on.
const EnvMajor = "TIDEMARK_TEST_PG_MAJOR"

// Cluster is a running PostgreSQL. What it embeds returns errors; the methods here fail the test instead.
type Cluster struct{ *pgcluster.Cluster }

// Option says how a cluster differs from the usual one.
type Option func(*pgcluster.Options)

// Setting sets a line of postgresql.conf, such as wal_level = logical.
func Setting(name, value string) Option {
	return func(o *pgcluster.Options) {
		if o.Settings == nil {
			o.Settings = map[string]string{}
		}
		o.Settings[name] = value
	}
}

// Durable leaves fsync on.
func Durable() Option { return func(o *pgcluster.Options) { o.Durable = true } }

// At makes the server listen on a further address.
func At(address string) Option { return func(o *pgcluster.Options) { o.Address = address } }

// OnMajor asks for a version, whatever the environment says.
func OnMajor(major int) Option { return func(o *pgcluster.Options) { o.Major = major } }

// Major is the version to test on.
func Major(t testing.TB) int {
	t.Helper()
	text := os.Getenv(EnvMajor)
	if text == "" {
		return pgcluster.DefaultMajor
	}
	major, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s=%q is not a number", EnvMajor, text)
	}
	return major
}

// Start starts a cluster that belongs to this test; it is gone when the test is over.
func Start(t testing.TB, opts ...Option) *Cluster {
	t.Helper()
	cluster, err := pgcluster.Start(t.Context(), options(t, opts))
	return own(t, cluster, err)
}

// Standby makes a physical replica of the cluster, which belongs to this test. Promote makes it a primary.
func (c *Cluster) Standby(t testing.TB) *Cluster {
	t.Helper()
	standby, err := c.Cluster.Standby(t.Context())
	return own(t, standby, err)
}

func own(t testing.TB, cluster *pgcluster.Cluster, err error) *Cluster {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's last words:\n%s", cluster.LogTail())
		}
		if err := cluster.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Cluster{cluster}
}

func options(t testing.TB, opts []Option) pgcluster.Options {
	t.Helper()
	o := pgcluster.Options{Major: Major(t)}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Kill kills the postmaster as kill -9 does, and returns when all its children have gone.
func (c *Cluster) Kill(t testing.TB) {
	t.Helper()
	check(t, c.Cluster.Kill(alive(t)))
}

// Stop shuts the server down in good order.
func (c *Cluster) Stop(t testing.TB) {
	t.Helper()
	check(t, c.Cluster.Stop(alive(t)))
}

// Restart starts the server on its old port, after stopping it if it runs.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	check(t, c.Cluster.Restart(alive(t)))
}

// Promote makes a standby a primary.
func (c *Cluster) Promote(t testing.TB) {
	t.Helper()
	check(t, c.Cluster.Promote(alive(t)))
}

// Exec runs statements in a database as the superuser, each in a transaction of its own.
func (c *Cluster) Exec(t testing.TB, database string, statements ...string) {
	t.Helper()
	check(t, c.Cluster.Exec(alive(t), database, statements...))
}

// alive is the test's context without its end, which comes before the functions given to t.Cleanup are called: they may
// use a cluster too.
func alive(t testing.TB) context.Context { return context.WithoutCancel(t.Context()) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Pooler puts a pgbouncer in transaction mode before the cluster; it is gone when the test is over.
func (c *Cluster) Pooler(t testing.TB) *pgcluster.Pooler {
	t.Helper()
	pooler, err := c.Cluster.Pooler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, pooler.Close()) })
	return pooler
}

// BeforePowerCut begins a power cut of the cluster; what is booted from it is gone when the test is over.
func (c *Cluster) BeforePowerCut(t testing.TB) *PowerCut {
	t.Helper()
	cut, err := c.Cluster.BeforePowerCut(t.Context())
	check(t, err)
	t.Cleanup(func() {
		if err := cut.Close(); err != nil {
			t.Error(err)
		}
	})
	return &PowerCut{cut}
}

// PowerCut is one that BeforePowerCut has begun.
type PowerCut struct{ cut *pgcluster.PowerCut }

// Happen cuts the power, and starts a server from what was on disk.
func (p *PowerCut) Happen(t testing.TB, r *rand.Rand) *Cluster {
	t.Helper()
	cluster, err := p.cut.Happen(t.Context(), r)
	check(t, err)
	return &Cluster{cluster}
}
