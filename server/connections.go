package server

import (
	"context"
	"fmt"
	"net/http"

	"tidemark/server/schema"
	"tidemark/summary"
)

// maxWhole is the most connections that a list holds which is not asked for in pages.
const maxWhole = 10_000

// render makes one item of a list, and tells when time alone changes it.
type render func(summary.Observation, summary.Instant) (any, *summary.Instant)

func (s *server) connectionRoutes() []route {
	filters := []schema.Param{
		schema.Limit, schema.Cursor,
		{Name: "connector_id", About: "Connections of these connectors.", Schema: schema.ID(), Many: true},
		{Name: "status", About: "Connections with this status.", Schema: schema.Enum(statuses...)},
		{Name: "q", About: "Part of a display name or connector id, literally; A to Z equal a to z.", Schema: schema.Text()},
	}
	routes := []route{{Operation: schema.Operation{
		Method: "GET", Path: "/_ref/schedules", ID: "listSchedules", Query: filters,
		About: "The schedules of connections: all of them, or in pages if limit or cursor is given.",
		Scope: summary.ScopeRead, Conditional: true, Answers: schema.JSON("ScheduleList", "The schedules."),
	}, handle: s.listRows("schedules", true, func(o summary.Observation, now summary.Instant) (any, *summary.Instant) {
		return summary.ScheduleOf(o, now)
	})}}
	for _, of := range [][2]string{{"/_ref/connections", "Connection"}, {"/_ref/connector-instances", "ConnectorInstance"}} {
		path, id := of[0], of[1]
		routes = append(routes,
			route{Operation: schema.Operation{
				Method: "GET", Path: path, ID: "list" + id + "s", Query: filters,
				About: "Identity, lifecycle and schedule of connections: all of them, or in pages if limit or cursor is given.",
				Scope: summary.ScopeRead, Conditional: true, Answers: schema.JSON("ConnectionList", "The connections."),
			}, handle: s.listRows("connections", false, func(o summary.Observation, now summary.Instant) (any, *summary.Instant) {
				return summary.ConnectionOf(o, now)
			})},
			route{Operation: schema.Operation{
				Method: "GET", Path: path + "/{id}", ID: "get" + id, About: "Identity, lifecycle and schedule of one connection.",
				Scope: summary.ScopeRead, Conditional: true, Answers: schema.JSON("Connection", "The connection."),
			}, handle: s.getConnection})
	}
	return routes
}

// whole is the envelope of a list that is not given in pages; closed.
type whole struct {
	Object string `json:"object"`
	Data   []any  `json:"data"`
}

// listRows answers with what render makes of each connection: in pages where they are asked for, else whole.
func (s *server) listRows(name string, scheduled bool, render render) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := parseValues(r)
		limit, cursor, paged := v.paging()
		q := summary.PageQuery{Owner: ownerOf(r), Filter: v.filter(), Limit: limit, Scheduled: scheduled}
		digest := fmt.Sprintf("%s %q %q %q %q", name, q.Owner, q.Filter.ConnectorIDs, q.Filter.Status, q.Filter.Query)
		if cursor != "" {
			after, ok := decodeCursor(cursor, digest)
			if !ok {
				v.refuseCursor()
			}
			q.After = &after
		}
		if bad := v.end(); bad != nil {
			s.fail(w, r, bad)
			return
		}
		read := func(ctx context.Context) (*answer, error) {
			if paged {
				return s.pageOf(ctx, q, digest, render)
			}
			return s.wholeOf(ctx, q, render)
		}
		a, err := s.flights.share(r.Context(), fmt.Sprintf("%s %d %q %t", digest, limit, cursor, paged), s.Timeout, read)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.answer(w, r, a)
	}
}

func (s *server) pageOf(ctx context.Context, q summary.PageQuery, digest string, render render) (*answer, error) {
	page, err := s.settledPage(ctx, q)
	if err != nil {
		return nil, err
	}
	out := list{Object: "list", HasMore: page.More}
	var next *summary.Instant
	if out.Data, next = rendered(page.Observations, s.now(), render); page.More {
		cursor := encodeCursor(summary.PositionOf(&page.Observations[len(page.Observations)-1]), digest)
		out.NextCursor = &cursor
	}
	return encodeBehind(out, next, lateIn(page.Observations, scheduleRests...))
}

// scheduleRests are the components that SCHEDULE rests on.
var scheduleRests = []summary.Component{summary.Schedule, summary.Runs}

func encodeBehind(v any, next *summary.Instant, behind summary.Set) (*answer, error) {
	a, err := encode(v, next)
	if err == nil {
		a.behind = behind
	}
	return a, err
}

func (s *server) settledPage(ctx context.Context, q summary.PageQuery) (summary.Page, error) {
	page, err := settle(ctx, s, false,
		func(ctx context.Context) (summary.Page, error) { return s.Store.Page(ctx, q) },
		func(p summary.Page) []summary.Observation { return p.Observations })
	if err != nil {
		return page, fmt.Errorf("read page: %w", err)
	}
	return page, nil
}

// wholeOf reads up to maxWhole connections, part after part: the evidence of all of them need not be in memory at once.
func (s *server) wholeOf(ctx context.Context, q summary.PageQuery, render render) (*answer, error) {
	out := whole{Object: "list", Data: []any{}}
	now := s.now()
	var next *summary.Instant
	late := summary.Set{}
	q.Limit = summary.MaxExamined
	for {
		page, err := s.settledPage(ctx, q)
		if err != nil {
			return nil, err
		}
		data, change := rendered(page.Observations, now, render)
		out.Data, next = append(out.Data, data...), summary.Earlier(next, change)
		late.Union(lateIn(page.Observations, scheduleRests...))
		if !page.More {
			return encodeBehind(out, next, late)
		}
		if len(out.Data) >= maxWhole {
			return nil, fleetTooLarge(maxWhole, "give limit, and read it in pages")
		}
		after := summary.PositionOf(&page.Observations[len(page.Observations)-1])
		q.After = &after
	}
}

func rendered(rows []summary.Observation, now summary.Instant, render render) ([]any, *summary.Instant) {
	out := make([]any, len(rows))
	var next *summary.Instant
	for i := range rows {
		var change *summary.Instant
		out[i], change = render(rows[i], now)
		next = summary.Earlier(next, change)
	}
	return out, next
}

func fleetTooLarge(most int, instead string) *failure {
	return &failure{
		status: http.StatusUnprocessableEntity, code: codeFleetTooLarge,
		message: fmt.Sprintf("You have more than %d connections; %s.", most, instead),
	}
}

// getConnection answers GET /_ref/connections/{id}.
func (s *server) getConnection(w http.ResponseWriter, r *http.Request) {
	id, v := parsePath(r, "id")
	if bad := v.end(); bad != nil {
		s.fail(w, r, bad)
		return
	}
	owner := ownerOf(r)
	found, err := settle(r.Context(), s, false,
		func(ctx context.Context) ([]summary.Observation, error) {
			o, err := s.Store.Connection(ctx, owner, id)
			if o == nil {
				return nil, err
			}
			return []summary.Observation{*o}, nil
		},
		func(found []summary.Observation) []summary.Observation { return found })
	if err == nil && len(found) == 0 {
		err = noConnection()
	}
	var a *answer
	if err == nil {
		c, next := summary.ConnectionOf(found[0], s.now())
		a, err = encodeBehind(c, next, lateIn(found, scheduleRests...))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, a)
}

func noConnection() *failure {
	return &failure{status: http.StatusNotFound, code: codeConnectionNotFound, message: "You have no connection of this id."}
}
