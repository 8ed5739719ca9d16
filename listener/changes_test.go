package listener

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/internal/pgtest"
)

// startChanges feeds a subscription from the database; its first event says that it is connected.
func startChanges(t *testing.T, cfg ChangesConfig) (*Changes, *Subscription) {
	t.Helper()
	cfg.Hub = NewHub(0)
	if cfg.PingEvery == 0 {
		cfg.PingEvery = never
	}
	s := cfg.Hub.Subscribe()
	t.Cleanup(s.Close)
	c := NewChanges(cfg)
	run(t, c.Run)
	expectResync(t, s, ResyncConnected)
	return c, s
}

func nextEvent(t *testing.T, s *Subscription) Event {
	t.Helper()
	select {
	case e := <-s.Events():
		return e
	case <-time.After(patience):
		t.Fatal("no event")
		return Event{}
	}
}

func expectResync(t *testing.T, s *Subscription, why ResyncReason) {
	t.Helper()
	if e := nextEvent(t, s); e.Resync != why {
		t.Fatalf("event %+v, want resync (%s)", e, why)
	}
}

func expectChange(t *testing.T, s *Subscription, version int64, ids ...string) {
	t.Helper()
	if e := nextEvent(t, s); e.Resync != "" || e.Change.Version != version || !slices.Equal(e.Change.IDs, ids) {
		t.Fatalf("event %+v, want version %d of %v", e, version, ids)
	}
}

func (p *program) announce(payload string) {
	p.t.Helper()
	p.exec("SELECT pg_notify('tidemark_changed', $1)", payload)
}

// deletion commits a version that only those who look for it find.
func (p *program) deletion(version int64) {
	p.t.Helper()
	p.exec("INSERT INTO tidemark.evidence_deletions VALUES ($1, 'o', 'ci')", version)
}

func TestChangesAreHeardByEveryServer(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	c, first := startChanges(t, ChangesConfig{Connect: parse(t, dsn)})
	_, second := startChanges(t, ChangesConfig{Connect: parse(t, dsn)})
	drainer := connect(t, dsn)
	drainer.announce(`{"version": 4, "ids": ["a", "b"]}`)
	drainer.announce(`{"version": 5}`)
	drainer.announce("nonsense")
	drainer.announce(`{"version": 6, "ids": ["c"]}`)
	for _, s := range []*Subscription{first, second} {
		expectChange(t, s, 4, "a", "b")
		expectChange(t, s, 5)
		expectResync(t, s, ResyncMalformed)
		expectChange(t, s, 6, "c")
	}
	got := c.Status()
	if got.Signal != SignalNotify || got.Reason != ReasonConfigured || got.Received != 4 || got.Malformed != 1 || got.Version != 6 {
		t.Errorf("status %+v", got)
	}
}

func TestLostChangesAreReported(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	c, s := startChanges(t, ChangesConfig{Connect: parse(t, dsn)})
	drainer := connect(t, dsn)
	drainer.endSessions(changesName)
	expectResync(t, s, ResyncConnected)
	drainer.announce(`{"version": 1}`)
	expectChange(t, s, 1)
	if got := c.Status(); got.Reconnects != 1 || got.LastError == nil || got.LastError.Code != FaultConnection {
		t.Errorf("status %+v", got)
	}
}

// A loss that lasts is not met with silence.
func TestLastingLossIsReportedOnce(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	cfg := ChangesConfig{Connect: parse(t, dsn)}
	way := newProxy(t, cfg.Connect, func(*proxy) {})
	c, s := startChanges(t, cfg)
	way.refuse.Store(true)
	way.cut()
	expectResync(t, s, ResyncDisconnected)
	before := c.Status().LastError
	eventually(t, "it has tried again", func() bool { return c.Status().LastError != before })
	if got := c.Status(); got.Signal != SignalNone || got.ConnectedSince != nil {
		t.Errorf("status %+v", got)
	}
	way.refuse.Store(false)
	expectResync(t, s, ResyncConnected)
}

// A version that nobody announced, as where the notification queue is full, is found.
func TestUnannouncedChangeIsFound(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	drainer := connect(t, dsn)
	drainer.deletion(3) // from before: not news
	c, s := startChanges(t, ChangesConfig{Connect: parse(t, dsn), PingEvery: DefaultPollEvery})
	drainer.announce(`{"version": 5, "ids": ["a"]}`)
	expectChange(t, s, 5, "a")
	drainer.deletion(5) // announced already
	drainer.deletion(8)
	expectChange(t, s, 8)
	if got := c.Status(); got.Polled != 1 || got.Version != 8 {
		t.Errorf("status %+v", got)
	}
}

func TestChangesBehindAPooler(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	cfg := ChangesConfig{Connect: parse(t, dsn)}
	newProxy(t, cfg.Connect, func(p *proxy) { p.swallow, p.masked = true, true })
	c, s := startChanges(t, cfg)
	connect(t, dsn).deletion(1)
	expectChange(t, s, 1)
	if got := c.Status(); got.Signal != SignalPoll || got.Reason != ReasonPooler {
		t.Errorf("status %+v", got)
	}
}

func TestChangesOnAStandby(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t)
	dsn := newDatabase(t, primary)
	standby := primary.Standby(t)
	c, s := startChanges(t, ChangesConfig{Connect: parse(t, standby.DSN(parse(t, dsn).Database))})
	if got := c.Status(); got.Signal != SignalPoll || got.Reason != ReasonStandby {
		t.Errorf("status %+v", got)
	}
	connect(t, dsn).deletion(1)
	expectChange(t, s, 1)
	standby.Promote(t)
	expectResync(t, s, ResyncConnected)
	if got := c.Status(); got.Signal != SignalNotify || got.Reconnects != 0 {
		t.Errorf("promoted: %+v", got)
	}
}

func TestChangesFailFast(t *testing.T) {
	t.Parallel()
	empty := parse(t, pgtest.NewDatabase(t))
	for want, cfg := range map[string]ChangesConfig{
		"no connection":       {Hub: NewHub(0)},
		"no hub":              {Connect: empty},
		"tidemark migrate up": {Connect: empty, Hub: NewHub(0)},
	} {
		if err := NewChanges(cfg).Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want …%s…", err, want)
		}
	}
}
