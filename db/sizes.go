package db

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/summary"
)

// Streams implements drain.Source.
func (s *source) Streams(ctx context.Context, ids []string) (map[string][]summary.StreamSize, error) {
	// One row per stream in any snapshot; DISTINCT ON the newest guards against a row that should not be there.
	rows, err := s.tx.Query(ctx, `
		SELECT DISTINCT ON (connector_instance_id, stream)
		       connector_instance_id, stream, record_count, record_bytes, change_count, change_bytes, blob_count, blob_bytes, newest_emitted_at
		FROM tidemark.retained_size_stream WHERE connector_instance_id = ANY ($1)
		ORDER BY connector_instance_id, stream, version DESC`, ids)
	if err != nil {
		return nil, err
	}
	out := map[string][]summary.StreamSize{}
	for rows.Next() {
		var id string
		var z summary.StreamSize
		err := rows.Scan(&id, &z.Stream, &z.RecordCount, &z.RecordBytes, &z.ChangeCount, &z.ChangeBytes, &z.BlobCount, &z.BlobBytes, &z.NewestAt)
		if err != nil {
			rows.Close()
			return nil, err
		}
		out[id] = append(out[id], z)
	}
	return out, rows.Err()
}

// The recounts of the three tables that retain something. Sums are numeric, so none can overflow; records are live ones.
var recounts = []string{
	`SELECT connector_instance_id, stream, count(*), sum(record_bytes)::text, max(emitted_at) FROM public.records WHERE NOT deleted`,
	`SELECT connector_instance_id, stream, count(*), sum(record_bytes)::text, NULL::timestamptz FROM public.record_changes WHERE true`,
	`SELECT connector_instance_id, stream, count(*), sum(size_bytes)::text, NULL::timestamptz FROM public.blobs WHERE true`,
}

// Recount implements drain.Source: two statements per table at most, one for whole connections and one for streams.
func (s *source) Recount(ctx context.Context, refs []drain.StreamRef) (map[string][]summary.StreamSize, []string, error) {
	var whole, ids, streams []string
	for _, r := range refs {
		if r.Stream == "" {
			whole = append(whole, r.ConnectionID)
		} else {
			ids, streams = append(ids, r.ConnectionID), append(streams, r.Stream)
		}
	}
	c := &recount{sizes: map[drain.StreamRef]*summary.StreamSize{}, overflow: map[string]bool{}}
	for table, sql := range recounts {
		if len(whole) > 0 {
			rows, err := s.tx.Query(ctx, sql+` AND connector_instance_id = ANY ($1) GROUP BY connector_instance_id, stream`, whole)
			if err := c.collect(table, rows, err); err != nil {
				return nil, nil, err
			}
		}
		if len(ids) > 0 {
			rows, err := s.tx.Query(ctx, sql+` AND (connector_instance_id, stream) IN (SELECT * FROM unnest($1::text[], $2::text[]))
				GROUP BY connector_instance_id, stream`, ids, streams)
			if err := c.collect(table, rows, err); err != nil {
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

// recount gathers the counts of the three tables.
type recount struct {
	sizes    map[drain.StreamRef]*summary.StreamSize
	overflow map[string]bool
}

func (c *recount) collect(table int, rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	var ref drain.StreamRef
	var count int64
	var sum string
	var newest *summary.Instant
	_, err = pgx.ForEachRow(rows, []any{&ref.ConnectionID, &ref.Stream, &count, &sum, &newest}, func() error {
		bytes, err := strconv.ParseInt(sum, 10, 64)
		if err != nil {
			c.overflow[ref.ConnectionID] = true
			return nil //nolint:nilerr // a sum that fits no int64 fails this connection, not the others
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
	})
	return err
}

// Newest implements drain.Source.
func (s *source) Newest(ctx context.Context, refs []drain.StreamRef) (map[drain.StreamRef]summary.Instant, error) {
	ids, streams := make([]string, len(refs)), make([]string, len(refs))
	for i, r := range refs {
		ids[i], streams[i] = r.ConnectionID, r.Stream
	}
	rows, err := s.tx.Query(ctx, `
		SELECT connector_instance_id, stream, max(emitted_at) FROM public.records
		WHERE NOT deleted AND (connector_instance_id, stream) IN (SELECT * FROM unnest($1::text[], $2::text[]))
		GROUP BY connector_instance_id, stream`, ids, streams)
	if err != nil {
		return nil, err
	}
	out := map[drain.StreamRef]summary.Instant{}
	var ref drain.StreamRef
	var newest summary.Instant
	_, err = pgx.ForEachRow(rows, []any{&ref.ConnectionID, &ref.Stream, &newest}, func() error {
		out[ref] = newest
		return nil
	})
	return out, err
}

var retainedSizes = table{"retained_size_stream", "connector_instance_id", []string{
	"connector_instance_id", "stream", "version", "record_count", "record_bytes", "change_count", "change_bytes", "blob_count",
	"blob_bytes", "newest_emitted_at",
}}

// ReplaceStreams implements drain.Tx.
func (t *drainTx) ReplaceStreams(ctx context.Context, version int64, streams map[string][]summary.StreamSize) error {
	ids := slices.Sorted(maps.Keys(streams))
	var rows [][]any
	for _, id := range ids {
		for _, z := range streams[id] {
			rows = append(rows, []any{
				id, z.Stream, version, z.RecordCount, z.RecordBytes, z.ChangeCount, z.ChangeBytes, z.BlobCount, z.BlobBytes, timestamptz(z.NewestAt),
			})
		}
	}
	return t.replace(ctx, retainedSizes, ids, rows)
}
