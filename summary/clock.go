package summary

import "time"

// clock answers whether a moment has come, and remembers the first moment at which one of its answers changes. A summary
// depends on the time through these answers alone, so until then it cannot render differently (SPEC section 10).
type clock struct {
	now  Instant
	next *Instant
}

// reached reports whether t has come: now is t or later.
func (c *clock) reached(t Instant) bool {
	if !c.now.Before(t) {
		return true
	}
	if !t.After(lastInstant) { // later ones never come
		c.next = Earlier(c.next, &t)
	}
	return false
}

// past reports whether t is over: now is later than t.
func (c *clock) past(t Instant) bool { return c.reached(t.Add(time.Microsecond)) }

// lastInstant is the last one that both engines can store and that JSON shows with a year of four digits.
var lastInstant = NewInstant(time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC))

// later returns i shifted by whole seconds, at most lastInstant: a century's interval does not fit a Duration twice.
func later(i Instant, seconds int64) Instant {
	t := i.Time()
	if seconds > lastInstant.Time().Unix()-t.Unix() {
		return lastInstant
	}
	return NewInstant(time.Unix(t.Unix()+seconds, int64(t.Nanosecond())))
}
