package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"tidemark/internal/pgcluster"
)

// shared holds the clusters that tests of this binary have in common, by their options.
var shared struct {
	sync.Mutex
	clusters map[string]*Cluster
}

// Shared returns a running cluster that all tests of the binary with the same options share. Do not stop it. It is
// started on first use and stopped by Main, or else by its watchdog when the binary ends.
func Shared(t testing.TB, opts ...Option) *Cluster {
	t.Helper()
	o := options(t, opts)
	key := fmt.Sprintf("%+v", o) // fmt prints maps in the order of their keys
	shared.Lock()
	defer shared.Unlock()
	if found := shared.clusters[key]; found != nil {
		return found
	}
	// Not the test's context: the cluster outlives the test.
	cluster, err := pgcluster.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if shared.clusters == nil {
		shared.clusters = map[string]*Cluster{}
	}
	shared.clusters[key] = &Cluster{cluster}
	return shared.clusters[key]
}

// M is what *testing.M is to those who run it.
type M interface{ Run() int }

// Main runs the tests and then stops the shared clusters. It returns the exit status, which a TestMain may ignore:
// testing remembers it.
func Main(m M) int {
	code := m.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return max(code, 1)
	}
	return code
}

// Runner is Main for those who want to run the tests themselves: goleak.VerifyTestMain(pgtest.Runner(m)).
func Runner(m M) M { return runner{m} }

type runner struct{ m M }

func (r runner) Run() int { return Main(r.m) }

func closeShared() error {
	shared.Lock()
	defer shared.Unlock()
	var errs []error
	for _, cluster := range shared.clusters {
		errs = append(errs, cluster.Close())
	}
	shared.clusters = nil
	return errors.Join(errs...)
}
