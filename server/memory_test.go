package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tidemark/internal/apicheck"
	"tidemark/summary"
)

// noon is the time of the tests' clock.
var noon = summary.NewInstant(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))

// memory holds connections for tests of HTTP alone: it keeps Store's contract of order, filters, owners and bounds. What
// engines read is tested on engines.
type memory struct {
	mu       sync.Mutex
	rows     []summary.Observation
	tokens   map[[32]byte]summary.Token
	checks   []summary.Check
	detail   summary.Detail
	runs     []summary.Run      // of every connection, newest first
	events   []summary.RunEvent // of every run
	marks    []summary.MarkCount
	err      error       // what every method answers, if set
	reads    int         // of Page and Scoped
	onRead   func(n int) // called before the n-th read, without the lock
	drain    func([]string) error
	happened happened
	cancel   bool // Reconcile blocks until its context ends
}

func (m *memory) reading(ctx context.Context) error {
	m.mu.Lock()
	m.reads++
	n, hook := m.reads, m.onRead
	m.mu.Unlock()
	if hook != nil {
		hook(n)
	}
	if m.err != nil {
		return m.err
	}
	return ctx.Err()
}

func (m *memory) sorted(owner string) []summary.Observation {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []summary.Observation
	for _, o := range m.rows {
		if o.Identity.OwnerSubjectID == owner {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b summary.Observation) int { return summary.PositionOf(&a).Compare(summary.PositionOf(&b)) })
	return out
}

func (m *memory) Page(ctx context.Context, q summary.PageQuery) (summary.Page, error) {
	if err := m.reading(ctx); err != nil {
		return summary.Page{}, err
	}
	if q.Limit < 1 || q.Limit > summary.MaxExamined {
		return summary.Page{}, errors.New("limit out of bounds")
	}
	var p summary.Page
	for _, o := range m.sorted(q.Owner) {
		if !q.Filter.Matches(o.Identity) || q.Scheduled && o.Schedule == nil || q.After != nil && summary.PositionOf(&o).Compare(*q.After) <= 0 {
			continue
		}
		if len(p.Observations) == q.Limit {
			p.More = true
			break
		}
		p.Observations = append(p.Observations, o)
	}
	return p, nil
}

func (m *memory) Scoped(ctx context.Context, owner, id string) (summary.Scoped, error) {
	if err := m.reading(ctx); err != nil {
		return summary.Scoped{}, err
	}
	var s summary.Scoped
	for _, o := range m.sorted(owner) {
		if o.ConnectionID == id {
			return summary.Scoped{Observations: []summary.Observation{o}, Detail: &m.detail}, nil
		}
		if o.Identity.ConnectorID == id {
			s.Observations = append(s.Observations, o)
		}
	}
	if len(s.Observations) == 1 {
		s.Detail = &m.detail
	}
	return s, nil
}

func (m *memory) Connection(ctx context.Context, owner, id string) (*summary.Observation, error) {
	if err := m.reading(ctx); err != nil {
		return nil, err
	}
	for _, o := range m.sorted(owner) {
		if o.ConnectionID == id {
			return &o, nil
		}
	}
	return nil, nil
}

func (m *memory) RunHistory(ctx context.Context, q summary.RunsQuery) (p summary.RunsPage, err error) {
	p.Observation, err = m.Connection(ctx, q.Owner, q.ConnectionID)
	if p.Observation == nil {
		return p, err
	}
	for _, r := range m.runs {
		switch {
		case r.FirstSeq > q.Newest():
		case len(p.Runs) == q.Limit:
			p.More = true
		default:
			p.Runs = append(p.Runs, r)
		}
	}
	return p, nil
}

func (m *memory) Timeline(ctx context.Context, q summary.TimelineQuery) (t summary.Timeline, err error) {
	rows := m.sorted(q.Owner)
	if err := m.reading(ctx); err != nil || len(rows) == 0 || !slices.ContainsFunc(m.runs, func(r summary.Run) bool { return r.RunID == q.RunID }) {
		return t, err
	}
	t.ConnectionID = rows[0].ConnectionID
	for _, e := range m.events {
		switch {
		case e.EventSeq < q.First():
		case len(t.Events) == q.Limit:
			t.More = true
		default:
			t.Events = append(t.Events, e)
		}
	}
	return t, nil
}

func (m *memory) Diagnosis(ctx context.Context, owner, id string) (*summary.Diagnosis, error) {
	o, err := m.Connection(ctx, owner, id)
	if o == nil {
		return nil, err
	}
	return &summary.Diagnosis{Observation: *o, Marks: m.marks, OpenGaps: m.detail.Gaps}, nil
}

func (m *memory) Reconcile(ctx context.Context, ids []string) error {
	if m.cancel {
		<-ctx.Done()
		return ctx.Err()
	}
	if m.drain != nil {
		return m.drain(ids)
	}
	return nil
}

func (m *memory) Token(_ context.Context, sum [32]byte) (summary.Token, error) {
	if m.err != nil {
		return summary.Token{}, m.err
	}
	t, ok := m.tokens[sum]
	if !ok {
		return t, summary.ErrNoToken
	}
	return t, nil
}

func (m *memory) Ready(context.Context) ([]summary.Check, error) { return m.checks, m.err }

// The tokens of a memory made by newMemory.
const (
	adas, bobs, operators  = "tdm_ada", "tdm_bob", "tdm_operator"
	expired, revoked, acts = "tdm_expired", "tdm_revoked", "tdm_act"
)

func newMemory(rows ...summary.Observation) *memory {
	token := func(owner string, scopes ...string) summary.Token {
		return summary.Token{Owner: owner, Scopes: scopes, CreatedAt: noon}
	}
	old, gone := token("ada", summary.ScopeRead), token("ada", summary.ScopeRead)
	old.ExpiresAt, gone.RevokedAt = &noon, &noon
	return &memory{rows: rows, tokens: map[[32]byte]summary.Token{
		summary.HashToken(adas):      token("ada", summary.Scopes...),
		summary.HashToken(bobs):      token("bob", summary.ScopeRead),
		summary.HashToken(acts):      token("ada", summary.ScopeAct),
		summary.HashToken(operators): {Operator: true, Scopes: []string{summary.ScopeRead}},
		summary.HashToken(expired):   old,
		summary.HashToken(revoked):   gone,
	}}
}

// connection is one of ada's that is proven healthy.
func connection(connector, id string) summary.Observation {
	at := noon.Add(-time.Hour)
	run := &summary.Run{RunID: "run_" + id, FirstSeq: 1, Status: summary.RunSucceeded, FinishedAt: &at, FirstAt: at, LastAt: at}
	manifest := `{"streams":[{"name":"items"}]}`
	return summary.Observation{
		Facts: summary.Facts{
			ConnectionID: id,
			Identity: summary.IdentityFacts{
				ConnectorID: connector, OwnerSubjectID: "ada", DisplayName: &id, Status: "active", SourceKind: "account", CreatedAt: at,
			},
			Streams: []summary.StreamSize{{Stream: "items", RecordCount: 3, RecordBytes: 30, NewestAt: &at}},
			Runs:    summary.RunFactsOf{Last: run, LastSuccessful: run, LastFinished: run},
		},
		Connector: summary.Connector{ConnectorID: connector, Manifest: &manifest},
		Version:   7, ComputedAt: &at, State: summary.StateCurrent, Behind: summary.Set{},
	}
}

// api is a server over a memory, asked without a network.
type api struct {
	t *testing.T
	h http.Handler
}

func serve(t *testing.T, m *memory, change ...func(*Config)) api {
	t.Helper()
	c := Config{Store: m, Clock: func() time.Time { return noon.Time() }}
	for _, f := range change {
		f(&c)
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return api{t, checker().Handler(t, h)}
}

// checker knows what answers must look like.
var checker = sync.OnceValue(func() *apicheck.Checker {
	document, err := OpenAPI()
	if err != nil {
		panic(err)
	}
	c, err := apicheck.New(document)
	if err != nil {
		panic(err)
	}
	return c
})

func (a api) do(method, target string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	a.t.Helper()
	r := httptest.NewRequest(method, target, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.h.ServeHTTP(w, r)
	if w.Code >= 400 {
		a.checkError(w)
	}
	return w
}

// get asks as ada.
func (a api) get(target string) *httptest.ResponseRecorder {
	a.t.Helper()
	return a.do("GET", target, nil, "Authorization", "Bearer "+adas)
}

// checkError holds every answer of 400 and above against the closed error shape.
func (a api) checkError(w *httptest.ResponseRecorder) errorDetail {
	a.t.Helper()
	var body errorBody
	dec := json.NewDecoder(strings.NewReader(w.Body.String()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil {
		a.t.Fatalf("status %d without the error shape: %v: %s", w.Code, err, w.Body)
	}
	e := body.Error
	if e.Type != errorType(w.Code) || e.Code == "" || e.Message == "" || e.RequestID == "" || e.RequestID != w.Header().Get("X-Request-Id") {
		a.t.Fatalf("status %d: incomplete error %+v", w.Code, e)
	}
	if ct := w.Header().Get("Content-Type"); ct != "application/json" {
		a.t.Fatalf("status %d: content type %q", w.Code, ct)
	}
	return e
}

func (a api) expect(w *httptest.ResponseRecorder, status int, code string) errorDetail {
	a.t.Helper()
	if w.Code != status {
		a.t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if status < 400 {
		return errorDetail{}
	}
	e := a.checkError(w)
	if e.Code != code {
		a.t.Fatalf("code %q, want %q (%s)", e.Code, code, e.Message)
	}
	return e
}

// page is a decoded envelope.
type page struct {
	Object      string           `json:"object"`
	Data        []map[string]any `json:"data"`
	HasMore     bool             `json:"has_more"`
	NextCursor  *string          `json:"next_cursor"`
	FleetHealth map[string]any   `json:"fleet_health"`
}

func (a api) page(target string) page {
	a.t.Helper()
	w := a.get(target)
	a.expect(w, http.StatusOK, "")
	var p page
	dec := json.NewDecoder(w.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		a.t.Fatal(err)
	}
	if p.Object != "list" || p.Data == nil || p.HasMore != (p.NextCursor != nil) || p.NextCursor != nil && *p.NextCursor == "" {
		a.t.Fatalf("envelope %+v", p)
	}
	return p
}

func (p page) ids() []string {
	out := []string{}
	for _, row := range p.Data {
		out = append(out, row["connection_id"].(string))
	}
	return out
}
