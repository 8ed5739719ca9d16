package server

import (
	"log/slog"
	"net/http"
	"time"
)

// The limits of a connection. There is no write limit here: an event stream writes for as long as its client listens;
// handlers are bounded by Config.Timeout.
const (
	maxHeaderBytes    = 32 << 10
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 60 * time.Second
	idleTimeout       = 2 * time.Minute
)

// NewHTTPServer returns a server for h that a slow or hostile client cannot wear down. Its own complaints go to logger.
func NewHTTPServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, MaxHeaderBytes: maxHeaderBytes, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		IdleTimeout: idleTimeout, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}
