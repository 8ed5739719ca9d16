package sqlitecompat

import (
	"context"

	"tidemark/drain"
)

// Current implements drain.Tx.
func (t *drainTx) Current(ctx context.Context, ids []string) (map[string]int64, error) {
	return keyed(ctx, t.source, `
		SELECT connector_instance_id, version FROM connector_summary_evidence
		WHERE state = 'current' AND connector_instance_id IN (SELECT value FROM json_each(?))`, []any{array(ids)},
		func(version *int64) []any { return []any{version} })
}

// ReplaceSizes implements drain.Tx.
func (t *drainTx) ReplaceSizes(ctx context.Context, rows []drain.Replaced) error {
	for _, r := range rows {
		err := t.exec(ctx, `
			UPDATE connector_summary_evidence SET version = ?2, computed_at = ?3, total_records = ?4, stream_count = ?5,
				last_record_updated_at = ?6, stream_records_json = ?7, retained_bytes_json = ?8, total_retained_bytes = ?9
			WHERE connector_instance_id = ?1`,
			r.ConnectorInstanceID, r.Version, r.ComputedAt, r.TotalRecords, r.StreamCount, r.LastRecordUpdatedAt, r.StreamRecords,
			r.RetainedBytes, r.TotalRetainedBytes)
		if err != nil {
			return err
		}
	}
	return nil
}
