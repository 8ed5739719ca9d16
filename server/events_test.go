package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/summary"
)

func TestStreamTellsItsOwnerAlone(t *testing.T) {
	m := newMemory(connection("amazon", "ci_1"), connection("amazon", "ci \"2\"\n"))
	listening(t, m, func(t *testing.T, a api) {
		ada, bob := a.listen(adas), a.listen(bobs)
		if ct := ada.header.Get("Content-Type"); ada.status != http.StatusOK || ct != "text/event-stream" || ada.header.Get("Cache-Control") != "no-store" {
			t.Errorf("status %d, headers %v", ada.status, ada.header)
		}
		ada.expect()
		m.change(func() { m.rows[0].Version = 8 })
		ada.expect(changed("ci_1", "8", "evidence"))
		m.change(func() {
			m.rows[0].Version, m.rows[1].Version = 10, 9
			m.happened.events = []summary.Event{
				{Owner: "ada", ConnectionID: "gone", Version: 11, Kind: summary.EventDeleted},
				{Owner: "ada", ConnectionID: "ci_1", Version: 12, Kind: summary.EventManifest},
				{Owner: "ada", ConnectionID: "ci_2", Version: 12, Kind: summary.EventManifest},
			}
		})
		both := changed("ci_1", "12", "manifest")
		both.id = "" // of one version, so the last carries the id
		ada.expect(sent{"9", "summary.changed", `{"connection_id":"ci \"2\"\n","version":9,"reason":"evidence"}`}, changed("ci_1", "10", "evidence"),
			sent{"11", "summary.deleted", `{"connection_id":"gone","version":11}`}, both, changed("ci_2", "12", "manifest"))
		bob.expect()
		// A connection changes hands: who had it hears that it is gone, and nothing of what it becomes.
		m.change(func() {
			m.rows[0].Identity.OwnerSubjectID, m.rows[0].Version = "bob", 14
			m.happened.events = append(m.happened.events, summary.Event{Owner: "ada", ConnectionID: "ci_1", Version: 13, Kind: summary.EventDeleted})
		})
		ada.expect(sent{"13", "summary.deleted", `{"connection_id":"ci_1","version":13}`})
		bob.expect(changed("ci_1", "14", "evidence"))
		m.change(func() { m.rows[0].Version = 15 })
		ada.expect()
		bob.expect(changed("ci_1", "15", "evidence"))
		ada.close()
		bob.close()
	})
}

func TestStreamGoesOn(t *testing.T) {
	m := newMemory(connection("amazon", "ci_1"), connection("amazon", "ci_2"))
	m.rows[1].Version = 9
	m.happened.floor = 3
	m.happened.events = []summary.Event{{Owner: "ada", ConnectionID: "gone", Version: 8, Kind: summary.EventDeleted}}
	listening(t, m, func(t *testing.T, a api) {
		gone := sent{"8", "summary.deleted", `{"connection_id":"gone","version":8}`}
		resync := func(why string) sent { return sent{"9", "resync", `{"reason":"` + why + `"}`} }
		for last, want := range map[string][]sent{
			"9": nil, "8": {changed("ci_2", "9", "evidence")}, "7": {gone, changed("ci_2", "9", "evidence")},
			"3": {changed("ci_1", "7", "evidence"), gone, changed("ci_2", "9", "evidence")},
			"2": {resync("too_old")}, "0": {resync("too_old")}, "10": {resync("unknown_id")}, "9223372036854775807": {resync("unknown_id")},
			"9223372036854775808": {resync("unknown_id")}, "-1": {resync("unknown_id")}, "nine": {resync("unknown_id")}, "9.5": {resync("unknown_id")},
		} {
			p := a.listen(adas, "Last-Event-ID", last)
			got := p.events()
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("after %q: %q, want %q", last, got, want)
			}
			p.close()
		}
		p := a.listen(adas, "Last-Event-ID", "7")
		p.events()
		m.change(func() { m.rows[0].Version = 10 })
		p.expect(changed("ci_1", "10", "evidence"))
		p.close()
		// Another owner's event id is a place in the same order, and shows nothing of theirs.
		p = a.listen(bobs, "Last-Event-ID", "7")
		p.expect()
		p.close()
		m.change(func() {
			for i := range 2000 {
				o := connection("c", fmt.Sprintf("many_%04d", i))
				o.Version = int64(100 + i)
				m.rows = append(m.rows, o)
			}
		})
		p = a.listen(adas, "Last-Event-ID", "9")
		p.expect(sent{"2099", "resync", `{"reason":"too_many"}`})
		p.close()
	})
}

// TestStreamTellsThatNobodyDrains: a mark that waits turns what is read after the grace, and no version tells of it.
func TestStreamTellsThatNobodyDrains(t *testing.T) {
	m := newMemory(connection("amazon", "ci_1"), connection("amazon", "ci_2"))
	listening(t, m, func(t *testing.T, a api) {
		p := a.listen(adas)
		elapse(time.Minute)
		p.expect()
		m.change(func() {
			since := summary.NewInstant(time.Now())
			m.rows[1].Behind, m.rows[1].DirtySince = summary.NewSet(summary.Runs), &since
		})
		elapse(time.Second)
		p.expect()
		elapse(summary.LateAfter + lookEvery)
		e := changed("ci_2", fmt.Sprint(m.rows[1].Version), "time")
		e.id = "" // time has no place in the order of versions
		p.expect(e)
		elapse(time.Minute)
		p.expect() // once
		m.change(func() { m.rows[1].Behind, m.rows[1].DirtySince, m.rows[1].Version = summary.Set{}, nil, 8 })
		p.expect(changed("ci_2", "8", "evidence"))
		p.close()
	})
}

// TestStreamTellsTheMoment: what time alone changes is told when it does, not before and not late.
func TestStreamTellsTheMoment(t *testing.T) {
	m := newMemory()
	listening(t, m, func(t *testing.T, a api) {
		now := summary.NewInstant(time.Now())
		manifest := `{"streams":[{"name":"items"}],"refresh_policy":{"recommended_mode":"automatic","maximum_staleness_seconds":3600}}`
		for i := range 3 {
			o := connection("amazon", fmt.Sprintf("ci_%d", i))
			at := now.Add(-time.Duration(i) * 10 * time.Minute)
			run := *o.Runs.Last
			run.FinishedAt, run.FirstAt, run.LastAt = &at, at, at
			o.Runs.Last, o.Runs.LastSuccessful, o.Runs.LastFinished = &run, &run, &run
			o.ComputedAt, o.Connector.Manifest = &now, &manifest
			m.rows = append(m.rows, o)
		}
		p, late := a.listen(adas), a.listen(adas)
		told := func(i int) sent {
			e := changed(fmt.Sprintf("ci_%d", i), fmt.Sprint(m.rows[i].Version), "time")
			e.id = "" // time has no place in the order of versions
			return e
		}
		elapse(40 * time.Minute)
		p.expect()
		elapse(time.Second)
		p.expect(told(2))
		elapse(10*time.Minute - 2*time.Second)
		p.expect()
		late.close()
		elapse(2 * time.Second)
		p.expect(told(1))
		// Evidence that moves the moment moves the alarm.
		m.change(func() {
			at := summary.NewInstant(time.Now())
			run := *m.rows[0].Runs.Last
			run.FinishedAt, run.LastAt = &at, at
			m.rows[0].Runs.Last, m.rows[0].Runs.LastSuccessful, m.rows[0].Runs.LastFinished = &run, &run, &run
			m.rows[0].Version, m.rows[0].ComputedAt = 8, &at
		})
		p.expect(changed("ci_0", "8", "evidence"))
		elapse(50 * time.Minute)
		p.expect()
		elapse(10*time.Minute + time.Second)
		p.expect(told(0))
		// Who was away is told of what time changed meanwhile.
		late = a.listen(adas, "Last-Event-ID", "8")
		late.expect(told(0))
		late.close()
		// Evidence that brings the next moment nearer is seen at once.
		m.change(func() {
			at := summary.NewInstant(time.Now())
			run, brief := *m.rows[1].Runs.Last, `{"streams":[{"name":"items"}],"refresh_policy":{"recommended_mode":"automatic","maximum_staleness_seconds":60}}`
			run.FinishedAt, run.LastAt = &at, at
			m.rows[1].Runs.Last, m.rows[1].Runs.LastSuccessful, m.rows[1].Runs.LastFinished = &run, &run, &run
			m.rows[1].Version, m.rows[1].ComputedAt, m.rows[1].Connector.Manifest = 9, &at, &brief
		})
		p.expect(changed("ci_1", "9", "evidence"))
		elapse(time.Minute - time.Second)
		p.expect()
		elapse(2 * time.Second)
		p.expect(told(1))
		p.close()
	})
}

func TestStreamEnds(t *testing.T) {
	m := newMemory(connection("amazon", "ci_1"))
	listening(t, m, func(t *testing.T, a api) {
		soon := summary.NewInstant(time.Now().Add(20 * time.Second))
		m.tokens[summary.HashToken("tdm_soon")] = summary.Token{Owner: "ada", Scopes: summary.Scopes, ExpiresAt: &soon}
		expires, revoked := a.listen("tdm_soon"), a.listen(adas)
		elapse(16 * time.Second)
		synctest.Wait()
		revoked.mu.Lock()
		if got := revoked.got.String(); got != "retry: 1000\nid: 7\n\n:\n\n" {
			t.Errorf("after 16 s of silence: %q", got)
		}
		revoked.mu.Unlock()
		elapse(recheckEvery)
		m.change(func() {
			at := summary.NewInstant(time.Now())
			token := m.tokens[summary.HashToken(adas)]
			token.RevokedAt = &at
			m.tokens[summary.HashToken(adas)] = token
			m.rows[0].Version++
		})
		synctest.Wait()
		select {
		case <-revoked.done:
		default:
			t.Error("a revoked token goes on listening")
		}
		revoked.expect()
		elapse(15 * time.Second)
		synctest.Wait()
		select {
		case <-expires.done:
		default:
			t.Error("an expired token goes on listening")
		}
	})
	listening(t, newMemory(), func(t *testing.T, a api) {
		p := a.listen(adas)
		t.Cleanup(func() { <-p.done }) // after the server was told to stop; a stream that outlived it would hang here
	})
	if w := serve(t, newMemory()).get("/_ref/events"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a server that does not run: %d", w.Code)
	}
}

// TestStreamIsNeverSilent: whatever may have been lost is told as resync.
func TestStreamIsNeverSilent(t *testing.T) {
	m := newMemory(connection("amazon", "ci_1"))
	listening(t, m, func(t *testing.T, a api) {
		resync := func(id, why string) sent { return sent{id, "resync", `{"reason":"` + why + `"}`} }
		p := a.listen(adas)
		m.change(func() { m.happened.server = "another" })
		p.expect(resync("7", "restarted"))
		elapse(time.Second)
		m.change(func() { m.happened.capture = noon })
		p.expect(resync("7", "capture"))
		elapse(time.Second)
		// A database that is away for a while loses nothing.
		m.change(func() { m.err = errors.New("away") })
		elapse(10 * time.Second)
		m.change(func() { m.rows[0].Version, m.err = 8, nil })
		elapse(time.Second)
		p.expect(changed("ci_1", "8", "evidence"))
		// One that has gone back, as a standby that lost something does.
		m.change(func() { m.happened.max = 5 })
		p.expect(resync("5", "unknown_id"))
		m.change(func() { m.happened.max = 0 })
		p.expect(changed("ci_1", "8", "evidence"))
		// A client that takes nothing.
		p.mu.Lock()
		p.stuck = make(chan struct{})
		p.mu.Unlock()
		for v := int64(9); v < 9+2*maxQueued; v++ {
			m.change(func() { m.rows[0].Version = v })
			elapse(time.Second)
		}
		p.mu.Lock()
		close(p.stuck)
		p.stuck = nil
		p.mu.Unlock()
		got := p.events()
		last := fmt.Sprint(8 + 2*maxQueued)
		if n := len(got); n < 1 || got[n-1] != resync(last, "overflow") {
			t.Errorf("a slow client got %d events, at last %q", n, got[max(0, n-2):])
		}
		p.close()
	})
}

// TestStreamBeforeTheFeedRuns: a server that begins to answer a moment before its feed runs refuses nobody.
func TestStreamBeforeTheFeedRuns(t *testing.T) {
	f := newFeed(newMemory(connection("amazon", "ci_1")), nil, func() summary.Instant { return noon }, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	time.AfterFunc(10*time.Millisecond, func() { ended <- f.run(ctx) })
	if _, err := f.attach(t.Context(), summary.Token{Owner: "ada", TokenID: "t"}, ""); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := f.attach(t.Context(), summary.Token{Owner: "ada", TokenID: "t"}, ""); err == nil {
		t.Error("a feed that has ended takes a stream")
	}
}

// TestTrustIsComparedFromTheStart: what is lost between a stream's beginning and the first round is told, too.
func TestTrustIsComparedFromTheStart(t *testing.T) {
	m := newMemory(connection("amazon", "ci_1"))
	f := newFeed(m, nil, func() summary.Instant { return noon }, nil)
	close(f.started)
	s, err := f.attach(t.Context(), summary.Token{Owner: "ada", TokenID: "t"}, "")
	if err != nil {
		t.Fatal(err)
	}
	m.happened.capture = noon
	if err := f.round(t.Context()); err != nil {
		t.Fatal(err)
	}
	if why, _, _ := f.take(s); why != resyncCapture {
		t.Errorf("told %q", why)
	}
}
