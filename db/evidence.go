package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
)

// evidenceColumns are the columns of connector_summary_evidence in the order of storedFields and of ReplaceEvidence.
const evidenceColumns = `connector_id, owner_subject_id, display_name, status, source_kind, browser_profile_key, created_at, revoked_at,
	total_records, stream_count, last_record_updated_at, stream_records_json::text, retained_bytes_json::text, total_retained_bytes,
	last_run_json::text, last_successful_run_json::text, last_finished_run_json::text, open_runs_json::text, consecutive_failures,
	schedule_json::text, gaps_json::text, attention_json::text, device_json::text, version, computed_at, state, last_error`

func storedFields(r *drain.Stored) []any {
	return []any{
		&r.ConnectorID, &r.OwnerSubjectID, &r.DisplayName, &r.Status, &r.SourceKind, &r.BrowserProfileKey, &r.CreatedAt, &r.RevokedAt,
		&r.TotalRecords, &r.StreamCount, &r.LastRecordUpdatedAt, &r.StreamRecords, &r.RetainedBytes, &r.TotalRetainedBytes,
		&r.LastRun, &r.LastSuccessfulRun, &r.LastFinishedRun, &r.OpenRuns, &r.ConsecutiveFailures,
		&r.Schedule, &r.Gaps, &r.Attention, &r.Device, &r.Version, &r.ComputedAt, &r.State, &r.LastError,
	}
}

// Evidence implements drain.Source. One row per connection in any snapshot, read newest first.
func (s *source) Evidence(ctx context.Context, ids []string) (map[string]drain.Stored, error) {
	rows, err := s.tx.Query(ctx, `
		SELECT i.id, e.* FROM (SELECT DISTINCT unnest($1::text[]) AS id) i
		CROSS JOIN LATERAL (
			SELECT `+evidenceColumns+` FROM tidemark.connector_summary_evidence v
			WHERE v.connector_instance_id = i.id ORDER BY v.version DESC LIMIT 1) e`, ids)
	out, err := keyed(rows, err, storedFields)
	for id, r := range out {
		r.ConnectorInstanceID = id
		out[id] = r
	}
	return out, err
}

var summaryEvidence = table{"connector_summary_evidence", "connector_instance_id", []string{
	"connector_instance_id", "connector_id", "owner_subject_id", "display_name", "status", "source_kind", "browser_profile_key",
	"created_at", "revoked_at", "total_records", "stream_count", "last_record_updated_at", "stream_records_json",
	"retained_bytes_json", "total_retained_bytes", "last_run_json", "last_successful_run_json", "last_finished_run_json",
	"open_runs_json", "consecutive_failures", "schedule_json", "gaps_json", "attention_json", "device_json", "version",
	"computed_at", "state", "last_error",
}}

// ReplaceEvidence implements drain.Tx.
func (t *drainTx) ReplaceEvidence(ctx context.Context, stored []drain.Stored) error {
	ids := make([]string, len(stored))
	rows := make([][]any, len(stored))
	for i, r := range stored {
		ids[i] = r.ConnectorInstanceID
		rows[i] = []any{
			r.ConnectorInstanceID, r.ConnectorID, r.OwnerSubjectID, r.DisplayName, r.Status, r.SourceKind, r.BrowserProfileKey,
			r.CreatedAt.Time(), timestamptz(r.RevokedAt), r.TotalRecords, r.StreamCount, timestamptz(r.LastRecordUpdatedAt),
			r.StreamRecords, r.RetainedBytes, r.TotalRetainedBytes, r.LastRun, r.LastSuccessfulRun, r.LastFinishedRun, r.OpenRuns,
			r.ConsecutiveFailures, r.Schedule, r.Gaps, r.Attention, r.Device, r.Version, r.ComputedAt.Time(), r.State, r.LastError,
		}
	}
	return t.replace(ctx, summaryEvidence, ids, rows)
}

// DeleteEvidence implements drain.Tx.
func (t *drainTx) DeleteEvidence(ctx context.Context, ids []string) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM tidemark.connector_summary_evidence WHERE connector_instance_id IN (SELECT unnest($1::text[]))`, ids)
	batch.Queue(`DELETE FROM tidemark.retained_size_stream WHERE connector_instance_id IN (SELECT unnest($1::text[]))`, ids)
	batch.Queue(`DELETE FROM tidemark.failures WHERE connector_instance_id IN (SELECT unnest($1::text[]))`, ids)
	return t.tx.SendBatch(ctx, batch).Close()
}

// AnnounceDeletions implements drain.Tx.
func (t *drainTx) AnnounceDeletions(ctx context.Context, told []drain.Deletion) error {
	batch := &pgx.Batch{}
	for _, d := range told {
		batch.Queue(`INSERT INTO tidemark.evidence_deletions (version, owner_subject_id, connector_instance_id) VALUES ($1, $2, $3)`,
			d.Version, d.Owner, d.ConnectionID)
	}
	// The newest of those that are to be forgotten stays: a client who saw less than that has to read anew.
	batch.Queue(`
		DELETE FROM tidemark.evidence_deletions WHERE version < (
			SELECT max(version) FROM tidemark.evidence_deletions WHERE deleted_at < clock_timestamp() - interval '1 hour')`)
	return t.tx.SendBatch(ctx, batch).Close()
}

// AnnounceManifests implements drain.Tx. It stores what is announced, too, for Unannounced.
func (t *drainTx) AnnounceManifests(ctx context.Context, connectors []drain.Version) error {
	batch := &pgx.Batch{}
	for _, c := range connectors {
		batch.Queue(`DELETE FROM tidemark.manifest_versions WHERE connector_id = $1`, c.ID)
		batch.Queue(`INSERT INTO tidemark.manifest_versions (connector_id, version) VALUES ($1, $2)`, c.ID, c.Version)
		batch.Queue(`DELETE FROM tidemark.announced_manifests WHERE connector_id = $1`, c.ID)
		batch.Queue(`
			INSERT INTO tidemark.announced_manifests (connector_id, digest)
			SELECT connector_id, tidemark.manifest_digest(display_name, manifest) FROM public.connectors WHERE connector_id = $1`, c.ID)
	}
	return t.tx.SendBatch(ctx, batch).Close()
}
