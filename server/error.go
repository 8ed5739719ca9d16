package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// The codes of errors: a closed set.
const (
	codeInvalidRequest     = "invalid_request"
	codeInvalidCursor      = "invalid_cursor"
	codeInvalidToken       = "invalid_token"
	codeSessionRequired    = "owner_session_required"
	codeInsufficientScope  = "insufficient_scope"
	codeCrossOrigin        = "cross_origin_request"
	codeNotFound           = "not_found"
	codeConnectionNotFound = "connector_instance_not_found"
	codeRunNotFound        = "run_not_found"
	codeFleetTooLarge      = "fleet_too_large"
	codeMethodNotAllowed   = "method_not_allowed"
	codeAmbiguous          = "ambiguous_connection"
	codeBodyTooLarge       = "request_too_large"
	codeMediaType          = "unsupported_media_type"
	codeUnavailable        = "database_unavailable"
	codeNotReady           = "not_ready"
	codeInternal           = "internal_error"
	codeRateLimited        = "rate_limited"
	codeURITooLong         = "uri_too_long"
	codeHeadersTooLarge    = "headers_too_large"
)

// retryAfterSeconds is what a 503 asks clients to wait.
const retryAfterSeconds = "1"

// failure is an answer of status 400 and above. Its message is for people and holds no secret.
type failure struct {
	status     int
	code       string
	message    string
	param      string
	candidates []candidate
	retryAfter string // seconds, of a 429
}

func (f *failure) Error() string { return f.message }

// candidate is one of available_connections of a 409.
type candidate struct {
	ConnectionID string  `json:"connection_id"`
	ConnectorID  string  `json:"connector_id"`
	ConnectorKey string  `json:"connector_key"`
	DisplayName  *string `json:"display_name"`
	LabelStatus  string  `json:"label_status"`
}

// errorBody is API.md's Error; closed.
type errorBody struct {
	Error errorDetail `json:"error"`
}

type errorDetail struct {
	Type                 string      `json:"type"`
	Code                 string      `json:"code"`
	Message              string      `json:"message"`
	RequestID            string      `json:"request_id"`
	Param                string      `json:"param,omitempty"`
	AvailableConnections []candidate `json:"available_connections,omitempty"`
	RetryWith            string      `json:"retry_with,omitempty"`
}

func errorType(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "authentication_error"
	case status == http.StatusForbidden:
		return "permission_error"
	case status == http.StatusNotFound:
		return "not_found_error"
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status >= 500:
		return "api_error"
	}
	return "invalid_request_error"
}

func badRequest(param, format string, args ...any) *failure {
	return &failure{status: http.StatusBadRequest, code: codeInvalidRequest, message: fmt.Sprintf(format, args...), param: param}
}

// fail writes err as an answer. What is not a failure is a fault of ours or of the database: it is logged, and the client
// learns no more than that.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f *failure
	switch {
	case errors.As(err, &f):
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		// The client has gone; the status is for the log alone.
		f = &failure{status: 499, code: codeInvalidRequest, message: "the client closed the request"}
	case unavailable(err):
		s.Logger.WarnContext(r.Context(), "database unavailable", keyRequestID, requestID(r), keyError, err)
		f = &failure{status: http.StatusServiceUnavailable, code: codeUnavailable, message: "The database cannot answer now; try again shortly."}
	default:
		s.Logger.ErrorContext(r.Context(), "request failed", keyRequestID, requestID(r), keyError, err)
		f = &failure{status: http.StatusInternalServerError, code: codeInternal, message: "Something went wrong inside; the request id leads to it in the log."}
	}
	s.write(w, r, f)
}

func (s *server) write(w http.ResponseWriter, r *http.Request, f *failure) {
	switch f.status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", retryAfterSeconds)
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", f.retryAfter)
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="tidemark"`)
	}
	d := errorDetail{
		Type: errorType(f.status), Code: f.code, Message: f.message, RequestID: requestID(r), Param: f.param,
		AvailableConnections: f.candidates,
	}
	if f.code == codeAmbiguous {
		d.RetryWith = "connection_id"
	}
	s.writeJSON(w, r, f.status, errorBody{d})
}

func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	s.write(w, r, &failure{status: http.StatusNotFound, code: codeNotFound, message: "There is nothing at this address."})
}

// methods are tried, in this order, to tell a client what an address takes.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func (s *server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	rctx := chi.RouteContext(r.Context())
	var allowed []string
	for _, m := range methods {
		look := m
		if m == http.MethodHead {
			look = http.MethodGet
		}
		if rctx.Routes.Match(chi.NewRouteContext(), look, r.URL.EscapedPath()) {
			allowed = append(allowed, m)
		}
	}
	allow := strings.Join(allowed, ", ")
	w.Header().Set("Allow", allow)
	s.write(w, r, &failure{
		status: http.StatusMethodNotAllowed, code: codeMethodNotAllowed,
		message: fmt.Sprintf("This address does not take %s; it takes %s.", printable(r.Method), allow),
	})
}

// printable bounds what is echoed of a request.
func printable(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
