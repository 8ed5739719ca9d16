package sqlitecompat

import (
	"crypto/sha256"
	"strconv"
)

// subject is what a mark without deltas is about: the columns of the mark.
type subject struct {
	scope, component                         string
	connection, run, profileKey, connectorID string
}

// balance is what changed of one subject: how often each relevant row came (positive) or went. A row that was updated to
// what it was, or deleted and inserted again, cancels out.
type balance struct {
	rows   map[string]int
	forced bool   // cannot be told: it changed
	last   uint64 // the last statement that touched it
}

// changed takes in a relevant row of s that came (sign 1) or went (-1). row tells rows apart: what evidence holds of it.
func (c *capture) changed(s subject, row string, sign int64) {
	b := c.subjects[s]
	if b == nil {
		if len(c.subjects) >= c.bounds.subjects && s.scope != "connector" {
			if c.broad == nil {
				c.broad = map[string]bool{}
			}
			c.broad[s.component] = true
			return
		}
		b = &balance{}
		c.subjects[s] = b
	}
	b.last = c.statement
	if !b.forced && !c.track(&b.rows, row, int(sign)) {
		c.force(b)
	}
}

func (c *capture) force(b *balance) {
	c.spare += len(b.rows)
	b.rows, b.forced = nil, true
}

// moved reports whether the subject has changed on balance, as far as is known.
func (b *balance) moved() bool { return b.forced || len(b.rows) > 0 }

// encode writes values so that no two lists of them are alike.
func (c *capture) encode(values ...any) string {
	c.buffer = appendRow(c.buffer[:0], values)
	return string(c.buffer)
}

// digest is encode for rows that may be long.
func (c *capture) digest(values ...any) string {
	c.buffer = appendRow(c.buffer[:0], values)
	sum := sha256.Sum256(c.buffer)
	return string(sum[:])
}

func appendRow(b []byte, values []any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			b = append(b, 'n')
		case int64:
			b = append(strconv.AppendInt(append(b, 'i'), v, 10), ';')
		case string:
			b = append(strconv.AppendInt(append(b, 's'), int64(len(v)), 10), ':')
			b = append(b, v...)
		case []byte:
			b = append(strconv.AppendInt(append(b, 'b'), int64(len(v)), 10), ':')
			b = append(b, v...)
		case float64:
			b = append(strconv.AppendFloat(append(b, 'f'), v, 'g', -1, 64), ';')
		}
	}
	return b
}
