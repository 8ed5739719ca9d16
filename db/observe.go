package db

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/summary"
)

// observation is the query behind every read: the connections that chosen selects (a query of connector_instances rows,
// which may be ordered and limited), each with its connector, its evidence, its pending marks and what is untrusted. One
// statement, so one snapshot, and a constant number of them whatever the page (SPEC G2, G13).
func observation(chosen string) string {
	return `
	WITH page AS MATERIALIZED (SELECT q.*, q.source_binding ->> 'browser_profile_key' AS profile_key FROM (` + chosen + `) q),
` + marksOf + `
	SELECT p.connector_instance_id, p.connector_id, p.owner_subject_id, p.display_name, p.status, p.source_kind,
	       p.profile_key, p.created_at, p.revoked_at, p.source_binding::text, p.updated_at, k.display_name, k.manifest::text,
	       own.marks::text, (SELECT b.marks::text FROM marks b WHERE b.connector_instance_id IS NULL),
	       (SELECT json_agg(s) FROM (SELECT reason_code, recount FROM tidemark.capture WHERE NOT trusted ORDER BY table_name) s)::text,
	       e.*
	FROM page p
	LEFT JOIN public.connectors k ON k.connector_id = p.connector_id
	LEFT JOIN marks own ON own.connector_instance_id = p.connector_instance_id
	LEFT JOIN LATERAL (
		SELECT ` + evidenceColumns + `
		FROM tidemark.connector_summary_evidence v
		WHERE v.connector_instance_id = p.connector_instance_id ORDER BY v.version DESC LIMIT 1) e ON true
	ORDER BY p.connector_id, p.created_at, p.connector_instance_id`
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// observe runs observation(chosen).
func observe(ctx context.Context, q querier, chosen string, args ...any) ([]summary.Observation, error) {
	rows, err := q.Query(ctx, observation(chosen), args...)
	if err != nil {
		return nil, fmt.Errorf("read summaries: %w", unreachable(err))
	}
	defer rows.Close()
	out := []summary.Observation{}
	for rows.Next() {
		o, err := scanObservation(rows)
		if err != nil {
			return nil, fmt.Errorf("read summaries: %w", unreachable(err))
		}
		out = append(out, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read summaries: %w", unreachable(err))
	}
	return out, nil
}

func scanObservation(rows pgx.Rows) (summary.Observation, error) {
	var id, binding string
	var updated summary.Instant
	var live summary.IdentityFacts
	var c summary.Connector
	var own, broad, untrusted *string
	var e nullableEvidence
	fields := append([]any{&id}, identityFields(&live)...)
	fields = append(fields, &binding, &updated, &c.DisplayName, &c.Manifest, &own, &broad, &untrusted)
	if err := rows.Scan(append(fields, e.fields()...)...); err != nil {
		return summary.Observation{}, err
	}
	c.ConnectorID = live.ConnectorID
	var p summary.Pending
	if err := addMarks(&p, own, broad); err != nil {
		return summary.Observation{}, err
	}
	stored, err := e.evidence(id)
	if err != nil {
		return summary.Observation{}, err
	}
	lost, err := untrustedComponents(untrusted)
	if err != nil {
		return summary.Observation{}, err
	}
	o := summary.Observe(id, live, stored, p, c, lost)
	o.SourceBinding, o.UpdatedAt = binding, updated
	return o, nil
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

// untrustedComponents decodes the untrusted rows of tidemark.capture; nil if there is none.
func untrustedComponents(text *string) (map[summary.Component]string, error) {
	if text == nil {
		return nil, nil
	}
	var tables []struct {
		ReasonCode *string             `json:"reason_code"`
		Recount    []summary.Component `json:"recount"`
	}
	if err := json.Unmarshal([]byte(*text), &tables); err != nil {
		return nil, fmt.Errorf("decode capture state: %w", err)
	}
	out := map[summary.Component]string{}
	for _, t := range tables {
		for _, c := range t.Recount {
			if _, known := out[c]; !known {
				out[c] = summary.CaptureReason(t.ReasonCode)
			}
		}
	}
	return out, nil
}
