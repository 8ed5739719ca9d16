package server

import (
	"context"
	"fmt"
	"net/http"

	"tidemark/server/schema"
	"tidemark/summary"
)

func (s *server) diagnosisRoutes() []route {
	return []route{
		{Operation: schema.Operation{
			Method: "GET", Path: "/_ref/connections/{id}/diagnostics", ID: "getDiagnostics", About: "What is pending, failed and lost of one connection's evidence.",
			Scope: summary.ScopeRead, Conditional: true, Answers: schema.JSON("Diagnostics", "The diagnostics."), Query: []schema.Param{schema.Fresh},
		}, handle: s.diagnose(func(d summary.Diagnosis, now summary.Instant) (any, *summary.Instant) {
			return summary.Diagnose(d, now)
		})},
		{Operation: schema.Operation{
			Method: "GET", Path: "/v1/owner/connections/{id}/diagnostics", ID: "getOwnerDiagnostics", About: "How one connection is, in short.",
			Scope: summary.ScopeRead, Conditional: true, Answers: schema.JSON("OwnerDiagnostics", "The diagnostics."), Query: []schema.Param{schema.Fresh},
		}, handle: s.diagnose(func(d summary.Diagnosis, now summary.Instant) (any, *summary.Instant) {
			return summary.DiagnoseForOwner(d, now)
		})},
		{Operation: schema.Operation{
			Method: "GET", Path: "/_ref/fleet-health", ID: "getFleetHealth", About: "All connections by what is the matter with them, up to 1,000.",
			Scope: summary.ScopeRead, Conditional: true, Answers: schema.JSON("FleetHealth", "The fleet's health."), Query: []schema.Param{schema.Fresh},
		}, handle: s.fleetHealth},
	}
}

// diagnose answers with what render makes of one connection's diagnosis.
func (s *server) diagnose(render func(summary.Diagnosis, summary.Instant) (any, *summary.Instant)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, v := parsePath(r, "id")
		fresh := v.flag("fresh")
		if bad := v.end(); bad != nil {
			s.fail(w, r, bad)
			return
		}
		owner := ownerOf(r)
		d, err := settle(r.Context(), s, fresh,
			func(ctx context.Context) (*summary.Diagnosis, error) { return s.Store.Diagnosis(ctx, owner, id) },
			(*summary.Diagnosis).Observations)
		if err == nil && d == nil {
			err = noConnection()
		}
		var a *answer
		if err == nil {
			a, err = encode(render(*d, s.now()))
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.answer(w, r, a)
	}
}

// fleetHealth answers GET /_ref/fleet-health.
func (s *server) fleetHealth(w http.ResponseWriter, r *http.Request) {
	v := parseValues(r)
	fresh := v.flag("fresh")
	if bad := v.end(); bad != nil {
		s.fail(w, r, bad)
		return
	}
	owner := ownerOf(r)
	read := func(ctx context.Context) (*answer, error) { return s.fleetOf(ctx, owner, fresh) }
	a, err := s.shared(r.Context(), fresh, fmt.Sprintf("fleet %q", owner), read)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, a)
}

func (s *server) fleetOf(ctx context.Context, owner string, fresh bool) (*answer, error) {
	page, err := settle(ctx, s, fresh,
		func(ctx context.Context) (summary.Page, error) {
			return s.Store.Page(ctx, summary.PageQuery{Owner: owner, Limit: summary.MaxExamined})
		},
		func(p summary.Page) []summary.Observation { return p.Observations })
	if err != nil {
		return nil, fmt.Errorf("read fleet: %w", err)
	}
	if page.More {
		return nil, fleetTooLarge(summary.MaxExamined, "read their states from the list")
	}
	rows, now := make([]summary.Summary, len(page.Observations)), s.now()
	var next *summary.Instant
	for i := range rows {
		rows[i] = summary.Synthesize(page.Observations[i], now, false)
		next = summary.Earlier(next, rows[i].NextChange)
	}
	return encode(summary.FleetHealthOf(rows), next)
}
