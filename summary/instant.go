package summary

import (
	"bytes"
	"fmt"
	"time"
)

// InstantLayout is the one text form of a time: RFC 3339, UTC, six fractional digits, so that text order is time order.
// SQLite stores it; JSON shows it.
const InstantLayout = "2006-01-02T15:04:05.000000Z"

// Instant is a point in time in UTC with microsecond resolution, the resolution of both engines.
type Instant struct{ t time.Time }

// NewInstant truncates t to microseconds, in UTC.
func NewInstant(t time.Time) Instant { return Instant{t.UTC().Truncate(time.Microsecond)} }

// ParseInstant reads the form that InstantLayout describes, or any RFC 3339 time.
func ParseInstant(s string) (Instant, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return Instant{}, fmt.Errorf("parse time %q: want YYYY-MM-DDTHH:MM:SS.ffffffZ", s)
	}
	return NewInstant(t), nil
}

// Time returns the instant as a time.Time in UTC.
func (i Instant) Time() time.Time { return i.t }

// Before and After compare; Add shifts by d.
func (i Instant) Before(o Instant) bool         { return i.t.Before(o.t) }
func (i Instant) After(o Instant) bool          { return i.t.After(o.t) }
func (i Instant) Add(d time.Duration) Instant   { return NewInstant(i.t.Add(d)) }
func (i Instant) Sub(o Instant) time.Duration   { return i.t.Sub(o.t) }
func (i Instant) String() string                { return i.t.Format(InstantLayout) }
func (i Instant) MarshalJSON() ([]byte, error)  { return []byte(`"` + i.String() + `"`), nil }
func (i *Instant) UnmarshalJSON(b []byte) error { return i.Scan(string(bytes.Trim(b, `"`))) }

// Scan implements sql.Scanner: a time.Time (Postgres) or the text form (SQLite).
func (i *Instant) Scan(src any) (err error) {
	switch v := src.(type) {
	case time.Time:
		*i = NewInstant(v)
	case string:
		*i, err = ParseInstant(v)
	case []byte:
		*i, err = ParseInstant(string(v))
	default:
		err = fmt.Errorf("scan time: %T is neither a time nor text", src)
	}
	return err
}

// Later returns the later of two optional instants; nil is before everything.
func Later(a, b *Instant) *Instant {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

// Earlier returns the earlier of two optional instants; nil is after everything.
func Earlier(a, b *Instant) *Instant {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}
