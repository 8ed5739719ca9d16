package sqlitecompat

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"tidemark/drain"
	"tidemark/summary"
)

// observe reads the connections that chosen selects, a query of connector_instances rows which may be ordered and limited,
// each with its connector, its evidence, its pending marks and what is untrusted: two statements, whatever the page (SPEC
// G13). The caller's transaction makes them one snapshot (SPEC G2).
func (s source) observe(ctx context.Context, chosen string, args ...any) ([]summary.Observation, error) {
	found := []observed{}
	ids := []string{}
	err := s.each(ctx, `
		SELECT p.connector_instance_id, p.connector_id, p.owner_subject_id, p.display_name, p.status, p.source_kind,
		       p.browser_profile_key, p.created_at, p.revoked_at, p.source_binding, p.updated_at, k.display_name, k.manifest,
		       `+untrusted+`, e.*
		FROM (`+chosen+`) p
		LEFT JOIN connectors k ON k.connector_id = p.connector_id
		LEFT JOIN (SELECT connector_instance_id AS of, `+evidenceColumns+` FROM connector_summary_evidence) e ON e.of = p.connector_instance_id
		ORDER BY p.connector_id, p.created_at, p.connector_instance_id`, args, func(rows *sql.Rows) error {
		var o observed
		var id sql.NullString
		fields := append([]any{&o.id}, identityFields(&o.live)...)
		fields = append(fields, &o.binding, &o.updated, &o.connector.DisplayName, &o.connector.Manifest, &o.untrusted, &id)
		if err := rows.Scan(append(fields, o.evidence.fields()...)...); err != nil {
			return err
		}
		o.connector.ConnectorID = o.live.ConnectorID
		found, ids = append(found, o), append(ids, o.id)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read summaries: %w", err)
	}
	pending, err := s.PendingOf(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	out := make([]summary.Observation, len(found))
	for i, o := range found {
		stored, err := o.evidence.evidence(o.id)
		if err != nil {
			return nil, fmt.Errorf("read summaries: %w", err)
		}
		lost, err := s.untrusted(o.untrusted)
		if err != nil {
			return nil, err
		}
		out[i] = summary.Observe(o.id, o.live, stored, *pending[o.id], o.connector, lost)
		out[i].SourceBinding, out[i].UpdatedAt = o.binding, o.updated
	}
	return out, nil
}

// observed is a connection as it was read.
type observed struct {
	id        string
	live      summary.IdentityFacts
	binding   string
	updated   summary.Instant
	untrusted sql.NullString
	connector summary.Connector
	evidence  nullableEvidence
}

// nullableEvidence scans evidenceColumns of a LEFT JOIN: every column is null where there is no row.
type nullableEvidence struct {
	connectorID, owner, status, kind, streams, bytes, open, gaps, attention, state *string
	created, computed                                                              *summary.Instant
	records, count, total, failures, version                                       *int64
	row                                                                            drain.Stored
}

func (e *nullableEvidence) fields() []any {
	r := &e.row
	return []any{
		&e.connectorID, &e.owner, &r.DisplayName, &e.status, &e.kind, &r.BrowserProfileKey, &e.created, &r.RevokedAt,
		&e.records, &e.count, &r.LastRecordUpdatedAt, &e.streams, &e.bytes, &e.total,
		&r.LastRun, &r.LastSuccessfulRun, &r.LastFinishedRun, &e.open, &e.failures,
		&r.Schedule, &e.gaps, &e.attention, &r.Device, &e.version, &e.computed, &e.state, &r.LastError,
	}
}

// evidence is the row, or nil where there is none.
func (e *nullableEvidence) evidence(id string) (*summary.Evidence, error) {
	if e.version == nil {
		return nil, nil
	}
	r := e.row.Row
	r.ConnectorInstanceID = id
	r.ConnectorID, r.OwnerSubjectID, r.Status, r.SourceKind = *e.connectorID, *e.owner, *e.status, *e.kind
	r.StreamRecords, r.RetainedBytes, r.OpenRuns, r.Gaps, r.Attention = *e.streams, *e.bytes, *e.open, *e.gaps, *e.attention
	r.CreatedAt, r.TotalRecords, r.StreamCount, r.TotalRetainedBytes = *e.created, *e.records, *e.count, *e.total
	r.ConsecutiveFailures = *e.failures
	facts, err := r.Facts()
	if err != nil {
		return nil, err
	}
	return &summary.Evidence{Facts: facts, Version: *e.version, ComputedAt: *e.computed, State: *e.state, LastError: e.row.LastError}, nil
}

// untrusted are the components whose capture cannot be trusted, as a JSON array of [reason_code, [component, …]]; null if there
// is none.
const untrusted = `(SELECT CASE WHEN count(*) > 0 THEN json_group_array(json_array(reason_code, json(recount))) END
	FROM (SELECT reason_code, recount FROM capture_state WHERE NOT trusted ORDER BY table_name))`

// untrusted adds to what is on record what this process knows; nil if there is neither.
func (s source) untrusted(text sql.NullString) (map[summary.Component]string, error) {
	if !text.Valid && len(s.lost) == 0 {
		return nil, nil
	}
	var tables [][2]json.RawMessage
	if text.Valid {
		if err := json.Unmarshal([]byte(text.String), &tables); err != nil {
			return nil, fmt.Errorf("decode capture state: %w", err)
		}
	}
	out := map[summary.Component]string{}
	for _, l := range s.lost {
		for _, c := range l.components {
			out[c] = summary.CaptureReason(&l.reason)
		}
	}
	for _, t := range tables {
		var reason *string
		var recount []summary.Component
		if err := errors.Join(json.Unmarshal(t[0], &reason), json.Unmarshal(t[1], &recount)); err != nil {
			return nil, fmt.Errorf("decode capture state: %w", err)
		}
		for _, c := range recount {
			if _, known := out[c]; !known {
				out[c] = summary.CaptureReason(reason)
			}
		}
	}
	return out, nil
}
