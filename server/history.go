package server

import (
	"context"
	"fmt"
	"net/http"

	"tidemark/server/schema"
	"tidemark/summary"
)

func (s *server) historyRoutes() []route {
	return []route{
		{Operation: schema.Operation{
			Method: "GET", Path: "/_ref/connections/{id}/runs", ID: "listRuns", About: "The runs that belong to a connection, newest first.",
			Scope: summary.ScopeRead, Conditional: true, Answers: schema.JSON("RunList", "A page; Tidemark-Behind names runs while a change of them is not in it."),
			Query: []schema.Param{schema.Limit, schema.Cursor, schema.Fresh},
		}, handle: s.listRuns},
		{Operation: schema.Operation{
			Method: "GET", Path: "/_ref/runs/{run_id}/timeline", ID: "listEvents", About: "The events of a run that belongs to a connection, in their order.",
			Scope: summary.ScopeRead, Conditional: true, Answers: schema.JSON("EventList", "A page."),
			Query: []schema.Param{schema.Limit, schema.Cursor},
		}, handle: s.listEvents},
	}
}

// sequence takes the cursor of a list that is ordered by one number.
func (v *values) sequence(cursor, digest string) *int64 {
	if cursor == "" {
		return nil
	}
	n, ok := decodeSequence(cursor, digest)
	if !ok {
		v.refuseCursor()
	}
	return &n
}

// listRuns answers GET /_ref/connections/{id}/runs.
func (s *server) listRuns(w http.ResponseWriter, r *http.Request) {
	id, v := parsePath(r, "id")
	q := summary.RunsQuery{Owner: ownerOf(r), ConnectionID: id}
	var cursor string
	q.Limit, cursor, _ = v.paging()
	digest := fmt.Sprintf("runs %q %q", q.Owner, id)
	q.Before = v.sequence(cursor, digest)
	fresh := v.flag("fresh")
	if bad := v.end(); bad != nil {
		s.fail(w, r, bad)
		return
	}
	page, err := settle(r.Context(), s, fresh,
		func(ctx context.Context) (summary.RunsPage, error) { return s.Store.RunHistory(ctx, q) }, summary.RunsPage.Observations)
	if err == nil && page.Observation == nil {
		err = noConnection()
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := list{Object: "list", Data: anys(summary.SummarizeRuns(page.Runs)), HasMore: page.More}
	if page.More {
		next := encodeSequence(page.Runs[len(page.Runs)-1].FirstSeq, digest)
		out.NextCursor = &next
	}
	s.send(w, r, out, lateIn([]summary.Observation{*page.Observation}, summary.Runs))
}

// listEvents answers GET /_ref/runs/{run_id}/timeline.
func (s *server) listEvents(w http.ResponseWriter, r *http.Request) {
	id, v := parsePath(r, "run_id")
	q := summary.TimelineQuery{Owner: ownerOf(r), RunID: id}
	var cursor string
	q.Limit, cursor, _ = v.paging()
	digest := fmt.Sprintf("timeline %q %q", q.Owner, id)
	q.After = v.sequence(cursor, digest)
	if bad := v.end(); bad != nil {
		s.fail(w, r, bad)
		return
	}
	t, err := s.Store.Timeline(r.Context(), q)
	if err == nil && t.ConnectionID == "" {
		err = &failure{status: http.StatusNotFound, code: codeRunNotFound, message: "No run of this id belongs to a connection of yours."}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := list{Object: "list", Data: anys(summary.SummarizeEvents(t, id)), HasMore: t.More}
	if t.More {
		next := encodeSequence(t.Events[len(t.Events)-1].EventSeq, digest)
		out.NextCursor = &next
	}
	s.send(w, r, out, nil)
}

// send answers with what time alone does not change.
func (s *server) send(w http.ResponseWriter, r *http.Request, v any, behind summary.Set) {
	a, err := encode(v, nil)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	a.behind = behind
	s.answer(w, r, a)
}

// lateIn are those of the components that are not the snapshot's on some row.
func lateIn(rows []summary.Observation, of ...summary.Component) summary.Set {
	out := summary.Set{}
	for i := range rows {
		for _, c := range of {
			if rows[i].Behind[c] {
				out.Add(c)
			}
		}
	}
	return out
}

func anys[T any](items []T) []any {
	out := make([]any, len(items))
	for i := range items {
		out[i] = items[i]
	}
	return out
}
