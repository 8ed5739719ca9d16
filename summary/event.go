package summary

import "time"

// EventKind says what an event tells of.
type EventKind string

// The kinds of events. What time alone changes is no row of any table: whoever pushes finds it (Summary.NextChange).
const (
	EventEvidence EventKind = "evidence" // the evidence has another version
	EventManifest EventKind = "manifest" // the connector's manifest or name changed
	EventDeleted  EventKind = "deleted"  // the connection is no more, or no more this owner's
)

// Event is what changed for one owner.
type Event struct {
	Owner        string
	ConnectionID string
	Version      int64
	Kind         EventKind
}

// EventQuery asks for what changed for some owners above a version. What was replaced meanwhile is told of once, with its last
// version.
type EventQuery struct {
	Owners []string
	After  int64
	Limit  int
	// Resume asks for Floor and Since too, which cost more; Late for Late.
	Resume, Late bool
}

// Events is the answer, from one snapshot.
type Events struct {
	// Events are at most Limit, by version, then by connection; events of one version belong together.
	Events []Event
	More   bool // there are more than Limit
	// Max is the highest version there is, whoever it concerns.
	Max int64
	// Floor is the lowest version from which a client can go on: deletions up to it may be forgotten.
	Floor int64
	// Since is a moment that a client who was told of After has seen: the last one known before. Nil if no evidence is that
	// old.
	Since *Instant
	// Server is another one after a restart or a failover: a version that was lost may have been given again.
	Server string
	// Capture is when trust in some table's capture was last lost or earned: that changes what every summary says, without a
	// version.
	Capture Instant
	// Late says that a mark has waited for LateAfter: what is read of its connection turns with time, and no version tells of it.
	Late bool
}

// LateAfter is how long a mark waits before it counts as late: half of the grace of SPEC section 10 row 3.
const LateAfter = graceSeconds * time.Second / 2
