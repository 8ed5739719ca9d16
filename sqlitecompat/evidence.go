package sqlitecompat

import (
	"context"
	"database/sql"
	"time"

	"tidemark/drain"
	"tidemark/summary"
)

// evidenceColumns are the columns of connector_summary_evidence in the order of storedFields.
const evidenceColumns = `connector_id, owner_subject_id, display_name, status, source_kind, browser_profile_key, created_at, revoked_at,
	total_records, stream_count, last_record_updated_at, stream_records_json, retained_bytes_json, total_retained_bytes,
	last_run_json, last_successful_run_json, last_finished_run_json, open_runs_json, consecutive_failures,
	schedule_json, gaps_json, attention_json, device_json, version, computed_at, state, last_error`

func storedFields(r *drain.Stored) []any {
	return []any{
		&r.ConnectorID, &r.OwnerSubjectID, &r.DisplayName, &r.Status, &r.SourceKind, &r.BrowserProfileKey, &r.CreatedAt, &r.RevokedAt,
		&r.TotalRecords, &r.StreamCount, &r.LastRecordUpdatedAt, &r.StreamRecords, &r.RetainedBytes, &r.TotalRetainedBytes,
		&r.LastRun, &r.LastSuccessfulRun, &r.LastFinishedRun, &r.OpenRuns, &r.ConsecutiveFailures,
		&r.Schedule, &r.Gaps, &r.Attention, &r.Device, &r.Version, &r.ComputedAt, &r.State, &r.LastError,
	}
}

// Evidence implements drain.Source.
func (s source) Evidence(ctx context.Context, ids []string) (map[string]drain.Stored, error) {
	out, err := keyed(ctx, s, `
		SELECT connector_instance_id, `+evidenceColumns+` FROM connector_summary_evidence
		WHERE connector_instance_id IN (SELECT value FROM json_each(?))`, []any{array(ids)}, storedFields)
	for id, r := range out {
		r.ConnectorInstanceID = id
		out[id] = r
	}
	return out, err
}

// ReplaceEvidence implements drain.Tx.
func (t *drainTx) ReplaceEvidence(ctx context.Context, stored []drain.Stored) error {
	for _, r := range stored {
		err := t.exec(ctx, `
			INSERT OR REPLACE INTO connector_summary_evidence (connector_instance_id, `+evidenceColumns+`)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			r.ConnectorInstanceID, r.ConnectorID, r.OwnerSubjectID, r.DisplayName, r.Status, r.SourceKind, r.BrowserProfileKey,
			r.CreatedAt, r.RevokedAt, r.TotalRecords, r.StreamCount, r.LastRecordUpdatedAt, r.StreamRecords, r.RetainedBytes,
			r.TotalRetainedBytes, r.LastRun, r.LastSuccessfulRun, r.LastFinishedRun, r.OpenRuns, r.ConsecutiveFailures, r.Schedule,
			r.Gaps, r.Attention, r.Device, r.Version, r.ComputedAt, r.State, r.LastError)
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteEvidence implements drain.Tx.
func (t *drainTx) DeleteEvidence(ctx context.Context, ids []string) error {
	for _, table := range []string{"connector_summary_evidence", "retained_size_stream", "failures"} {
		if err := t.exec(ctx, `DELETE FROM `+table+` WHERE connector_instance_id IN (SELECT value FROM json_each(?))`, array(ids)); err != nil {
			return err
		}
	}
	return nil
}

// AnnounceDeletions implements drain.Tx.
func (t *drainTx) AnnounceDeletions(ctx context.Context, told []drain.Deletion) error {
	for _, d := range told {
		err := t.exec(ctx, `INSERT INTO evidence_deletions (version, owner_subject_id, connector_instance_id, deleted_at) VALUES (?, ?, ?, ?)`,
			d.Version, d.Owner, d.ConnectionID, t.Now())
		if err != nil {
			return err
		}
	}
	// The newest of those that are to be forgotten stays: a client who saw less than that has to read anew.
	return t.exec(ctx, `
		DELETE FROM evidence_deletions WHERE version < (SELECT max(version) FROM evidence_deletions WHERE deleted_at < ?)`, t.Now().Add(-time.Hour))
}

// AnnounceManifests implements drain.Tx.
func (t *drainTx) AnnounceManifests(ctx context.Context, connectors []drain.Version) error {
	for _, c := range connectors {
		if err := t.exec(ctx, `INSERT OR REPLACE INTO manifest_versions (connector_id, version) VALUES (?, ?)`, c.ID, c.Version); err != nil {
			return err
		}
	}
	return nil
}

// Streams implements drain.Source.
func (s source) Streams(ctx context.Context, ids []string) (map[string][]summary.StreamSize, error) {
	out := map[string][]summary.StreamSize{}
	err := s.each(ctx, `
		SELECT connector_instance_id, stream, record_count, record_bytes, change_count, change_bytes, blob_count, blob_bytes, newest_emitted_at
		FROM retained_size_stream WHERE connector_instance_id IN (SELECT value FROM json_each(?))
		ORDER BY connector_instance_id, stream`, []any{array(ids)}, func(rows *sql.Rows) error {
		var id string
		var z summary.StreamSize
		err := rows.Scan(&id, &z.Stream, &z.RecordCount, &z.RecordBytes, &z.ChangeCount, &z.ChangeBytes, &z.BlobCount, &z.BlobBytes, &z.NewestAt)
		out[id] = append(out[id], z)
		return err
	})
	return out, err
}

// ReplaceStreams implements drain.Tx.
func (t *drainTx) ReplaceStreams(ctx context.Context, version int64, rows []drain.Resized) error {
	for _, z := range rows {
		var err error
		if z.Empty() {
			err = t.exec(ctx, `DELETE FROM retained_size_stream WHERE connector_instance_id = ? AND stream = ?`, z.ConnectionID, z.Stream)
		} else {
			err = t.exec(ctx, `
				INSERT OR REPLACE INTO retained_size_stream (connector_instance_id, stream, version, record_count, record_bytes, change_count,
					change_bytes, blob_count, blob_bytes, newest_emitted_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				z.ConnectionID, z.Stream, version, z.RecordCount, z.RecordBytes, z.ChangeCount, z.ChangeBytes, z.BlobCount, z.BlobBytes, z.NewestAt)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
