package server

import (
	"fmt"
	"net/http"
	"strings"

	"tidemark/server/schema"
	"tidemark/summary"
)

func (s *server) serverRoutes() []route {
	return []route{
		{Operation: schema.Operation{
			Method: "GET", Path: "/healthz", ID: "getLiveness", About: "Whether the process serves, whatever its database does.",
			Answers: schema.JSON("Status", "It serves."),
		}, handle: s.withoutQuery(s.healthz)},
		{Operation: schema.Operation{
			Method: "GET", Path: "/readyz", ID: "getReadiness", About: "Whether reads are whole and current, or why not.",
			Answers: schema.JSON("Status", "They are; otherwise 503 with the reasons."),
		}, handle: s.withoutQuery(s.readyz)},
		{Operation: schema.Operation{
			Method: "GET", Path: "/openapi.json", ID: "getOpenAPI", About: "This document.", Conditional: true,
			Answers: schema.JSON("OpenAPI", "An OpenAPI 3.1 document."),
		}, handle: s.withoutQuery(s.openapi)},
	}
}

// statusBody is the answer of /healthz and of a good /readyz.
type statusBody struct {
	Status string        `json:"status"`
	Checks []checkResult `json:"checks,omitempty"`
}

type checkResult struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Reason of a good check is worth knowing: what is done instead of what was asked for.
	Reason string `json:"reason,omitempty"`
}

// healthz says that the process serves, whatever its database does.
func (s *server) healthz(w http.ResponseWriter, r *http.Request) {
	s.writeJSON(w, r, http.StatusOK, statusBody{Status: "ok"})
}

// readyz says whether reads are whole and current, or why not.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	checks, err := s.Store.Ready(r.Context())
	if err != nil {
		s.Logger.WarnContext(r.Context(), "readiness could not be read", keyRequestID, requestID(r), keyError, err)
		checks = []summary.Check{{Name: summary.CheckDatabase, Reason: "the database cannot be asked"}}
	}
	for _, check := range s.Checks {
		checks = append(checks, check())
	}
	body, reasons := statusBody{Status: "ready", Checks: make([]checkResult, len(checks))}, []string{}
	for i, c := range checks {
		body.Checks[i] = checkResult{c.Name, c.OK, c.Reason}
		if !c.OK {
			reasons = append(reasons, fmt.Sprintf("%s: %s", c.Name, c.Reason))
		}
	}
	if len(reasons) > 0 {
		s.write(w, r, &failure{
			status: http.StatusServiceUnavailable, code: codeNotReady, message: "Not ready: " + strings.Join(reasons, "; ") + ".",
		})
		return
	}
	s.writeJSON(w, r, http.StatusOK, body)
}
