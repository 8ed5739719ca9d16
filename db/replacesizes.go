package db

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"tidemark/drain"
)

// Current implements drain.Tx. Newest first, so that a pinned snapshot's dead rows are not walked.
func (t *drainTx) Current(ctx context.Context, ids []string) (map[string]int64, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT i.id, e.version FROM unnest($1::text[]) AS i (id)
		CROSS JOIN LATERAL (
			SELECT v.version, v.state FROM tidemark.connector_summary_evidence v
			WHERE v.connector_instance_id = i.id ORDER BY v.version DESC LIMIT 1) e
		WHERE e.state = 'current'`, ids)
	return keyed(rows, err, func(version *int64) []any { return []any{version} })
}

// ReplaceSizes implements drain.Tx. A new version is a new key: the UPDATE leaves readers' way to the newest row as short as
// an INSERT and a DELETE do, and what does not change never leaves the server.
func (t *drainTx) ReplaceSizes(ctx context.Context, rows []drain.Replaced) error {
	n := len(rows)
	ids, streams, bytes := make([]string, n), make([]string, n), make([]string, n)
	was, versions, records, counts, totals := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	computed, newest := make([]pgtype.Timestamptz, n), make([]pgtype.Timestamptz, n)
	for i, r := range rows {
		ids[i], was[i], versions[i], computed[i] = r.ConnectorInstanceID, r.Was, r.Version, timestamptz(&r.ComputedAt)
		records[i], counts[i], newest[i] = r.TotalRecords, r.StreamCount, timestamptz(r.LastRecordUpdatedAt)
		streams[i], bytes[i], totals[i] = r.StreamRecords, r.RetainedBytes, r.TotalRetainedBytes
	}
	_, err := t.tx.Exec(ctx, `
		UPDATE tidemark.connector_summary_evidence e
		SET version = n.new_version, computed_at = n.computed, total_records = n.records, stream_count = n.streams,
			last_record_updated_at = n.newest, stream_records_json = n.streams_json::json, retained_bytes_json = n.bytes_json::json,
			total_retained_bytes = n.bytes
		FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::timestamptz[],
		            $8::text[], $9::text[], $10::bigint[])
			AS n (id, was, new_version, computed, records, streams, newest, streams_json, bytes_json, bytes)
		WHERE e.connector_instance_id = n.id AND e.version = n.was`, ids, was, versions, computed, records, counts, newest, streams, bytes, totals)
	return err
}
