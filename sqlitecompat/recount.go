package sqlitecompat

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"tidemark/drain"
	"tidemark/summary"
)

// The recounts of the three tables that retain something; records are live ones. Only sizes of blobs, which are what their
// writer says, can be so large that a sum does not fit, and sum() fails then: they are summed in halves.
var recounts = []string{
	`SELECT t.connector_instance_id, t.stream, count(*), 0, sum(t.record_bytes), max(t.emitted_at) FROM records t WHERE t.deleted = 0`,
	`SELECT t.connector_instance_id, t.stream, count(*), 0, sum(t.record_bytes), NULL FROM record_changes t WHERE 1`,
	`SELECT t.connector_instance_id, t.stream, count(*), sum(t.size_bytes >> 32), sum(t.size_bytes & 4294967295), NULL FROM blobs t WHERE 1`,
}

const (
	ofWhole   = ` AND t.connector_instance_id IN (SELECT value FROM json_each(?))`
	ofStreams = ` AND (t.connector_instance_id, t.stream) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))`
	byStream  = ` GROUP BY t.connector_instance_id, t.stream`
)

// Recount implements drain.Source: two statements per table at most, one for whole connections and one for streams.
func (s source) Recount(ctx context.Context, refs []drain.StreamRef) (map[string][]summary.StreamSize, []string, error) {
	var whole []string
	var some []drain.StreamRef
	for _, r := range refs {
		if r.Stream == "" {
			whole = append(whole, r.ConnectionID)
		} else {
			some = append(some, r)
		}
	}
	c := &counts{sizes: map[drain.StreamRef]*summary.StreamSize{}, overflow: map[string]bool{}}
	for table, query := range recounts {
		if len(whole) > 0 {
			if err := s.each(ctx, query+ofWhole+byStream, []any{array(whole)}, c.row(table)); err != nil {
				return nil, nil, err
			}
		}
		if len(some) > 0 {
			if err := s.each(ctx, query+ofStreams+byStream, []any{pairs(some)}, c.row(table)); err != nil {
				return nil, nil, err
			}
		}
	}
	sizes := map[string][]summary.StreamSize{}
	for ref, z := range c.sizes {
		if !z.Empty() {
			sizes[ref.ConnectionID] = append(sizes[ref.ConnectionID], *z)
		}
	}
	for _, streams := range sizes {
		summary.SortStreams(streams)
	}
	return sizes, slices.Sorted(maps.Keys(c.overflow)), nil
}

// counts gathers what the three tables retain.
type counts struct {
	sizes    map[drain.StreamRef]*summary.StreamSize
	overflow map[string]bool
}

// row takes in a row of a table: 0 records, 1 record_changes, 2 blobs.
func (c *counts) row(table int) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var ref drain.StreamRef
		var count, high, low int64
		var newest *summary.Instant
		if err := rows.Scan(&ref.ConnectionID, &ref.Stream, &count, &high, &low, &newest); err != nil {
			return err
		}
		bytes, ok := halves(high, low)
		if !ok {
			c.overflow[ref.ConnectionID] = true
			return nil
		}
		z := c.sizes[ref]
		if z == nil {
			z = &summary.StreamSize{Stream: ref.Stream}
			c.sizes[ref] = z
		}
		switch table {
		case 0:
			z.RecordCount, z.RecordBytes, z.NewestAt = count, bytes, newest
		case 1:
			z.ChangeCount, z.ChangeBytes = count, bytes
		default:
			z.BlobCount, z.BlobBytes = count, bytes
		}
		return nil
	}
}

// halves puts together a sum that was taken in two parts, of x >> 32 and of x & 4294967295. ok is false if it does not fit
// an int64.
func halves(high, low int64) (sum int64, ok bool) {
	high += low >> 32
	low &= 1<<32 - 1
	if high != high<<32>>32 {
		return 0, false
	}
	return high<<32 | low, true
}

// Newest implements drain.Source.
func (s source) Newest(ctx context.Context, refs []drain.StreamRef) (map[drain.StreamRef]summary.Instant, error) {
	out := map[drain.StreamRef]summary.Instant{}
	err := s.each(ctx, `SELECT t.connector_instance_id, t.stream, max(t.emitted_at) FROM records t WHERE t.deleted = 0`+ofStreams+byStream,
		[]any{pairs(refs)}, func(rows *sql.Rows) error {
			var ref drain.StreamRef
			var newest summary.Instant
			err := rows.Scan(&ref.ConnectionID, &ref.Stream, &newest)
			out[ref] = newest
			return err
		})
	return out, err
}
