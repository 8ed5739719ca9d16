package sqlitecompat

import (
	"context"
	"database/sql/driver"
	"fmt"

	"tidemark/summary"
)

// sqlMark inserts one mark.
const sqlMark = `INSERT INTO main.marks (marked_at, scope, component, recount, connector_instance_id, stream, records_delta, record_bytes_delta,
	changes_delta, change_bytes_delta, blobs_delta, blob_bytes_delta, newest_gained, newest_lost, run_id, profile_key, connector_id)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// mark is a row of marks, but for marked_at.
type mark []driver.Value

// recountMark asks for a recount of what s is about.
func recountMark(s subject) mark {
	return mark{
		s.scope, s.component, int64(1), orNull(s.connection), nil, nil, nil, nil, nil, nil, nil, nil, nil,
		orNull(s.run), orNull(s.profileKey), orNull(s.connectorID),
	}
}

// marks are those of all that was captured. Nil if nothing has changed on balance.
func (c *capture) marks() []mark {
	var out []mark
	for key, t := range c.streams {
		if t.moved() && !c.recount[key.connection] {
			out = append(out, t.mark(key))
		}
	}
	for id := range c.recount {
		out = append(out, recountMark(subject{scope: "connection", component: "records", connection: id}))
	}
	for s, b := range c.subjects {
		if b.moved() && !c.broad[s.component] {
			out = append(out, recountMark(s))
		}
	}
	for component := range c.broad {
		out = append(out, recountMark(subject{scope: "all", component: component}))
	}
	return out
}

// mark is the mark of one stream.
func (t *tally) mark(key streamKey) mark {
	component := "retained_bytes"
	if t.records {
		component = "records"
	}
	gained, lost := t.gained, t.lost
	if !t.untracked {
		gained, lost = t.extremes()
	}
	if t.recount || !isTime(gained) || !isTime(lost) {
		m := recountMark(subject{scope: "connection", component: component, connection: key.connection})
		m[4] = key.stream
		return m
	}
	d := t.delta
	return mark{
		"connection", component, int64(0), key.connection, key.stream, d.Records, d.RecordBytes, d.Changes, d.ChangeBytes,
		d.Blobs, d.BlobBytes, orNull(gained), orNull(lost), nil, nil, nil,
	}
}

// isTime reports whether there is no time, or one that can be read. A writer can force in others (PRAGMA ignore_check_constraints): the
// recount fails then, of that connection alone.
func isTime(s string) bool {
	_, err := summary.ParseInstant(s)
	return s == "" || err == nil
}

// write lowers the hooked row and writes marks. In this order: what a trigger of the user's on marks changes is for the guards to mark.
func (c *hookedConn) write(ctx context.Context, marks []mark) error {
	if err := c.control(ctx, sqlLower); err != nil {
		return fmt.Errorf("lower hooked row: %w", err)
	}
	at := c.db.instant().String()
	args := make([]driver.NamedValue, 17)
	for _, m := range marks {
		args[0] = driver.NamedValue{Ordinal: 1, Value: at}
		for i, v := range m {
			args[i+1] = driver.NamedValue{Ordinal: i + 2, Value: v}
		}
		if err := c.control(ctx, sqlMark, args...); err != nil {
			return fmt.Errorf("write marks: %w", err)
		}
	}
	return nil
}

func orNull(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}
