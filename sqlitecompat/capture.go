package sqlitecompat

import (
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// bounds on what a transaction's capture holds in memory. Beyond them marks ask for recounts: coarser, never wrong.
type bounds struct {
	tracked  int // values held to see that they cancel out
	streams  int // streams with sums of their own; then connections
	subjects int // runs and connections with a mark of their own; then a mark that covers all
}

var defaultBounds = bounds{tracked: 1 << 16, streams: 100_000, subjects: 200_000}

// capture gathers what a transaction changes in the source tables: sums per stream, and for everything else what changed on
// balance. The pre-update hook feeds it, the commit writes it. Used by the hooked connection's goroutine alone.
type capture struct {
	statement uint64 // number of the statement that runs now
	seen      bool   // some row of some table was changed in the transaction
	captured  bool   // one of a source table
	err       error  // a row could not be read: the transaction must not commit

	streams   map[streamKey]*tally
	latest    *tally // of streams: rows come in runs of one stream
	latestKey streamKey
	recount   map[string]bool // connections whose streams are too many to sum one by one
	subjects  map[subject]*balance
	broad     map[string]bool // components with too many subjects
	spare     int             // of bounds.tracked
	bounds    bounds

	old, new []any  // what the hook reads; reused
	buffer   []byte // for encoding a row; reused
}

func newCapture() *capture {
	c := &capture{old: make([]any, maxHookColumns), new: make([]any, maxHookColumns), bounds: defaultBounds}
	c.reset()
	return c
}

// reset forgets the transaction. Maps that have grown large are let go.
func (c *capture) reset() {
	c.seen, c.captured, c.err, c.spare = false, false, nil, c.bounds.tracked
	if c.streams == nil || len(c.streams) > 1000 || len(c.subjects) > 1000 {
		c.streams, c.subjects = map[streamKey]*tally{}, map[subject]*balance{}
	} else {
		clear(c.streams)
		clear(c.subjects)
	}
	c.latest, c.recount, c.broad = nil, nil, nil
}

// pending reports whether changes of source tables were captured.
func (c *capture) pending() bool { return c.captured }

// begin starts a statement and returns the number of the one before.
func (c *capture) begin() (before uint64) {
	c.statement++
	return c.statement - 1
}

// doubt says that what statements after that one touched may have been taken back: only a recount can tell.
func (c *capture) doubt(after uint64) {
	for _, t := range c.streams {
		if t.last > after {
			t.recount = true
			c.untrack(t)
		}
	}
	for _, b := range c.subjects {
		if b.last > after {
			c.force(b)
		}
	}
}

// preUpdate is the pre-update hook: SQLite calls it for every row just before it changes, whatever statement, trigger or
// foreign key does it.
func (c *hookedConn) preUpdate(d sqlite.SQLitePreUpdateData) {
	if d.TableName == "hooked" {
		return
	}
	c.capture.seen = true
	t := hooks[d.TableName]
	if t == nil || d.DatabaseName != "main" || !c.db.capturing.Load() {
		return
	}
	c.capture.change(t, d)
}

func (c *capture) change(t *hook, d sqlite.SQLitePreUpdateData) {
	c.captured = true
	if d.Op != sqlite3.SQLITE_INSERT {
		if err := d.Old(c.old[:len(t.columns)]...); err != nil {
			c.err = fmt.Errorf("read changed row of %s: %w", d.TableName, err)
			return
		}
	}
	if d.Op != sqlite3.SQLITE_DELETE {
		if err := d.New(c.new[:len(t.columns)]...); err != nil {
			c.err = fmt.Errorf("read changed row of %s: %w", d.TableName, err)
			return
		}
	}
	if d.Op != sqlite3.SQLITE_INSERT {
		t.row(c, c.old[:len(t.columns)], -1)
	}
	if d.Op != sqlite3.SQLITE_DELETE {
		t.row(c, c.new[:len(t.columns)], +1)
	}
}
