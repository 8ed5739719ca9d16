package db

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"tidemark/summary"
)

// markGroups sums the pending marks of the connections in the array expression ids, and of those that cover all
// (connector_instance_id null), into one JSON array per connection, in the shape of jsonMark.
func markGroups(ids string) string {
	return `
	SELECT g.connector_instance_id, json_agg(g) AS marks FROM (
		SELECT connector_instance_id, component, recount, stream, min(marked_at) AS marked_at, held = 'parked' AS parked,
		       sum(records_delta)::text AS records, sum(record_bytes_delta)::text AS record_bytes,
		       sum(changes_delta)::text AS changes, sum(change_bytes_delta)::text AS change_bytes,
		       sum(blobs_delta)::text AS blobs, sum(blob_bytes_delta)::text AS blob_bytes,
		       max(newest_gained) AS gained, max(newest_lost) AS lost
		FROM tidemark.connection_marks
		WHERE connector_instance_id = ANY (` + ids + `) OR connector_instance_id IS NULL
		GROUP BY connector_instance_id, component, recount, stream, held = 'parked') g
	GROUP BY g.connector_instance_id`
}

// jsonMark is one element of what markGroups returns. Sums are text: they may not fit an int64.
type jsonMark struct {
	Component   summary.Component `json:"component"`
	Recount     bool              `json:"recount"`
	Stream      *string           `json:"stream"`
	MarkedAt    *summary.Instant  `json:"marked_at"`
	Parked      bool              `json:"parked"`
	Records     *string           `json:"records"`
	RecordBytes *string           `json:"record_bytes"`
	Changes     *string           `json:"changes"`
	ChangeBytes *string           `json:"change_bytes"`
	Blobs       *string           `json:"blobs"`
	BlobBytes   *string           `json:"blob_bytes"`
	Gained      *summary.Instant  `json:"gained"`
	Lost        *summary.Instant  `json:"lost"`
}

// addMarks adds the marks of one or more JSON arrays (nil ones are empty) to p.
func addMarks(p *summary.Pending, arrays ...*string) error {
	for _, text := range arrays {
		if text == nil {
			continue
		}
		var marks []jsonMark
		if err := json.Unmarshal([]byte(*text), &marks); err != nil {
			return fmt.Errorf("decode marks: %w", err)
		}
		for _, m := range marks {
			p.Add(m.mark())
		}
	}
	return nil
}

func (j jsonMark) mark() summary.Mark {
	m := summary.Mark{Component: j.Component, Recount: j.Recount, Stream: j.Stream, MarkedAt: j.MarkedAt, Parked: j.Parked}
	m.Delta.Gained, m.Delta.Lost = j.Gained, j.Lost
	fits := setSum(&m.Delta.Records, j.Records) && setSum(&m.Delta.RecordBytes, j.RecordBytes) &&
		setSum(&m.Delta.Changes, j.Changes) && setSum(&m.Delta.ChangeBytes, j.ChangeBytes) &&
		setSum(&m.Delta.Blobs, j.Blobs) && setSum(&m.Delta.BlobBytes, j.BlobBytes)
	if !fits { // only a recount can tell; one of records implies the retained bytes
		m.Recount, m.Component = true, summary.Records
	}
	return m
}

// setSum reads a numeric sum; false if it fits no int64.
func setSum(into *int64, text *string) bool {
	if text == nil {
		return true
	}
	n, err := strconv.ParseInt(*text, 10, 64)
	*into = n
	return err == nil
}

// PendingOf implements drain.Snapshot.
func (s *source) PendingOf(ctx context.Context, ids []string) (map[string]*summary.Pending, error) {
	rows, err := s.tx.Query(ctx, `SELECT connector_instance_id, marks::text FROM (`+markGroups("$1")+`) m`, ids)
	if err != nil {
		return nil, err
	}
	marks := map[string]string{}
	var broad *string
	var id *string
	var text string
	_, err = pgx.ForEachRow(rows, []any{&id, &text}, func() error {
		if id == nil {
			all := text
			broad = &all
		} else {
			marks[*id] = text
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := map[string]*summary.Pending{}
	for _, id := range ids {
		p := &summary.Pending{}
		own := marks[id]
		if own == "" {
			err = addMarks(p, broad)
		} else {
			err = addMarks(p, &own, broad)
		}
		if err != nil {
			return nil, err
		}
		out[id] = p
	}
	return out, nil
}
