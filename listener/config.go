package listener

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
)

// Drainer is the engine as a loop sees it. It uses connections of its own, never the listener's. One loop calls it from
// one goroutine at a time; others (reads that drain, rebuilds, other servers) may drain meanwhile.
type Drainer interface {
	// Drain runs one bounded drain transaction. Result.More says that pending marks were left.
	Drain(ctx context.Context) (drain.Result, error)
	// Pending reports, from a snapshot taken during the call, whether any mark is pending or a failed connection's retry
	// is due: whether a drain would find something to do.
	Pending(ctx context.Context) (bool, error)
}

// Defaults for Config and LocalConfig.
const (
	DefaultSafetyPoll = time.Second
	DefaultPollEvery  = 5 * time.Millisecond
	DefaultPingEvery  = time.Second
	DefaultTakeOver   = time.Second
)

// Config says what a Listener works with. Connect and Drainer are required; every other zero value is a default.
type Config struct {
	// Connect is how to reach the database (from pgx.ParseConfig or a pool's configuration); it is copied.
	Connect *pgx.ConnConfig
	Drainer Drainer
	// Patient is for a program that has used the database just before: it may be lost in the very moment of the first connection,
	// which is then no error but tried again, like every later one.
	Patient bool
	// Signal is SignalNotify (the default), SignalWAL or SignalPoll.
	Signal Signal
	// SafetyPoll is how often marks are looked for whatever the signal.
	SafetyPoll time.Duration
	// PollEvery is the pace of SignalPoll, and of SignalWAL while there is no slot.
	PollEvery time.Duration
	// PingEvery is how often the connection is tried, so that a half-open one is found out.
	PingEvery time.Duration
	// TakeOver is how often a follower tries to become the leader.
	TakeOver time.Duration
	Logger   *slog.Logger     // nil: no log
	Now      func() time.Time // nil: time.Now; must advance
	Jitter   func() float64   // nil: random; in [0, 1), spreads retries
}

// withDefaults fills in the zero values, or says what is missing.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Connect == nil:
		return c, errors.New("configure listener: no connection configuration")
	case c.Drainer == nil:
		return c, errors.New("configure listener: no drainer")
	}
	signal, err := ParseSignal(string(c.Signal))
	if err != nil {
		return c, err
	}
	c.Signal = signal
	c.SafetyPoll = positive(c.SafetyPoll, DefaultSafetyPoll)
	c.PollEvery = positive(c.PollEvery, DefaultPollEvery)
	c.PingEvery = positive(c.PingEvery, DefaultPingEvery)
	c.TakeOver = positive(c.TakeOver, DefaultTakeOver)
	c.Logger, c.Now, c.Jitter = surroundings(c.Logger, c.Now, c.Jitter)
	return c, nil
}

func positive(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}

// surroundings replaces what was not given.
func surroundings(log *slog.Logger, now func() time.Time, jitter func() float64) (*slog.Logger, func() time.Time, func() float64) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if now == nil {
		now = time.Now
	}
	if jitter == nil {
		jitter = rand.Float64
	}
	return log, now, jitter
}
