package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"tidemark/summary"
)

// keyed reads rows whose first column is the key and whose others scan into what fields returns.
func keyed[T any](rows pgx.Rows, err error, fields func(*T) []any) (map[string]T, error) {
	if err != nil {
		return nil, err
	}
	out := map[string]T{}
	for rows.Next() {
		var key string
		var v T
		if err := rows.Scan(append([]any{&key}, fields(&v)...)...); err != nil {
			rows.Close()
			return nil, err
		}
		out[key] = v
	}
	return out, rows.Err()
}

// Identities implements drain.Source.
func (s *source) Identities(ctx context.Context, ids []string) (map[string]summary.IdentityFacts, error) {
	rows, err := s.tx.Query(ctx, `
		SELECT connector_instance_id, connector_id, owner_subject_id, display_name, status, source_kind,
		       source_binding ->> 'browser_profile_key', created_at, revoked_at
		FROM public.connector_instances WHERE connector_instance_id IN (SELECT unnest($1::text[]))`, ids)
	return keyed(rows, err, identityFields)
}

func identityFields(f *summary.IdentityFacts) []any {
	return []any{
		&f.ConnectorID, &f.OwnerSubjectID, &f.DisplayName, &f.Status, &f.SourceKind, &f.BrowserProfileKey, &f.CreatedAt, &f.RevokedAt,
	}
}

// Schedules implements drain.Source.
func (s *source) Schedules(ctx context.Context, ids []string) (map[string]summary.ScheduleFacts, error) {
	rows, err := s.tx.Query(ctx, `
		SELECT connector_instance_id, interval_seconds, jitter_seconds, enabled, created_at, updated_at
		FROM public.connector_schedules WHERE connector_instance_id IN (SELECT unnest($1::text[]))`, ids)
	return keyed(rows, err, func(f *summary.ScheduleFacts) []any {
		return []any{&f.IntervalSeconds, &f.JitterSeconds, &f.Enabled, &f.CreatedAt, &f.UpdatedAt}
	})
}

// Gaps implements drain.Source.
func (s *source) Gaps(ctx context.Context, ids []string) (map[string]summary.GapFacts, error) {
	rows, err := s.tx.Query(ctx, `
		SELECT connector_instance_id,
		       count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'in_progress'),
		       count(*) FILTER (WHERE status = 'recovered'), count(*) FILTER (WHERE status = 'terminal'),
		       max(updated_at) FILTER (WHERE status = 'terminal'),
		       min(next_attempt_after) FILTER (WHERE status IN ('pending', 'in_progress')),
		       coalesce(max(attempt_count) FILTER (WHERE status IN ('pending', 'in_progress')), 0)
		FROM public.connector_detail_gaps WHERE connector_instance_id IN (SELECT unnest($1::text[])) GROUP BY connector_instance_id`, ids)
	gaps, err := keyed(rows, err, func(f *summary.GapFacts) []any {
		return []any{&f.Pending, &f.InProgress, &f.Recovered, &f.Terminal, &f.NewestTerminalAt, &f.NextAttemptAfter, &f.MaxAttempts}
	})
	if err != nil || len(gaps) == 0 {
		return gaps, err
	}
	rows, err = s.tx.Query(ctx, `
		SELECT connector_instance_id, stream, count(*) FILTER (WHERE status <> 'terminal'), max(updated_at) FILTER (WHERE status = 'terminal')
		FROM public.connector_detail_gaps
		WHERE connector_instance_id IN (SELECT unnest($1::text[])) AND status <> 'recovered' AND stream IS NOT NULL
		GROUP BY connector_instance_id, stream ORDER BY connector_instance_id, stream`, ids)
	if err != nil {
		return nil, err
	}
	var id string
	var g summary.StreamGaps
	_, err = pgx.ForEachRow(rows, []any{&id, &g.Stream, &g.Pending, &g.NewestTerminalAt}, func() error {
		f := gaps[id]
		f.Streams = append(f.Streams, g)
		gaps[id] = f
		return nil
	})
	return gaps, err
}

// Attention implements drain.Source. The order is that of summary.AttentionFacts.
func (s *source) Attention(ctx context.Context, ids []string) (map[string]summary.AttentionFacts, error) {
	rows, err := s.tx.Query(ctx, `
		SELECT connector_instance_id, n, attention_id, run_id, reason_code, owner_action, lifecycle, expires_at, created_at, updated_at
		FROM (
			SELECT *, count(*) OVER (PARTITION BY connector_instance_id) AS n,
			       row_number() OVER (PARTITION BY connector_instance_id
			                          ORDER BY lifecycle = 'in_progress', expires_at DESC NULLS FIRST, created_at, attention_id) AS place
			FROM public.connector_attention
			WHERE connector_instance_id IN (SELECT unnest($1::text[])) AND lifecycle IN ('open', 'acknowledged', 'in_progress')
		) open WHERE place <= $2 ORDER BY connector_instance_id, place`, ids, summary.MaxAttention)
	if err != nil {
		return nil, err
	}
	out := map[string]summary.AttentionFacts{}
	for rows.Next() {
		var id string
		var n int64
		var a summary.AttentionItem
		err := rows.Scan(&id, &n, &a.AttentionID, &a.RunID, &a.ReasonCode, &a.OwnerAction, &a.Lifecycle, &a.ExpiresAt, &a.CreatedAt, &a.UpdatedAt)
		if err != nil {
			rows.Close()
			return nil, err
		}
		out[id] = summary.AttentionFacts{Count: n, Items: append(out[id].Items, a)}
	}
	return out, rows.Err()
}

// Devices implements drain.Source.
func (s *source) Devices(ctx context.Context, ids []string) (map[string]summary.DeviceFacts, error) {
	rows, err := s.tx.Query(ctx, `
		SELECT connector_instance_id, count(*), max(last_heartbeat_at), max(last_ingest_at),
		       least(sum(records_pending), 9007199254740991)::bigint, least(sum(dead_letters), 9007199254740991)::bigint,
		       (array_agg(status ORDER BY last_heartbeat_at DESC NULLS LAST, device_id))[1]
		FROM public.device_heartbeats WHERE connector_instance_id IN (SELECT unnest($1::text[])) GROUP BY connector_instance_id`, ids)
	return keyed(rows, err, func(f *summary.DeviceFacts) []any {
		return []any{&f.Devices, &f.NewestHeartbeatAt, &f.LastIngestAt, &f.RecordsPending, &f.DeadLetters, &f.Status}
	})
}
