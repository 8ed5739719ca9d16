package db

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"tidemark/drain"
	"tidemark/summary"
)

// Streams implements drain.Source.
func (s *source) Streams(ctx context.Context, ids []string) (map[string][]summary.StreamSize, error) {
	// One row per stream in any snapshot; DISTINCT ON the newest guards against a row that should not be there.
	rows, err := s.tx.Query(ctx, `
		SELECT DISTINCT ON (connector_instance_id, stream)
		       connector_instance_id, stream, record_count, record_bytes, change_count, change_bytes, blob_count, blob_bytes, newest_emitted_at
		FROM tidemark.retained_size_stream WHERE connector_instance_id IN (SELECT unnest($1::text[]))
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
			rows, err := s.tx.Query(ctx, sql+` AND connector_instance_id IN (SELECT unnest($1::text[])) GROUP BY connector_instance_id, stream`, whole)
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

// ReplaceStreams implements drain.Tx. Old rows are found by their key, in one statement with the new ones.
func (t *drainTx) ReplaceStreams(ctx context.Context, version int64, resized []drain.Resized) error {
	n := len(resized)
	ids, streams, kept, newest := make([]string, n), make([]string, n), make([]bool, n), make([]pgtype.Timestamptz, n)
	var sizes [6][]int64
	for i := range sizes {
		sizes[i] = make([]int64, n)
	}
	for i, z := range resized {
		ids[i], streams[i], kept[i], newest[i] = z.ConnectionID, z.Stream, !z.Empty(), timestamptz(z.NewestAt)
		for j, v := range []int64{z.RecordCount, z.RecordBytes, z.ChangeCount, z.ChangeBytes, z.BlobCount, z.BlobBytes} {
			sizes[j][i] = v
		}
	}
	_, err := t.tx.Exec(ctx, `
		WITH gone AS (
			DELETE FROM tidemark.retained_size_stream s USING unnest($1::text[], $2::text[]) AS k (id, stream)
			WHERE s.connector_instance_id = k.id AND s.stream = k.stream)
		INSERT INTO tidemark.retained_size_stream (connector_instance_id, stream, version, record_count, record_bytes, change_count,
			change_bytes, blob_count, blob_bytes, newest_emitted_at)
		SELECT n.id, n.stream, $3, n.records, n.record_bytes, n.changes, n.change_bytes, n.blobs, n.blob_bytes, n.newest
		FROM unnest($1::text[], $2::text[], $4::boolean[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
		            $10::bigint[], $11::timestamptz[])
			AS n (id, stream, kept, records, record_bytes, changes, change_bytes, blobs, blob_bytes, newest)
		WHERE n.kept`,
		ids, streams, version, kept, sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], newest)
	return err
}
