package server

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"tidemark/summary"
)

// routes lists every route. Middleware runs in the order in which it stands here.
func (s *server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.identify, s.logAccess, s.recoverPanics, secureHeaders, escapedPath, middleware.GetHead, s.sameOrigin, s.bound)
	r.NotFound(s.notFound)
	r.MethodNotAllowed(s.methodNotAllowed)

	r.Get("/healthz", s.healthz)
	r.Get("/readyz", s.readyz)

	r.Post("/owner/login", s.login)
	r.Post("/owner/logout", s.logout)

	r.Group(func(r chi.Router) {
		r.Use(s.requireOwner(summary.ScopeRead))
		r.Get("/_ref/connectors", s.listConnectors)
		r.Get("/_ref/connectors/{id}", s.getConnector)
	})

	if s.files != nil {
		for path := range s.files {
			r.Get(path, s.serveAsset)
		}
	}
	return r
}

// escapedPath makes chi route by the path as it was sent: an id may hold any character, slashes and percent signs included,
// and chi would otherwise see some of them unescaped and some not.
func escapedPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		if path == "" {
			path = "/"
		}
		chi.RouteContext(r.Context()).RoutePath = path
		next.ServeHTTP(w, r)
	})
}
