package acceptance

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// TestIdenticalReadsCostOne: identical reads at the same time, of a list or of one connection, cost the statements of one. It looks at
// all goroutines of the process, so nothing runs beside it.
func TestIdenticalReadsCostOne(t *testing.T) {
	t.Run(enginetest.Postgres, func(t *testing.T) {
		identicalReads(open(t, enginetest.OpenPostgres(t, pgtest.Shared(t), enginetest.Fixture{})))
	})
	t.Run(enginetest.SQLite, func(t *testing.T) { identicalReads(open(t, enginetest.OpenSQLite(t, enginetest.Fixture{}))) })
}

func identicalReads(w *world) {
	const readers = 20
	w.fill("ada", "a", 1, 20, 1)
	w.Settle(w.t)
	api := httptest.NewServer(w.api)
	defer api.Close()
	for _, target := range []string{"/_ref/connectors?limit=10", "/_ref/connectors?connection=a_000001", "/_ref/connectors/a_000001"} {
		one := w.Statements.During(func() { w.get("ada", target, nil) })
		waiting, release := w.Statements.Hold("connector_instances")
		ran := w.Statements.During(func() {
			var group sync.WaitGroup
			for range readers {
				group.Go(func() { w.fetch(api, "ada", target) })
			}
			for waiting() < 2 && sharing() < readers { // all wait for one; or two read, which is wrong
				runtime.Gosched()
			}
			release()
			group.Wait()
		})
		if want := len(one) + (readers-1)*tokens(one); len(ran) != want { // each shows its token
			w.t.Errorf("%s: %s: %d reads at once cost %d statements, want %d:\n%s", w.Name, target, readers, len(ran), want, texts(ran))
		}
	}
}

// fetch reads over the network, as an owner.
func (w *world) fetch(api *httptest.Server, owner, target string) {
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, api.URL+target, nil)
	if err != nil {
		w.t.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+owner)
	answer, err := api.Client().Do(r)
	if err != nil {
		w.t.Error(err)
		return
	}
	if answer.StatusCode != http.StatusOK {
		w.t.Errorf("%s: %s: status %d", w.Name, target, answer.StatusCode)
	}
	if err := answer.Body.Close(); err != nil {
		w.t.Error(err)
	}
}

// sharing counts the requests that wait for a read that they share.
func sharing() int {
	var stacks bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 2); err != nil {
		panic(err)
	}
	return strings.Count(stacks.String(), "server.(*flights).await(")
}

func tokens(ran []enginetest.Traced) (n int) {
	for _, s := range ran {
		if strings.Contains(s.SQL, "tokens") {
			n++
		}
	}
	return n
}
