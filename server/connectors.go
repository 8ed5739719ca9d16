package server

import (
	"context"
	"fmt"
	"net/http"

	"tidemark/server/schema"
	"tidemark/summary"
)

func (s *server) connectorRoutes() []route {
	return []route{
		{Operation: schema.Operation{
			Method: "GET", Path: "/_ref/connectors", ID: "listConnectors", About: "Summaries of connections, in pages or the one that connection names.",
			Scope: summary.ScopeRead, Conditional: true, Answers: schema.JSON("SummaryList", "A page."),
			Query: []schema.Param{
				schema.Limit, schema.Cursor, schema.Fresh,
				{Name: "connector_id", About: "Connections of these connectors.", Schema: schema.ID(), Many: true},
				{Name: "status", About: "Connections with this status.", Schema: schema.Enum(statuses...)},
				{Name: "state", About: "Connections with this state of health; a page may be short though more follow.", Schema: schema.Enum(states...)},
				{Name: "q", About: "Part of a display name or connector id, literally; A to Z equal a to z.", Schema: schema.Text()},
				{Name: "connection", About: "A connection's id, or the id of a connector that has one; nothing but fresh and profile goes with it.", Schema: schema.ID()},
				{Name: "profile", About: "Reduced summaries.", Schema: schema.Enum(profileInventory, profileCounts)},
				{Name: "include_fleet_health", About: "Add fleet_health, on a first page that is also the last.", Schema: schema.Enum("1", "0", "true", "false")},
			},
		}, handle: s.listConnectors},
		{Operation: schema.Operation{
			Method: "GET", Path: "/_ref/connectors/{id}", ID: "getConnector", About: "One connection in depth, by its id or by that of a connector that has one.",
			Scope: summary.ScopeRead, Conditional: true, Answers: schema.JSON("ScopedSummary", "The connection."),
			Query: []schema.Param{
				schema.Fresh,
				{Name: "limit", About: "The most streams to tell of; every one if neither limit nor cursor is given, 100 if only a cursor is.", Schema: schema.Limit.Schema},
				{Name: "cursor", About: "The streams_next_cursor of the page of streams before.", Schema: schema.Cursor.Schema},
			},
		}, handle: s.getConnector},
	}
}

// list is the envelope of every list; closed.
type list struct {
	Object      string               `json:"object"`
	Data        []any                `json:"data"`
	HasMore     bool                 `json:"has_more"`
	NextCursor  *string              `json:"next_cursor"`
	FleetHealth *summary.FleetHealth `json:"fleet_health,omitempty"`
}

// listConnectors answers GET /_ref/connectors: a page of summaries, or with connection= the one that it names.
func (s *server) listConnectors(w http.ResponseWriter, r *http.Request) {
	q, bad := parseListQuery(r)
	if bad != nil {
		s.fail(w, r, bad)
		return
	}
	owner := ownerOf(r)
	read := func(ctx context.Context) (*answer, error) {
		if q.connection != "" {
			return s.scopedList(ctx, owner, q)
		}
		return s.page(ctx, owner, q)
	}
	a, err := s.shared(r.Context(), q.fresh, q.key(owner), read)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, a)
}

// page reads one page, synthesizes it, and keeps what the state filter lets through.
func (s *server) page(ctx context.Context, owner string, q listQuery) (*answer, error) {
	digest := q.digest(owner)
	query := summary.PageQuery{Owner: owner, Filter: q.filter, Limit: q.limit}
	if q.state != "" {
		query.Limit = summary.MaxExamined
	}
	if q.cursor != "" {
		after, ok := decodeCursor(q.cursor, digest)
		if !ok {
			return nil, invalidCursor()
		}
		query.After = &after
	}
	page, err := settle(ctx, s, q.fresh,
		func(ctx context.Context) (summary.Page, error) { return s.Store.Page(ctx, query) },
		func(p summary.Page) []summary.Observation { return p.Observations })
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	out := list{Object: "list", Data: []any{}}
	now, shown := s.now(), []summary.Summary{}
	var next *summary.Instant
	last := -1 // the last one that the answer accounts for
	for i := range page.Observations {
		row := summary.Synthesize(page.Observations[i], now, q.profile != "")
		next = summary.Earlier(next, row.NextChange)
		if q.state != "" && row.Health.State != q.state {
			continue
		}
		if len(shown) == q.limit {
			out.HasMore = true
			break
		}
		shown, last = append(shown, row), i
	}
	if !out.HasMore { // every observation was looked at
		last, out.HasMore = len(page.Observations)-1, page.More
	}
	for i := range shown {
		out.Data = append(out.Data, project(shown[i], q.profile))
	}
	if out.HasMore {
		if last < 0 {
			return nil, fmt.Errorf("read page: the store says that more follows, but gave nothing")
		}
		cursor := encodeCursor(summary.PositionOf(&page.Observations[last]), digest)
		out.NextCursor = &cursor
	}
	if q.fleet && q.wholeFleet() && !out.HasMore {
		fleet := summary.FleetHealthOf(shown)
		out.FleetHealth = &fleet
	}
	return encode(out, next)
}

// wholeFleet reports whether the query's first page, if it is also the last, holds every connection of the owner.
func (q listQuery) wholeFleet() bool {
	return q.cursor == "" && q.state == "" && q.filter.Status == "" && q.filter.Query == "" && len(q.filter.ConnectorIDs) == 0
}

// scopedList is the same envelope with the one connection that an id names, or none.
func (s *server) scopedList(ctx context.Context, owner string, q listQuery) (*answer, error) {
	out := list{Object: "list", Data: []any{}}
	one, err := s.scoped(ctx, owner, q.connection, q.fresh)
	if err != nil {
		return nil, err
	}
	if one == nil {
		return encode(out, nil)
	}
	out.Data = append(out.Data, project(*one, q.profile))
	return encode(out, one.NextChange)
}

// streamPage is a scoped summary with a page of its streams.
type streamPage struct {
	*summary.Summary
	Next *string `json:"streams_next_cursor"` // null if no more follow
}

// pageOfStreams cuts a scoped summary down to a page of its streams.
func pageOfStreams(one *summary.Summary, owner string, limit int, cursor string) (*streamPage, error) {
	digest := fmt.Sprintf("streams %q %q", owner, one.ConnectionID)
	var after *summary.StreamPosition
	if cursor != "" {
		place, ok := decodeStream(cursor, digest)
		if !ok {
			return nil, invalidCursor()
		}
		after = &place
	}
	page := &streamPage{Summary: one}
	if place := one.PageStreams(after, limit); place != nil {
		next := encodeStream(*place, digest)
		page.Next = &next
	}
	return page, nil
}

// getConnector answers GET /_ref/connectors/{id}: with every stream, or a page of them where one is asked for.
func (s *server) getConnector(w http.ResponseWriter, r *http.Request) {
	id, v := parsePath(r, "id")
	fresh := v.flag("fresh")
	limit, cursor, paged := v.paging()
	if bad := v.end(); bad != nil {
		s.fail(w, r, bad)
		return
	}
	owner := ownerOf(r)
	read := func(ctx context.Context) (*answer, error) {
		one, err := s.scoped(ctx, owner, id, fresh)
		if err == nil && one == nil {
			err = &failure{status: http.StatusNotFound, code: codeConnectionNotFound, message: "You have no connection or connector of this id."}
		}
		if err != nil {
			return nil, err
		}
		if !paged {
			return encode(one, one.NextChange)
		}
		page, err := pageOfStreams(one, owner, limit, cursor)
		if err != nil {
			return nil, err
		}
		return encode(page, one.NextChange)
	}
	a, err := s.shared(r.Context(), fresh, fmt.Sprintf("one %q %q %d %q %t", owner, id, limit, cursor, paged), read)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, a)
}

// scoped reads the one connection that an id names, deep; nil if the owner has none, a failure of 409 if several.
func (s *server) scoped(ctx context.Context, owner, id string, fresh bool) (*summary.Summary, error) {
	found, err := settle(ctx, s, fresh,
		func(ctx context.Context) (summary.Scoped, error) { return s.Store.Scoped(ctx, owner, id) },
		func(f summary.Scoped) []summary.Observation {
			if len(f.Observations) != 1 { // several are not read, only named
				return nil
			}
			return f.Observations
		})
	if err != nil {
		return nil, fmt.Errorf("read connection: %w", err)
	}
	switch len(found.Observations) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, ambiguous(found.Observations)
	}
	one := summary.Synthesize(found.Observations[0], s.now(), true)
	if found.Detail != nil {
		one.AddDetail(*found.Detail)
	}
	return &one, nil
}

// ambiguous names the connections among which the client has to choose.
func ambiguous(rows []summary.Observation) *failure {
	f := &failure{
		status: http.StatusConflict, code: codeAmbiguous,
		message: "This connector has several connections; ask again with the id of one.",
	}
	for i := range rows {
		c := candidate{
			ConnectionID: rows[i].ConnectionID, ConnectorID: rows[i].Identity.ConnectorID,
			ConnectorKey: rows[i].Identity.ConnectorID, DisplayName: rows[i].Identity.DisplayName, LabelStatus: "owner_set",
		}
		if c.DisplayName == nil {
			c.LabelStatus = "fallback"
		}
		f.candidates = append(f.candidates, c)
	}
	return f
}

// project reduces a summary to the profile that was asked for.
func project(s summary.Summary, profile string) any {
	switch profile {
	case profileInventory:
		return s.Inventory()
	case profileCounts:
		return s.Counts()
	}
	return s
}
