package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tidemark/summary"
)

// Config is what New needs. Only Store is required.
type Config struct {
	Store Store
	// Clock tells the time at which summaries read; time.Now by default.
	Clock func() time.Time
	// Logger receives one line per request and what went wrong inside; nothing is logged by default.
	Logger *slog.Logger
	// Changes wakes reads that wait for a drain; without it they wait the whole Settle.
	Changes Changes
	// Checks are asked for readiness beside Store.Ready, such as the listener's own state. They must not block.
	Checks []func() summary.Check
	// Console is the web page's files, served at / where given: index.html and what it refers to.
	Console fs.FS
	// Random gives the octets of request ids; crypto/rand by default.
	Random io.Reader
	// Settle is how long a read that finds components behind waits for the drain; 50 ms by default.
	Settle time.Duration
	// FreshWithin bounds a read with fresh=true; 2 s by default.
	FreshWithin time.Duration
	// Rate is how many requests a second one token may send, with a burst of twice that; 5,000 by default, below 0 without limit.
	Rate float64
	// Metrics are shown at /metrics beside the server's own.
	Metrics []prometheus.Collector
	// OpenMetrics shows /metrics without a token.
	OpenMetrics bool
	// Timeout bounds every other request; 10 s by default.
	Timeout time.Duration
}

// Server answers requests, and feeds event streams while Run runs. Safe for concurrent use.
type Server struct {
	http.Handler
	feed *feed
}

// Run feeds event streams until ctx ends, ends them and returns nil. Call it once. No goroutine outlives it.
func (s *Server) Run(ctx context.Context) error { return s.feed.run(ctx) }

// server is what the handlers share; it owns no goroutine.
type server struct {
	Config
	files    map[string]asset
	document []byte // OpenAPI
	flights  flights
	feed     *feed
	limits   limits
	metrics  *metrics
}

// New returns the handler of every route.
func New(c Config) (*Server, error) {
	if c.Store == nil {
		return nil, errors.New("make server: Store is nil; give the engine to read from")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	c.Settle = cmp.Or(c.Settle, 50*time.Millisecond)
	c.FreshWithin = cmp.Or(c.FreshWithin, 2*time.Second)
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &server{Config: c, limits: limits{perSecond: cmp.Or(c.Rate, defaultRate)}}
	if c.Console != nil {
		files, err := loadAssets(c.Console)
		if err != nil {
			return nil, fmt.Errorf("load console: %w", err)
		}
		s.files = files
	}
	var err error
	if s.document, err = OpenAPI(); err != nil {
		return nil, err
	}
	s.feed = newFeed(c.Store, c.Changes, s.now, func(what string, err error) { s.Logger.Warn(what, keyError, err) })
	if s.metrics, err = newMetrics(s.feed, c.Metrics); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return &Server{s.routes(), s.feed}, nil
}

// now is the moment at which this answer reads the evidence.
func (s *server) now() summary.Instant { return summary.NewInstant(s.Clock()) }

// unavailable reports whether err means that the database cannot answer now, as opposed to a fault.
func unavailable(err error) bool {
	return errors.Is(err, summary.ErrUnavailable) || errors.Is(err, errNotFed) || errors.Is(err, context.DeadlineExceeded)
}
