package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/summary"
)

// RunFacts implements drain.Source. One pass over spine_events_run, then the terminal events by their key.
func (s *source) RunFacts(ctx context.Context, runIDs []string) (map[string]summary.RunFacts, error) {
	rows, err := s.tx.Query(ctx, `
		WITH facts AS (
			SELECT run_id, min(event_seq) AS first_seq, count(*) AS n, min(occurred_at) AS first_at, max(occurred_at) AS last_at,
			       min(event_seq) FILTER (WHERE event_type = $2) AS started_seq,
			       min(event_seq) FILTER (WHERE event_type = ANY ($3)) AS terminal_seq,
			       coalesce(array_agg(DISTINCT browser_surface_profile_key::text) FILTER (WHERE browser_surface_profile_key IS NOT NULL), '{}') AS keys,
			       coalesce(array_agg(DISTINCT connector_instance_id::text) FILTER (WHERE connector_instance_id IS NOT NULL), '{}') AS ids,
			       coalesce(array_agg(DISTINCT source_id::text) FILTER (WHERE source_id IS NOT NULL), '{}') AS sources
			FROM public.spine_events WHERE run_id = ANY ($1) GROUP BY run_id)
		SELECT f.run_id, f.first_seq, f.n, f.first_at, f.last_at, started.occurred_at, f.keys, f.ids, f.sources,
		       coalesce(t.event_type, ''), t.occurred_at, coalesce(t.data::text, '')
		FROM facts f
		LEFT JOIN public.spine_events started ON started.event_seq = f.started_seq
		LEFT JOIN public.spine_events t ON t.event_seq = f.terminal_seq`,
		runIDs, summary.EventStarted, summary.TerminalEventTypes)
	facts, err := keyed(rows, err, func(f *summary.RunFacts) []any {
		return []any{
			&f.FirstSeq, &f.EventCount, &f.FirstAt, &f.LastAt, &f.StartedAt, &f.ProfileKeys, &f.ConnectionIDs, &f.SourceIDs,
			&f.TerminalType, &f.TerminalAt, &f.TerminalData,
		}
	})
	for id, f := range facts {
		f.RunID = id
		facts[id] = f
	}
	return facts, err
}

// RunRows implements drain.Source.
func (s *source) RunRows(ctx context.Context, runIDs []string) (map[string]drain.RunRow, error) {
	rows, err := s.tx.Query(ctx, `
		SELECT DISTINCT ON (run_id) run_id, first_seq, status, profile_keys, connection_ids, source_ids, run_json::text
		FROM tidemark.run_evidence WHERE run_id = ANY ($1) ORDER BY run_id, version DESC`, runIDs)
	out, err := keyed(rows, err, func(r *drain.RunRow) []any {
		return []any{&r.FirstSeq, &r.Status, &r.ProfileKeys, &r.ConnectionIDs, &r.SourceIDs, &r.RunJSON}
	})
	for id, r := range out {
		r.RunID = id
		out[id] = r
	}
	return out, err
}

// RunIDs implements drain.Source.
func (s *source) RunIDs(ctx context.Context, ids []string) ([]string, error) {
	rows, err := s.tx.Query(ctx, `
		WITH keys AS MATERIALIZED (
			SELECT coalesce(array_agg(DISTINCT source_binding ->> 'browser_profile_key')
			                FILTER (WHERE source_binding ->> 'browser_profile_key' IS NOT NULL), '{}') AS keys
			FROM public.connector_instances WHERE connector_instance_id = ANY ($1))
		SELECT run_id FROM public.spine_events WHERE connector_instance_id = ANY ($1) AND run_id IS NOT NULL
		UNION SELECT run_id FROM public.spine_events WHERE browser_surface_profile_key = ANY ((SELECT keys FROM keys)::text[]) AND run_id IS NOT NULL
		UNION SELECT run_id FROM tidemark.run_evidence WHERE connection_ids && $1
		UNION SELECT run_id FROM tidemark.run_evidence WHERE profile_keys && (SELECT keys FROM keys)
		ORDER BY 1`, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Runs implements drain.Source. Each part walks the connection's runs newest first and stops as soon as it can. What a
// function returns has lost its collation, and without it the indexes of open runs are not used.
func (s *source) Runs(ctx context.Context, ids []string) (map[string]summary.RunFactsOf, error) {
	rows, err := s.tx.Query(ctx, `
		WITH o AS MATERIALIZED (SELECT * FROM tidemark.run_owners WHERE connector_instance_id = ANY ($1))
		SELECT o.connector_instance_id, last.run_json::text, ok.run_json::text, finished.run_json::text,
		       (SELECT count(*) FROM tidemark.runs_of(o.profile_key, o.connector_id, o.connector_instance_id) r
		        WHERE r.status IN ('failed', 'abandoned', 'surface_failed') AND r.first_seq >= coalesce(ok.first_seq, -9223372036854775808)),
		       open.n, coalesce(open.runs, '{}')
		FROM o
		LEFT JOIN LATERAL (
			SELECT r.run_json FROM tidemark.runs_of(o.profile_key, o.connector_id, o.connector_instance_id) r
			ORDER BY r.first_seq DESC LIMIT 1) last ON true
		LEFT JOIN LATERAL (
			SELECT r.run_json, r.first_seq FROM tidemark.runs_of(o.profile_key, o.connector_id, o.connector_instance_id) r
			WHERE r.status = 'succeeded' ORDER BY r.first_seq DESC LIMIT 1) ok ON true
		LEFT JOIN LATERAL (
			SELECT r.run_json FROM tidemark.runs_of(o.profile_key, o.connector_id, o.connector_instance_id) r
			WHERE r.status NOT IN ('running', 'cancelled') ORDER BY r.first_seq DESC LIMIT 1) finished ON true
		LEFT JOIN LATERAL (
			SELECT count(*) AS n, (array_agg(r.run_json::text ORDER BY r.first_seq DESC))[1:$2] AS runs
			FROM tidemark.runs_of(o.profile_key, o.connector_id, o.connector_instance_id) r
			WHERE r.status = 'running' COLLATE "C") open ON true`, ids, summary.MaxOpenRuns)
	if err != nil {
		return nil, err
	}
	out := map[string]summary.RunFactsOf{}
	var id string
	var last, ok, finished *string
	var failures, n int64
	var open []string
	_, err = pgx.ForEachRow(rows, []any{&id, &last, &ok, &finished, &failures, &n, &open}, func() error {
		f := summary.RunFactsOf{FailuresInRow: failures, Open: summary.OpenRuns{Count: n, Runs: make([]summary.OpenRun, len(open))}}
		for i, text := range open {
			if err := json.Unmarshal([]byte(text), &f.Open.Runs[i]); err != nil {
				return fmt.Errorf("decode run: %w", err)
			}
		}
		for _, part := range []struct {
			text *string
			into **summary.Run
		}{{last, &f.Last}, {ok, &f.LastSuccessful}, {finished, &f.LastFinished}} {
			if part.text == nil {
				continue
			}
			if err := json.Unmarshal([]byte(*part.text), part.into); err != nil {
				return fmt.Errorf("decode run: %w", err)
			}
		}
		out[id] = f
		return nil
	})
	return out, err
}

// ProfileOwners implements drain.Source. Two rows of the index say whether a key is shared.
func (s *source) ProfileOwners(ctx context.Context, keys []drain.ProfileKey) ([]string, error) {
	profiles, connectors := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		profiles[i], connectors[i] = k.Key, k.Connector
	}
	rows, err := s.tx.Query(ctx, `
		SELECT min(o.connector_instance_id)
		FROM ROWS FROM (unnest($1::text[]), unnest($2::text[])) WITH ORDINALITY k (profile_key, connector_id, n)
		CROSS JOIN LATERAL (
			SELECT c.connector_instance_id FROM public.connector_instances c
			WHERE c.source_binding ->> 'browser_profile_key' = k.profile_key AND c.connector_id = k.connector_id LIMIT 2) o
		GROUP BY k.n HAVING count(*) = 1`, profiles, connectors)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// ProfileSharers implements drain.Source.
func (s *source) ProfileSharers(ctx context.Context, profileKeys []string) ([]string, error) {
	rows, err := s.tx.Query(ctx, `
		SELECT c.connector_instance_id FROM public.connector_instances c
		WHERE c.source_binding ->> 'browser_profile_key' = ANY ($1) AND (NOT EXISTS (
			SELECT FROM public.connector_instances o
			WHERE o.source_binding ->> 'browser_profile_key' = c.source_binding ->> 'browser_profile_key'
			  AND o.connector_id = c.connector_id AND o.connector_instance_id <> c.connector_instance_id)
		OR EXISTS (
			SELECT FROM tidemark.connector_summary_evidence e
			WHERE e.connector_instance_id = c.connector_instance_id AND e.last_run_json IS NOT NULL))`, profileKeys)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

var runEvidence = table{"run_evidence", "run_id", []string{
	"run_id", "version", "first_seq", "status", "profile_keys", "connection_ids", "source_ids", "run_json",
}}

// ReplaceRuns implements drain.Tx.
func (t *drainTx) ReplaceRuns(ctx context.Context, version int64, runs []drain.RunRow, gone []string) error {
	ids := slices.Clone(gone)
	rows := make([][]any, len(runs))
	for i, r := range runs {
		ids = append(ids, r.RunID)
		rows[i] = []any{r.RunID, version, r.FirstSeq, r.Status, r.ProfileKeys, r.ConnectionIDs, r.SourceIDs, r.RunJSON}
	}
	return t.replace(ctx, runEvidence, ids, rows)
}
