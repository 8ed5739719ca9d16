package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
)

// held is a store whose reads wait, in a bubble of synctest.
func held(t *testing.T) (a api, m *memory, release chan struct{}) {
	m = newMemory(connection("amazon", "ci_1"))
	release = make(chan struct{})
	m.onRead = func(int) { <-release }
	return serve(t, m), m, release
}

func (a api) start(ctx context.Context, wg *sync.WaitGroup, target, token string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", target, nil).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer "+token)
	wg.Go(func() { a.h.ServeHTTP(w, r) })
	return w
}

func TestIdenticalReadsShareOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, m, release := held(t)
		var wg sync.WaitGroup
		var answers []*httptest.ResponseRecorder
		for range 20 {
			answers = append(answers, a.start(t.Context(), &wg, "/_ref/connectors", adas))
		}
		synctest.Wait()
		if m.reads != 1 {
			t.Errorf("%d reads for 20 that are identical", m.reads)
		}
		a.start(t.Context(), &wg, "/_ref/connectors", bobs)
		a.start(t.Context(), &wg, "/_ref/connectors?limit=7", adas)
		a.start(t.Context(), &wg, "/_ref/connectors?profile=identity_inventory", adas)
		a.start(t.Context(), &wg, "/_ref/connectors?fresh=true", adas)
		synctest.Wait()
		if m.reads != 5 {
			t.Errorf("%d reads of another owner, page, profile and a fresh one; want 5 in all", m.reads)
		}
		close(release)
		wg.Wait()
		for _, w := range answers {
			if w.Code != http.StatusOK || w.Body.String() != answers[0].Body.String() {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
		}
		a.get("/_ref/connectors")
		if m.reads != 6 {
			t.Error("a read that came later was answered with an older one")
		}
	})
}

// TestWhoLeavesDoesNotEndIt: the read is nobody's, but it ends when nobody waits for it any more.
func TestWhoLeavesDoesNotEndIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, m, release := held(t)
		var wg sync.WaitGroup
		ctx, leave := context.WithCancel(t.Context())
		first := a.start(ctx, &wg, "/_ref/connectors", adas)
		synctest.Wait()
		second := a.start(t.Context(), &wg, "/_ref/connectors", adas)
		synctest.Wait()
		leave()
		synctest.Wait()
		close(release)
		wg.Wait()
		if first.Code != 499 || second.Code != http.StatusOK || m.reads != 1 {
			t.Errorf("who left: %d, who stayed: %d, after %d reads", first.Code, second.Code, m.reads)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		a, m, release := held(t)
		var wg sync.WaitGroup
		ctx, leave := context.WithCancel(t.Context())
		a.start(ctx, &wg, "/_ref/connectors", adas)
		synctest.Wait()
		leave()
		wg.Wait()
		later := a.start(t.Context(), &wg, "/_ref/connectors", adas)
		synctest.Wait()
		close(release)
		wg.Wait()
		if later.Code != http.StatusOK || m.reads != 2 {
			t.Errorf("who came after all had left: %d, after %d reads", later.Code, m.reads)
		}
	})
}
