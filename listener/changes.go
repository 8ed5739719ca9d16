package listener

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// changesName is how the connection of Changes shows in pg_stat_activity.
	changesName = "tidemark changes"
	// changedChannel carries Changes. A public contract (SPEC section 6).
	changedChannel = "tidemark_changed"
	// DefaultVersionPoll is the pace of Changes where it cannot LISTEN.
	DefaultVersionPoll = 100 * time.Millisecond
)

// ChangesConfig says what a Changes works with. Connect and Hub are required; every other zero value is a default.
type ChangesConfig struct {
	// Connect is how to reach the database, or a physical standby of it; it is copied.
	Connect *pgx.ConnConfig
	// Choose, if given, is asked instead of Connect, now and then: changes are to be heard where they are read, and reads may
	// change from a standby to the primary and back.
	Choose func() *pgx.ConnConfig
	Hub    *Hub
	// Patient is as in Config.
	Patient bool
	// PingEvery is how often the connection is tried and, at the same time, whether a change went unannounced.
	PingEvery time.Duration
	// PollEvery is how often versions are looked at where LISTEN does not work: behind some poolers, on a standby.
	PollEvery time.Duration
	Logger    *slog.Logger     // nil: no log
	Now       func() time.Time // nil: time.Now; must advance
	Jitter    func() float64   // nil: random; in [0, 1), spreads retries
}

// Changes feeds a Hub with what drains announce, whichever server drains: every server runs one. Where something may
// have been missed, the hub's subscribers are told so. Make it with NewChanges, start it with Run. Safe for concurrent use.
type Changes struct {
	cfg  ChangesConfig
	lost bool // from the loss of a connection until there is another; only Run's goroutine uses it
	told bool // subscribers know that there is no connection
	from string

	mu     sync.Mutex
	status ChangesStatus
}

// ChangesStatus is a snapshot of what a Changes is and has done.
type ChangesStatus struct {
	Signal         Signal     `json:"signal"` // notify, poll, or none without a connection
	Reason         Reason     `json:"reason"`
	ConnectedSince *time.Time `json:"connected_since"`
	Reconnects     int64      `json:"reconnects"`
	Received       int64      `json:"received"`  // announcements
	Malformed      int64      `json:"malformed"` // of them
	Polled         int64      `json:"polled"`    // changes that were found, not announced
	Version        int64      `json:"version"`   // the highest that was heard or read
	LastError      *Fault     `json:"last_error"`
}

// NewChanges returns a Changes that is not running yet.
func NewChanges(cfg ChangesConfig) *Changes {
	cfg.PingEvery = positive(cfg.PingEvery, DefaultPingEvery)
	cfg.PollEvery = positive(cfg.PollEvery, DefaultVersionPoll)
	cfg.Logger, cfg.Now, cfg.Jitter = surroundings(cfg.Logger, cfg.Now, cfg.Jitter)
	return &Changes{cfg: cfg, status: ChangesStatus{Signal: SignalNone, Reason: ReasonConnecting}}
}

// Status is what it is and has done until now.
func (c *Changes) Status() ChangesStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Run connects, and fails at once if that fails; then it hears and reconnects until ctx ends, and returns nil. Call it
// once. No goroutine outlives it.
func (c *Changes) Run(ctx context.Context) error {
	switch {
	case c.cfg.Connect == nil && c.cfg.Choose == nil:
		return errors.New("configure changes: no connection configuration")
	case c.cfg.Hub == nil:
		return errors.New("configure changes: no hub")
	}
	defer c.disconnected()
	return link[*hearing]{
		open: c.open, serve: c.serve, lost: c.lose, failed: c.failToOpen, now: c.cfg.Now, jitter: c.cfg.Jitter,
		bear: func(error) bool { return c.cfg.Patient },
	}.run(ctx)
}

func (c *Changes) open(ctx context.Context) (*hearing, error) {
	from := c.choose()
	h, err := openHearing(ctx, from)
	if err != nil {
		return nil, err
	}
	c.from = address(from)
	signal, reason := SignalNotify, ReasonConfigured
	switch {
	case h.standby:
		signal, reason = SignalPoll, ReasonStandby
	case h.full:
		signal, reason = SignalPoll, ReasonQueueUsage
	case !h.hears:
		signal, reason = SignalPoll, ReasonPooler
	}
	at := c.cfg.Now()
	c.update(func(s *ChangesStatus) {
		s.Signal, s.Reason, s.ConnectedSince, s.Version = signal, reason, &at, h.version
		if c.lost {
			s.Reconnects++
		}
	})
	c.lost, c.told = false, false
	c.cfg.Logger.InfoContext(ctx, "changes ready", keySignal, signal, keyReason, reason)
	// Whatever was committed before LISTEN was: subscribers may not have heard of it.
	c.cfg.Hub.Resync(ResyncConnected)
	return h, nil
}

// choose is how to reach what is to be heard now.
func (c *Changes) choose() *pgx.ConnConfig {
	if c.cfg.Choose != nil {
		return c.cfg.Choose()
	}
	return c.cfg.Connect
}

// address tells apart what a configuration leads to first.
func address(cfg *pgx.ConnConfig) string {
	return net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))) + "/" + cfg.Database
}

// serve hands on what is heard until the session ends.
func (c *Changes) serve(ctx context.Context, h *hearing) error {
	defer h.close()
	every := c.cfg.PingEvery
	if !h.hears {
		every = c.cfg.PollEvery
	}
	began := c.cfg.Now()
	for asked := began; ; {
		n, err := h.await(ctx, every-c.cfg.Now().Sub(asked))
		if err != nil {
			return err
		}
		if n != nil {
			c.hear(ctx, n.Payload)
			continue
		}
		asked = c.cfg.Now()
		if err := c.look(ctx, h); err != nil {
			return err
		}
		if !h.hears && asked.Sub(began) >= surveyAgain || address(c.choose()) != c.from {
			return errSurveyAgain
		}
	}
}

// hear publishes an announcement.
func (c *Changes) hear(ctx context.Context, payload string) {
	change, err := ParseChange(payload)
	c.update(func(s *ChangesStatus) {
		s.Received++
		s.Version = max(s.Version, change.Version)
		if err != nil {
			s.Malformed++
		}
	})
	if err != nil {
		c.cfg.Logger.WarnContext(ctx, "announcement on "+changedChannel+" cannot be read", keyError, describe(err))
		c.cfg.Hub.Resync(ResyncMalformed)
		return
	}
	c.cfg.Hub.Publish(change)
}

// look reads the highest committed version, which is also a ping, and publishes one that nobody has announced.
func (c *Changes) look(ctx context.Context, h *hearing) error {
	version, err := h.highest(ctx)
	if err != nil {
		return err
	}
	for { // announcements that came with the answer
		n, err := h.await(ctx, 0)
		if err != nil {
			return err
		}
		if n == nil {
			break
		}
		c.hear(ctx, n.Payload)
	}
	if version > c.Status().Version {
		c.update(func(s *ChangesStatus) { s.Version, s.Polled = version, s.Polled+1 })
		c.cfg.Hub.Publish(Change{Version: version})
	}
	return nil
}

func (c *Changes) lose(err error) {
	c.lost = true
	c.disconnected()
	c.fault(FaultConnection, err)
	c.cfg.Logger.Warn("changes connection lost", keyError, describe(err))
}

// failToOpen reports an attempt to get another session. A loss that is made up for at once costs the subscribers one
// resync; one that lasts is announced first.
func (c *Changes) failToOpen(_ context.Context, err error) {
	c.fault(FaultConnect, err)
	c.cfg.Logger.Warn("changes cannot connect", keyError, describe(err))
	if !c.told {
		c.told = true
		c.cfg.Hub.Resync(ResyncDisconnected)
	}
}

func (c *Changes) disconnected() {
	c.update(func(s *ChangesStatus) { s.Signal, s.Reason, s.ConnectedSince = SignalNone, ReasonConnecting, nil })
}

func (c *Changes) fault(code FaultCode, err error) {
	f := newFault(c.cfg.Now(), code, err)
	c.update(func(s *ChangesStatus) { s.LastError = &f })
}

func (c *Changes) update(change func(*ChangesStatus)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.status)
}
