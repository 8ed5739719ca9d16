package sqlitecompat

import (
	"context"
	"database/sql"

	"tidemark/drain"
	"tidemark/summary"
)

// source reads one snapshot: a read transaction, or the drain's own (drain.Source, drain.Snapshot).
type source struct {
	q    queryer
	lost []loss // what this process knows and could not write down yet
}

var (
	_ drain.Snapshot = source{}
	_ drain.Tx       = (*drainTx)(nil)
	_ drain.Engine   = (*DB)(nil)
)

// each calls fn for every row of a query. fn scans.
func (s source) each(ctx context.Context, query string, args []any, fn func(rows *sql.Rows) error) error {
	rows, err := s.q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := fn(rows); err != nil {
			rows.Close() //nolint:errcheck // fn's error is the one to tell
			return err
		}
	}
	if err := rows.Err(); err != nil {
		rows.Close() //nolint:errcheck // the same error
		return err
	}
	return rows.Close()
}

// keyed reads rows whose first column is the key and whose others scan into what fields returns.
func keyed[T any](ctx context.Context, s source, query string, args []any, fields func(*T) []any) (map[string]T, error) {
	out := map[string]T{}
	err := s.each(ctx, query, args, func(rows *sql.Rows) error {
		var key string
		var v T
		if err := rows.Scan(append([]any{&key}, fields(&v)...)...); err != nil {
			return err
		}
		out[key] = v
		return nil
	})
	return out, err
}

// list reads the only column of a query.
func (s source) list(ctx context.Context, query string, args ...any) ([]string, error) {
	out := []string{}
	err := s.each(ctx, query, args, func(rows *sql.Rows) error {
		var v string
		err := rows.Scan(&v)
		out = append(out, v)
		return err
	})
	return out, err
}

// Identities implements drain.Source.
func (s source) Identities(ctx context.Context, ids []string) (map[string]summary.IdentityFacts, error) {
	return keyed(ctx, s, `
		SELECT connector_instance_id, connector_id, owner_subject_id, display_name, status, source_kind, browser_profile_key,
		       created_at, revoked_at
		FROM connector_instances WHERE connector_instance_id IN (SELECT value FROM json_each(?))`, []any{array(ids)}, identityFields)
}

func identityFields(f *summary.IdentityFacts) []any {
	return []any{
		&f.ConnectorID, &f.OwnerSubjectID, &f.DisplayName, &f.Status, &f.SourceKind, &f.BrowserProfileKey, &f.CreatedAt, &f.RevokedAt,
	}
}

// Schedules implements drain.Source.
func (s source) Schedules(ctx context.Context, ids []string) (map[string]summary.ScheduleFacts, error) {
	return keyed(ctx, s, `
		SELECT connector_instance_id, interval_seconds, jitter_seconds, enabled, created_at, updated_at
		FROM connector_schedules WHERE connector_instance_id IN (SELECT value FROM json_each(?))`, []any{array(ids)},
		func(f *summary.ScheduleFacts) []any {
			return []any{&f.IntervalSeconds, &f.JitterSeconds, &f.Enabled, &f.CreatedAt, &f.UpdatedAt}
		})
}

// Gaps implements drain.Source.
func (s source) Gaps(ctx context.Context, ids []string) (map[string]summary.GapFacts, error) {
	args := []any{array(ids)}
	gaps, err := keyed(ctx, s, `
		SELECT connector_instance_id,
		       count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'in_progress'),
		       count(*) FILTER (WHERE status = 'recovered'), count(*) FILTER (WHERE status = 'terminal'),
		       max(updated_at) FILTER (WHERE status = 'terminal'),
		       min(next_attempt_after) FILTER (WHERE status IN ('pending', 'in_progress')),
		       coalesce(max(attempt_count) FILTER (WHERE status IN ('pending', 'in_progress')), 0)
		FROM connector_detail_gaps WHERE connector_instance_id IN (SELECT value FROM json_each(?)) GROUP BY connector_instance_id`, args,
		func(f *summary.GapFacts) []any {
			return []any{&f.Pending, &f.InProgress, &f.Recovered, &f.Terminal, &f.NewestTerminalAt, &f.NextAttemptAfter, &f.MaxAttempts}
		})
	if err != nil || len(gaps) == 0 {
		return gaps, err
	}
	err = s.each(ctx, `
		SELECT connector_instance_id, stream, count(*) FILTER (WHERE status <> 'terminal'), max(updated_at) FILTER (WHERE status = 'terminal')
		FROM connector_detail_gaps
		WHERE connector_instance_id IN (SELECT value FROM json_each(?)) AND status <> 'recovered' AND stream IS NOT NULL
		GROUP BY connector_instance_id, stream ORDER BY connector_instance_id, stream`, args, func(rows *sql.Rows) error {
		var id string
		var g summary.StreamGaps
		if err := rows.Scan(&id, &g.Stream, &g.Pending, &g.NewestTerminalAt); err != nil {
			return err
		}
		f := gaps[id]
		f.Streams = append(f.Streams, g)
		gaps[id] = f
		return nil
	})
	return gaps, err
}

// Attention implements drain.Source. The order is that of summary.AttentionFacts.
func (s source) Attention(ctx context.Context, ids []string) (map[string]summary.AttentionFacts, error) {
	out := map[string]summary.AttentionFacts{}
	err := s.each(ctx, `
		SELECT connector_instance_id, n, attention_id, run_id, reason_code, owner_action, lifecycle, expires_at, created_at, updated_at
		FROM (
			SELECT *, count(*) OVER (PARTITION BY connector_instance_id) AS n,
			       row_number() OVER (PARTITION BY connector_instance_id
			                          ORDER BY lifecycle = 'in_progress', expires_at DESC NULLS FIRST, created_at, attention_id) AS place
			FROM connector_attention
			WHERE connector_instance_id IN (SELECT value FROM json_each(?)) AND lifecycle IN ('open', 'acknowledged', 'in_progress'))
		WHERE place <= ? ORDER BY connector_instance_id, place`, []any{array(ids), summary.MaxAttention}, func(rows *sql.Rows) error {
		var id string
		var n int64
		var a summary.AttentionItem
		err := rows.Scan(&id, &n, &a.AttentionID, &a.RunID, &a.ReasonCode, &a.OwnerAction, &a.Lifecycle, &a.ExpiresAt, &a.CreatedAt, &a.UpdatedAt)
		out[id] = summary.AttentionFacts{Count: n, Items: append(out[id].Items, a)}
		return err
	})
	return out, err
}

// Devices implements drain.Source. total, not sum, which fails on overflow: what lies above 2^53 is cut off anyway.
func (s source) Devices(ctx context.Context, ids []string) (map[string]summary.DeviceFacts, error) {
	return keyed(ctx, s, `
		SELECT connector_instance_id, count(*), max(last_heartbeat_at), max(last_ingest_at),
		       CAST(min(total(records_pending), 9007199254740991) AS INTEGER), CAST(min(total(dead_letters), 9007199254740991) AS INTEGER),
		       (SELECT n.status FROM device_heartbeats n WHERE n.connector_instance_id = d.connector_instance_id
		        ORDER BY n.last_heartbeat_at DESC NULLS LAST, n.device_id LIMIT 1)
		FROM device_heartbeats d WHERE connector_instance_id IN (SELECT value FROM json_each(?)) GROUP BY connector_instance_id`, []any{array(ids)},
		func(f *summary.DeviceFacts) []any {
			return []any{&f.Devices, &f.NewestHeartbeatAt, &f.LastIngestAt, &f.RecordsPending, &f.DeadLetters, &f.Status}
		})
}
