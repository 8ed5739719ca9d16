package sqlitecompat

import "tidemark/summary"

// streamKey is one stream of one connection.
type streamKey struct{ connection, stream string }

// tally sums what a transaction changed in one stream.
type tally struct {
	delta   summary.Delta // without Gained and Lost
	records bool          // records were touched, not only history and blobs
	recount bool          // the sums cannot be trusted or do not fit
	last    uint64        // the last statement that touched it
	// emitted counts, per emitted_at, how many live records came (positive) or went, as long as untracked is false: what
	// was deleted and inserted again cancels out. As long as none went, came lists them instead, which is cheaper. When
	// untracked, gained and lost are the newest of those that came and went.
	came         []string
	emitted      map[string]int
	untracked    bool
	gained, lost string
}

// tally returns the sums of one stream; nil if there are too many, and the connection is recounted.
func (c *capture) tally(connection, stream string) *tally {
	key := streamKey{connection, stream}
	t := c.latest
	if t == nil || key != c.latestKey {
		t = c.streams[key]
	}
	if t == nil {
		if len(c.streams) >= c.bounds.streams {
			if c.recount == nil {
				c.recount = map[string]bool{}
			}
			c.recount[connection] = true
			return nil
		}
		t = &tally{}
		c.streams[key] = t
	}
	c.latest, c.latestKey = t, key
	t.last = c.statement
	return t
}

// record takes in a live record that came (sign 1) or went (-1).
func (c *capture) record(connection, stream string, bytes int64, emitted string, sign int64) {
	t := c.tally(connection, stream)
	if t == nil {
		return
	}
	t.records = true
	if emitted == "" { // not even a time that cannot be read
		t.recount = true
	}
	if t.recount {
		return
	}
	t.sum(&t.delta.Records, sign)
	t.sum(&t.delta.RecordBytes, sign*bytes)
	if !t.untracked && !c.emit(t, emitted, sign) {
		t.gained, t.lost = t.extremes()
		c.untrack(t)
	}
	if t.untracked {
		if sign > 0 {
			t.gained = max(t.gained, emitted)
		} else {
			t.lost = max(t.lost, emitted)
		}
	}
}

// emit takes in one emitted_at. It reports false where no more can be held.
func (c *capture) emit(t *tally, emitted string, sign int64) bool {
	if sign > 0 && t.emitted == nil {
		if c.spare == 0 {
			return false
		}
		t.came = append(t.came, emitted)
		c.spare--
		return true
	}
	if t.emitted == nil {
		t.emitted = map[string]int{}
		c.spare += len(t.came)
		for _, e := range t.came {
			c.track(&t.emitted, e, 1)
		}
		t.came = nil
	}
	return c.track(&t.emitted, emitted, int(sign))
}

// untrack gives up holding the times of a stream.
func (c *capture) untrack(t *tally) {
	c.spare += len(t.came) + len(t.emitted)
	t.came, t.emitted, t.untracked = nil, nil, true
}

// sum adds to one sum; one that does not fit asks for a recount.
func (t *tally) sum(into *int64, n int64) {
	s := *into + n
	if (s > *into) != (n > 0) && n != 0 {
		t.recount = true
	}
	*into = s
}

// track adds n to the count of a value and forgets it at zero. It reports false, and changes nothing, where no more
// values can be held.
func (c *capture) track(counts *map[string]int, value string, n int) bool {
	old, known := (*counts)[value]
	switch {
	case old+n == 0:
		delete(*counts, value)
		c.spare++
	case known:
		(*counts)[value] = old + n
	case c.spare == 0:
		return false
	default:
		if *counts == nil {
			*counts = map[string]int{}
		}
		(*counts)[value] = n
		c.spare--
	}
	return true
}

// extremes returns the newest of the times that came and of those that went; empty where there are none.
func (t *tally) extremes() (gained, lost string) {
	for _, e := range t.came {
		gained = max(gained, e)
	}
	for e, n := range t.emitted {
		if n > 0 {
			gained = max(gained, e)
		} else {
			lost = max(lost, e)
		}
	}
	return gained, lost
}

// moved reports whether the stream has changed on balance, as far as is known.
func (t *tally) moved() bool {
	return t.recount || t.delta != summary.Delta{} || t.untracked || len(t.came) > 0 || len(t.emitted) > 0
}
