package db

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"tidemark/summary"
)

// markColumns are what markGroups sums.
const markColumns = `component, recount, stream, marked_at, records_delta, record_bytes_delta, changes_delta, change_bytes_delta,
	blobs_delta, blob_bytes_delta, newest_gained, newest_lost`

// marksOf are the common table expressions fresh, covering and marks: the pending marks of the connections in the table
// expression page (connector_instance_id, profile_key), and of those that cover all (null), summed into one JSON array per
// connection, in the shape of jsonMark. It says what the view connection_marks says, but scans tidemark.marks once, and
// finds what is held elsewhere by connection: nothing is read of a backlog that is not the page's.
const marksOf = `
	cursor AS MATERIALIZED (SELECT snap FROM tidemark.current_cursor),
	fresh AS MATERIALIZED (
		SELECT * FROM tidemark.marks m
		WHERE m.xid >= (SELECT pg_snapshot_xmax(snap) FROM cursor) OR m.xid = ANY (ARRAY(SELECT pg_snapshot_xip(snap) FROM cursor))),
	covering AS (
		SELECT f.connector_instance_id, false AS parked, ` + markColumns + ` FROM fresh f
		WHERE f.scope = 'connection' AND f.connector_instance_id IN (SELECT connector_instance_id FROM page)
		UNION ALL
		SELECT p.connector_instance_id, held.* FROM page p CROSS JOIN LATERAL (
			SELECT false, ` + markColumns + ` FROM tidemark.marks_backlog b
			WHERE b.connector_instance_id = p.connector_instance_id AND b.scope = 'connection'
			UNION ALL
			SELECT true, ` + markColumns + ` FROM tidemark.marks_parked k
			WHERE k.connector_instance_id = p.connector_instance_id) held
		UNION ALL
		SELECT NULL, false, ` + markColumns + ` FROM fresh f WHERE f.scope = 'all' AND f.component <> 'manifest'
		UNION ALL
		SELECT r.connector_instance_id, false, 'runs', true, NULL, r.marked_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM (
			SELECT p.connector_instance_id, f.marked_at FROM fresh f JOIN page p USING (connector_instance_id) WHERE f.scope = 'run'
			UNION ALL
			SELECT p.connector_instance_id, f.marked_at FROM fresh f JOIN page p USING (profile_key) WHERE f.scope = 'run'
			UNION ALL
			SELECT p.connector_instance_id, n.marked_at FROM page p JOIN (
				SELECT f.marked_at, unnest(e.connection_ids) AS id FROM fresh f JOIN tidemark.run_evidence e USING (run_id)
				WHERE f.scope = 'run') n ON n.id = p.connector_instance_id
			UNION ALL
			SELECT p.connector_instance_id, n.marked_at FROM page p JOIN (
				SELECT f.marked_at, unnest(e.profile_keys) AS key FROM fresh f JOIN tidemark.run_evidence e USING (run_id)
				WHERE f.scope = 'run') n ON n.key = p.profile_key) r),
	marks AS MATERIALIZED (
		SELECT g.connector_instance_id, json_agg(g) AS marks FROM (
			SELECT connector_instance_id, component, recount, stream, min(marked_at) AS marked_at, parked,
			       sum(records_delta)::text AS records, sum(record_bytes_delta)::text AS record_bytes,
			       sum(changes_delta)::text AS changes, sum(change_bytes_delta)::text AS change_bytes,
			       sum(blobs_delta)::text AS blobs, sum(blob_bytes_delta)::text AS blob_bytes,
			       max(newest_gained) AS gained, max(newest_lost) AS lost
			FROM covering GROUP BY connector_instance_id, component, recount, stream, parked) g
		GROUP BY g.connector_instance_id)`

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
	rows, err := s.tx.Query(ctx, `
		WITH page AS MATERIALIZED (
			SELECT i.id AS connector_instance_id, c.source_binding ->> 'browser_profile_key' AS profile_key
			FROM unnest($1::text[]) AS i (id) LEFT JOIN public.connector_instances c ON c.connector_instance_id = i.id),`+marksOf+`
		SELECT connector_instance_id, marks::text FROM marks`, ids)
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

// PendingRuns implements drain.Snapshot.
func (s *source) PendingRuns(ctx context.Context, runIDs []string) (map[string]bool, error) {
	rows, err := s.tx.Query(ctx, `
		SELECT DISTINCT CASE WHEN scope = 'run' THEN run_id END FROM tidemark.pending_marks
		WHERE scope = 'run' AND run_id = ANY ($1) OR scope = 'all' AND component IN ('runs', 'all')`, runIDs)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	var id *string
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error {
		if id != nil {
			out[*id] = true
			return nil
		}
		for _, every := range runIDs {
			out[every] = true
		}
		return nil
	})
	return out, err
}
