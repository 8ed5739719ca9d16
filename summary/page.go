package summary

import (
	"cmp"
	"errors"
	"strings"
)

// ErrUnavailable is what an engine's read wraps when its database cannot be reached, is shutting down or refuses
// connections, as opposed to a fault in a statement: HTTP answers 503 to the one and 500 to the other.
var ErrUnavailable = errors.New("database unavailable")

// MaxExamined is the most connections that one page query may ask for (SPEC section 11: a page filtered by state).
const MaxExamined = 1000

// MaxCandidates bounds the connections that an ambiguous connector id names in a 409.
const MaxCandidates = 100

// Position is a place in the order of every list: (connector_id, created_at, connector_instance_id), text by bytes.
type Position struct {
	ConnectorID  string
	CreatedAt    Instant
	ConnectionID string
}

// PositionOf returns where o stands in that order.
func PositionOf(o *Observation) Position {
	return Position{o.Identity.ConnectorID, o.Identity.CreatedAt, o.ConnectionID}
}

// Compare orders two positions: negative if p comes first.
func (p Position) Compare(q Position) int {
	return cmp.Or(
		strings.Compare(p.ConnectorID, q.ConnectorID),
		p.CreatedAt.Time().Compare(q.CreatedAt.Time()),
		strings.Compare(p.ConnectionID, q.ConnectionID),
	)
}

// Filter narrows a list by what the connection's own row says. The zero value lets everything through.
type Filter struct {
	ConnectorIDs []string // any of these; empty: every connector
	Status       string   // empty: every status
	// Query is a literal substring of the connection's display name or of its connector id; A–Z equal a–z, every other
	// octet only itself (Postgres: position(lower(q) in lower(x COLLATE "C")), never LIKE). Empty: no such condition.
	Query string
}

// Matches reports whether a connection passes; what an engine's SQL must agree with.
func (f Filter) Matches(id IdentityFacts) bool {
	if f.Status != "" && f.Status != id.Status {
		return false
	}
	if len(f.ConnectorIDs) > 0 {
		found := false
		for _, c := range f.ConnectorIDs {
			found = found || c == id.ConnectorID
		}
		if !found {
			return false
		}
	}
	q := asciiLower(f.Query)
	return q == "" || strings.Contains(asciiLower(id.ConnectorID), q) ||
		id.DisplayName != nil && strings.Contains(asciiLower(*id.DisplayName), q)
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// PageQuery asks for one page of one owner's connections.
type PageQuery struct {
	Owner  string
	Filter Filter
	After  *Position // exclusive; nil: from the beginning. The connection there may be gone by now.
	Limit  int       // 1 to MaxExamined
	// Scheduled leaves out the connections without a schedule.
	Scheduled bool
}

// Page is up to Limit observations after After, in order, all from one snapshot. Rows of every status are in it.
type Page struct {
	Observations []Observation
	More         bool // at least one connection that passes the filter follows the last one
}

// Scoped is what a read of one id found, from one snapshot: the owner's connection of that id, else the owner's
// connections of that connector id in page order, at most MaxCandidates; none if the owner has neither.
type Scoped struct {
	Observations []Observation
	// Detail is read only if there is exactly one observation, and nil otherwise.
	Detail *Detail
}
