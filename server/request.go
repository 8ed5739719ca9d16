package server

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// The keys of log lines.
const (
	keyRequestID = "request_id"
	keyError     = "error"
	keyMethod    = "method"
	keyRoute     = "route"
	keyStatus    = "status"
	keyBytes     = "bytes"
	keyDuration  = "duration"
	keyStack     = "stack"
)

type requestIDKey struct{}

// requestID returns the id that identify gave to the request.
func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

// identify gives every request an id of its own; what a client sends is not trusted to be one.
func (s *server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b [12]byte
		_, err := io.ReadFull(s.Random, b[:])
		id := "req_" + hex.EncodeToString(b[:])
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		w.Header().Set("X-Request-Id", id)
		if err != nil {
			s.fail(w, r, fmt.Errorf("read random octets for a request id: %w", err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// logAccess writes one line per request: the route's pattern, never the query, a header or an id.
func (s *server) logAccess(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r)
		s.metrics.observe(r, ww.Status(), time.Since(start))
		s.Logger.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String(keyRequestID, requestID(r)), slog.String(keyMethod, printable(r.Method)),
			slog.String(keyRoute, chi.RouteContext(r.Context()).RoutePattern()), slog.Int(keyStatus, ww.Status()),
			slog.Int(keyBytes, ww.BytesWritten()), slog.Duration(keyDuration, time.Since(start)))
	})
}

// recoverPanics turns a panic into a 500 and a log line; the process stays.
func (s *server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.Logger.ErrorContext(r.Context(), "panic", keyRequestID, requestID(r), keyError, fmt.Sprint(p), keyStack, string(debug.Stack()))
			s.write(w, r, &failure{status: http.StatusInternalServerError, code: codeInternal, message: "Something went wrong inside; the request id leads to it in the log."})
		}()
		next.ServeHTTP(w, r)
	})
}

// bound ends a request's work after Timeout.
func (s *server) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// secureHeaders keep answers from being sniffed, framed or leaked by a referrer.
func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what another site's page makes a browser send with the owner's cookie. A bearer token is not sent by itself.
func (s *server) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, bearer := r.Header["Authorization"]
		if err := protection.Check(r); err != nil && !bearer {
			s.write(w, r, &failure{status: http.StatusForbidden, code: codeCrossOrigin, message: "A page of another origin may not do this."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// withoutQuery refuses every parameter of a query, where handle takes none.
func (s *server) withoutQuery(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := parseValues(r)
		if bad := v.end(); bad != nil {
			s.fail(w, r, bad)
			return
		}
		handle(w, r)
	}
}

// measured refuses addresses and headers that are too long, in the shape of every other error.
func (s *server) measured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.RequestURI) > maxURIBytes {
			s.write(w, r, &failure{status: http.StatusRequestURITooLong, code: codeURITooLong, message: fmt.Sprintf("The address is longer than %d octets.", maxURIBytes)})
			return
		}
		size := 0
		for name, values := range r.Header {
			for _, v := range values {
				size += len(name) + len(v) + 4
			}
		}
		if size > maxHeaderBytes {
			s.write(w, r, &failure{
				status: http.StatusRequestHeaderFieldsTooLarge, code: codeHeadersTooLarge, message: fmt.Sprintf("The headers are longer than %d octets.", maxHeaderBytes),
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}
