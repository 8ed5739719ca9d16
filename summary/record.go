package summary

import "errors"

// ErrConnectionRevoked is returned where something was to be written to a revoked connection.
var ErrConnectionRevoked = errors.New("connection is revoked")

// Record is one record as a writer gives it, who has checked it: key within the limits of SPEC section 3, JSON valid.
type Record struct {
	Key       string
	JSON      string // kept octet by octet
	EmittedAt Instant
}

// Written counts what became of the records that were given to an engine.
type Written struct {
	Inserted  int64 `json:"inserted"`  // not there before
	Updated   int64 `json:"updated"`   // other JSON before, or deleted
	Unchanged int64 `json:"unchanged"` // the same JSON: nothing was written
}

// Add sums.
func (w *Written) Add(o Written) {
	w.Inserted, w.Updated, w.Unchanged = w.Inserted+o.Inserted, w.Updated+o.Updated, w.Unchanged+o.Unchanged
}

// All counts the records.
func (w Written) All() int64 { return w.Inserted + w.Updated + w.Unchanged }
