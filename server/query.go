package server

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"tidemark/summary"
)

// The bounds of a list query.
const (
	defaultLimit    = 100
	maxLimit        = 100
	maxConnectorIDs = 100
	maxIDBytes      = 256
	maxQueryBytes   = 1024
)

// The profiles of a list, beside whole summaries.
const (
	profileInventory = "identity_inventory"
	profileCounts    = "retained_count_summary"
)

// statuses of a connection, and states of its health, by which a list may be filtered.
var (
	statuses = []string{"active", "paused", "revoked", "draft"}
	states   = []string{
		summary.Healthy, summary.Degraded, summary.CoolingOff, summary.Blocked, summary.NeedsAttention, summary.Idle, summary.Unknown,
	}
)

// listQuery is a validated query of /_ref/connectors.
type listQuery struct {
	filter     summary.Filter
	state      string // of health; empty: every state
	limit      int
	cursor     string
	connection string // scoped, if not empty
	fresh      bool
	profile    string
	fleet      bool
}

// values are the parameters of a query; each is taken once, and what is left over is unknown.
type values struct {
	url.Values
	err *failure // the first
}

func parseValues(r *http.Request) values {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return values{nil, badRequest("", "The query string is malformed.")}
	}
	return values{q, nil}
}

func (v *values) refuse(param, format string, args ...any) {
	if v.err == nil {
		v.err = badRequest(param, format, args...)
	}
}

// many takes a parameter that may be repeated.
func (v *values) many(param string) []string {
	got := v.Values[param]
	delete(v.Values, param)
	return got
}

// one takes a parameter that may come once; given reports whether it came.
func (v *values) one(param string) (value string, given bool) {
	got := v.many(param)
	if len(got) > 1 {
		v.refuse(param, "%s may be given once.", param)
	}
	if len(got) == 0 {
		return "", false
	}
	return got[0], true
}

// choice takes a parameter that is one of a set.
func (v *values) choice(param string, set ...string) string {
	value, given := v.one(param)
	if given && !slices.Contains(set, value) {
		v.refuse(param, "%s must be one of %s.", param, strings.Join(set, ", "))
	}
	return value
}

// flag takes a parameter that is true or false.
func (v *values) flag(param string) bool {
	switch v.choice(param, "true", "false", "1", "0") {
	case "true", "1":
		return true
	}
	return false
}

// text checks what is compared with stored text: those hold valid UTF-8 without NUL.
func (v *values) text(param, value string, most int) string {
	switch {
	case len(value) > most:
		v.refuse(param, "%s is longer than %d octets.", param, most)
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		v.refuse(param, "%s is not text.", param)
	}
	return value
}

// end refuses what nothing has taken.
func (v *values) end() *failure {
	for _, param := range slices.Sorted(maps.Keys(v.Values)) {
		v.refuse(printable(param), "There is no parameter %q here.", printable(param))
	}
	return v.err
}

// parseListQuery validates everything at once; the first thing wrong is told.
func parseListQuery(r *http.Request) (listQuery, *failure) {
	v := parseValues(r)
	q := listQuery{}
	if connection, given := v.one("connection"); given {
		if connection == "" {
			v.refuse("connection", "connection is empty.")
		}
		q.connection = v.text("connection", connection, maxIDBytes)
		for _, param := range []string{"limit", "cursor", "connector_id", "status", "state", "q", "include_fleet_health"} {
			if v.Has(param) {
				v.refuse(param, "%s cannot be combined with connection, which reads a single one.", param)
			}
		}
	}
	q.limit, q.cursor, _ = v.paging()
	q.filter = v.filter()
	q.state = v.choice("state", states...)
	q.fresh = v.flag("fresh")
	q.profile = v.choice("profile", profileInventory, profileCounts)
	q.fleet = v.flag("include_fleet_health")
	return q, v.end()
}

// paging takes limit and cursor; asked reports whether one of them came.
func (v *values) paging() (limit int, cursor string, asked bool) {
	limit = defaultLimit
	if text, given := v.one("limit"); given {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n < 1 || n > maxLimit || strings.HasPrefix(text, "+") {
			v.refuse("limit", "limit must be an integer from 1 to %d.", maxLimit)
		}
		limit, asked = int(n), true
	}
	if text, given := v.one("cursor"); given {
		if text == "" {
			v.refuseCursor()
		}
		cursor, asked = text, true
	}
	return limit, cursor, asked
}

// filter takes what narrows a list by the connections' own rows.
func (v *values) filter() (f summary.Filter) {
	f.ConnectorIDs = v.many("connector_id")
	if len(f.ConnectorIDs) > maxConnectorIDs {
		v.refuse("connector_id", "connector_id may be given %d times at most.", maxConnectorIDs)
	}
	for _, id := range f.ConnectorIDs {
		if id == "" {
			v.refuse("connector_id", "connector_id is empty.")
		}
		v.text("connector_id", id, maxIDBytes)
	}
	slices.Sort(f.ConnectorIDs)
	f.ConnectorIDs = slices.Compact(f.ConnectorIDs)
	f.Status = v.choice("status", statuses...)
	search, _ := v.one("q")
	f.Query = v.text("q", search, maxQueryBytes)
	return f
}

func (v *values) refuseCursor() {
	if v.err == nil {
		v.err = invalidCursor()
	}
}

func invalidCursor() *failure {
	return &failure{
		status: http.StatusBadRequest, code: codeInvalidCursor, param: "cursor",
		message: "This cursor was not given for this list; begin again without one.",
	}
}

// pathID returns the id that a parameter of a path holds, unescaped whole.
func pathID(param, escaped string) (string, *failure) {
	id, err := url.PathUnescape(escaped)
	if err != nil {
		return "", badRequest(param, "The %s in the path is not escaped properly.", param)
	}
	v := values{}
	if id == "" {
		v.refuse(param, "The %s in the path is empty.", param)
	}
	v.text(param, id, maxIDBytes)
	return id, v.err
}

// parsePath returns the id that a parameter of the path holds, and the query's values.
func parsePath(r *http.Request, param string) (string, values) {
	id, bad := pathID(param, chi.URLParam(r, param))
	v := parseValues(r)
	if bad != nil {
		v.err = bad
	}
	return id, v
}

// digest names what a cursor is bound to: the owner and the filters, whatever their order.
func (q listQuery) digest(owner string) string {
	return fmt.Sprintf("%q %q %q %q %q", owner, q.filter.ConnectorIDs, q.filter.Status, q.filter.Query, q.state)
}

// key names the answer to a query: who asks the same at the same time may share it.
func (q listQuery) key(owner string) string {
	return fmt.Sprintf("%s %d %q %q %q %t", q.digest(owner), q.limit, q.cursor, q.connection, q.profile, q.fleet)
}
