package server

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"tidemark/server/schema"
)

// route is an operation with what answers it.
type route struct {
	schema.Operation
	handle http.HandlerFunc
	stream bool // it answers for as long as its client listens: no Timeout
}

// table is every route but the console's files. A group of routes stands in the file of its handlers.
func (s *server) table() []route {
	var out []route
	for _, group := range [][]route{
		s.serverRoutes(), s.metricRoutes(), s.loginRoutes(), s.connectorRoutes(), s.eventRoutes(), s.connectionRoutes(), s.historyRoutes(), s.diagnosisRoutes(),
	} {
		out = append(out, group...)
	}
	return out
}

// routes mounts the table. Middleware runs in the order in which it stands here.
func (s *server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.identify, s.logAccess, s.recoverPanics, secureHeaders, s.measured, escapedPath, middleware.GetHead, s.sameOrigin)
	r.NotFound(s.notFound)
	r.MethodNotAllowed(s.methodNotAllowed)
	for _, route := range s.table() {
		chain := chi.Middlewares{}
		if !route.stream {
			chain = append(chain, s.bound)
		}
		if route.Scope != "" {
			chain = append(chain, s.require(route.Scope))
		}
		r.With(chain...).Method(route.Method, route.Path, route.handle)
	}
	for path := range s.files {
		r.Get(path, s.serveAsset)
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
