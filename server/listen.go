package server

import (
	"log/slog"
	"net/http"
	"time"
)

// The limits of a connection. An event stream writes for as long as its client listens: it sets limits of its own.
const (
	// maxURIBytes has room for a hundred escaped connector ids.
	maxURIBytes    = 96 << 10
	maxHeaderBytes = 32 << 10
	// maxHeadBytes is what net/http reads before it gives up by itself, without the shape of our errors.
	maxHeadBytes      = 256 << 10
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
)

// NewHTTPServer returns a server for h that a slow or hostile client cannot wear down. Its own complaints go to logger.
func NewHTTPServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, MaxHeaderBytes: maxHeadBytes, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}
