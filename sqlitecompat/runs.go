package sqlitecompat

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"tidemark/drain"
	"tidemark/summary"
)

// RunFacts implements drain.Source. One pass over spine_events_run, then what the events name.
func (s source) RunFacts(ctx context.Context, runIDs []string) (map[string]summary.RunFacts, error) {
	facts, err := keyed(ctx, s, `
		WITH facts AS (
			SELECT run_id, min(event_seq) AS first_seq, count(*) AS n, min(occurred_at) AS first_at, max(occurred_at) AS last_at,
			       min(event_seq) FILTER (WHERE event_type = ?2) AS started_seq,
			       min(event_seq) FILTER (WHERE event_type IN (SELECT value FROM json_each(?3))) AS terminal_seq
			FROM spine_events WHERE run_id IN (SELECT value FROM json_each(?1)) GROUP BY run_id)
		SELECT f.run_id, f.first_seq, f.n, f.first_at, f.last_at, started.occurred_at,
		       coalesce(t.event_type, ''), t.occurred_at, coalesce(t.data, '')
		FROM facts f
		LEFT JOIN spine_events started ON started.event_seq = f.started_seq
		LEFT JOIN spine_events t ON t.event_seq = f.terminal_seq`,
		[]any{array(runIDs), summary.EventStarted, array(summary.TerminalEventTypes)}, func(f *summary.RunFacts) []any {
			at := func(set func(summary.Instant)) runTime { return runTime{set, &f.Unreadable} }
			return []any{
				&f.FirstSeq, &f.EventCount, at(func(i summary.Instant) { f.FirstAt = i }), at(func(i summary.Instant) { f.LastAt = i }),
				at(func(i summary.Instant) { f.StartedAt = &i }), &f.TerminalType, at(func(i summary.Instant) { f.TerminalAt = &i }), &f.TerminalData,
			}
		})
	if err != nil {
		return nil, err
	}
	err = s.each(ctx, `
		WITH e AS MATERIALIZED (
			SELECT run_id, browser_surface_profile_key AS profile_key, connector_instance_id, source_id FROM spine_events
			WHERE run_id IN (SELECT value FROM json_each(?)))
		SELECT run_id, 0, profile_key FROM e WHERE profile_key IS NOT NULL
		UNION SELECT run_id, 1, connector_instance_id FROM e WHERE connector_instance_id IS NOT NULL
		UNION SELECT run_id, 2, source_id FROM e WHERE source_id IS NOT NULL
		ORDER BY 1, 2, 3`, []any{array(runIDs)}, func(rows *sql.Rows) error {
		var id, name string
		var kind int
		if err := rows.Scan(&id, &kind, &name); err != nil {
			return err
		}
		f := facts[id]
		into := []*[]string{&f.ProfileKeys, &f.ConnectionIDs, &f.SourceIDs}[kind]
		*into = append(*into, name)
		facts[id] = f
		return nil
	})
	for id, f := range facts {
		f.RunID = id
		facts[id] = f
	}
	return facts, err
}

// runTime scans a time of a run that may be null, or none: a writer can switch the CHECK off.
type runTime struct {
	set        func(summary.Instant)
	unreadable *bool
}

// Scan implements sql.Scanner.
func (t runTime) Scan(src any) error {
	var at summary.Instant
	switch {
	case src == nil:
	case at.Scan(src) != nil:
		*t.unreadable = true
	default:
		t.set(at)
	}
	return nil
}

// soundRun reports whether what attributes run r, its columns of single names and its run_names, says what its lists do.
const soundRun = `CASE WHEN json_valid(r.profile_keys) AND json_valid(r.connection_ids) AND json_valid(r.source_ids) AND json_valid(r.run_json) THEN
	r.profile_key IS (CASE WHEN json_array_length(r.profile_keys) = 1 THEN r.profile_keys ->> 0 END)
	AND r.source_id IS (CASE WHEN json_array_length(r.source_ids) = 1 THEN r.source_ids ->> 0 END)
	AND r.connection_id IS (CASE WHEN json_array_length(r.connection_ids) = 1 THEN r.connection_ids ->> 0 END)
	AND (SELECT count(*) FROM run_names n WHERE n.run_id = r.run_id AND n.name IN (
		SELECT value FROM json_each(CASE n.kind WHEN 'profile' THEN r.profile_keys ELSE r.connection_ids END)))
		= json_array_length(r.profile_keys) + json_array_length(r.connection_ids)
	AND (SELECT count(*) FROM run_names n WHERE n.run_id = r.run_id)
		= json_array_length(r.profile_keys) + json_array_length(r.connection_ids)
	ELSE 0 END`

// RunRows implements drain.Source. Of a row that is attributed by other than what it lists only that is returned, so that it is
// replaced, and whoever it was given to is told.
func (s source) RunRows(ctx context.Context, runIDs []string) (map[string]drain.RunRow, error) {
	out := map[string]drain.RunRow{}
	err := s.each(ctx, `
		SELECT run_id, first_seq, status, profile_keys, connection_ids, source_ids, run_json, profile_key, connection_id, source_id, `+soundRun+`
		FROM run_evidence r WHERE run_id IN (SELECT value FROM json_each(?))`, []any{array(runIDs)}, func(rows *sql.Rows) error {
		var r drain.RunRow
		var keys, connections, sources string
		var key, connection, source sql.NullString
		var sound bool
		if err := rows.Scan(&r.RunID, &r.FirstSeq, &r.Status, &keys, &connections, &sources, &r.RunJSON, &key, &connection, &source, &sound); err != nil {
			return err
		}
		if !sound {
			out[r.RunID] = drain.RunRow{RunID: r.RunID, ProfileKeys: []string{key.String}, ConnectionIDs: []string{connection.String}, SourceIDs: []string{source.String}}
			return nil
		}
		for _, list := range []struct {
			text string
			into *[]string
		}{{keys, &r.ProfileKeys}, {connections, &r.ConnectionIDs}, {sources, &r.SourceIDs}} {
			var err error
			if *list.into, err = members(list.text); err != nil {
				return err
			}
		}
		out[r.RunID] = r
		return nil
	})
	return out, err
}

// RunIDs implements drain.Source.
func (s source) RunIDs(ctx context.Context, ids []string) ([]string, error) {
	return s.list(ctx, `
		WITH ids (id) AS MATERIALIZED (SELECT value FROM json_each(?)),
		keys (profile_key) AS MATERIALIZED (
			SELECT DISTINCT c.browser_profile_key FROM ids CROSS JOIN connector_instances c ON c.connector_instance_id = ids.id
			WHERE c.browser_profile_key IS NOT NULL)
		SELECT e.run_id FROM ids CROSS JOIN spine_events e ON e.connector_instance_id = ids.id WHERE e.run_id IS NOT NULL
		UNION SELECT e.run_id FROM keys CROSS JOIN spine_events e ON e.browser_surface_profile_key = keys.profile_key WHERE e.run_id IS NOT NULL
		UNION SELECT n.run_id FROM ids CROSS JOIN run_names n ON n.kind = 'connection' AND n.name = ids.id
		UNION SELECT n.run_id FROM keys CROSS JOIN run_names n ON n.kind = 'profile' AND n.name = keys.profile_key
		ORDER BY 1`, array(ids))
}

// ProfileOwners implements drain.Source. Two rows of the index say whether a key is shared.
func (s source) ProfileOwners(ctx context.Context, keys []drain.ProfileKey) ([]string, error) {
	return s.list(ctx, profileOwners, keyPairs(keys))
}

// profileOwners finds who alone expects a key, of [["key", "connector"], …] (?1).
const profileOwners = `
	WITH keys (profile_key, connector_id) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(?1))
	SELECT (SELECT connector_instance_id FROM connector_instances c WHERE c.browser_profile_key = k.profile_key AND c.connector_id = k.connector_id)
	FROM keys k
	WHERE (SELECT count(*) FROM (
		SELECT 1 FROM connector_instances c WHERE c.browser_profile_key = k.profile_key AND c.connector_id = k.connector_id LIMIT 2)) = 1`

func keyPairs(keys []drain.ProfileKey) string {
	var b strings.Builder
	for _, k := range keys {
		b.WriteString(",[")
		quote(&b, k.Key)
		b.WriteString(",")
		quote(&b, k.Connector)
		b.WriteString("]")
	}
	return "[" + strings.TrimPrefix(b.String(), ",") + "]"
}

// ProfileSharers implements drain.Source.
func (s source) ProfileSharers(ctx context.Context, profileKeys []string) ([]string, error) {
	return s.list(ctx, `
		SELECT c.connector_instance_id FROM connector_instances c
		WHERE c.browser_profile_key IN (SELECT value FROM json_each(?)) AND (NOT EXISTS (
			SELECT 1 FROM connector_instances o
			WHERE o.browser_profile_key = c.browser_profile_key AND o.connector_id = c.connector_id
			  AND o.connector_instance_id <> c.connector_instance_id)
		OR EXISTS (
			SELECT 1 FROM connector_summary_evidence e
			WHERE e.connector_instance_id = c.connector_instance_id AND e.last_run_json IS NOT NULL))`, array(profileKeys))
}

// ReplaceRuns implements drain.Tx.
func (t *drainTx) ReplaceRuns(ctx context.Context, version int64, runs []drain.RunRow, gone []string) error {
	ids := slices.Clone(gone)
	for _, r := range runs {
		ids = append(ids, r.RunID)
	}
	for _, table := range []string{"run_evidence", "run_names"} {
		if err := t.exec(ctx, `DELETE FROM `+table+` WHERE run_id IN (SELECT value FROM json_each(?))`, array(ids)); err != nil {
			return err
		}
	}
	for _, r := range runs {
		err := t.exec(ctx, `
			INSERT INTO run_evidence (run_id, version, first_seq, status, profile_keys, connection_ids, source_ids,
				profile_key, source_id, connection_id, run_json)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, r.RunID, version, r.FirstSeq, r.Status, array(r.ProfileKeys), array(r.ConnectionIDs),
			array(r.SourceIDs), only(r.ProfileKeys), only(r.SourceIDs), only(r.ConnectionIDs), r.RunJSON)
		if err != nil {
			return err
		}
		for kind, names := range map[string][]string{"profile": r.ProfileKeys, "connection": r.ConnectionIDs} {
			for _, name := range names {
				if err := t.exec(ctx, `INSERT INTO run_names (kind, name, run_id) VALUES (?, ?, ?)`, kind, name, r.RunID); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// only is the one member of a list, or nil.
func only(list []string) *string {
	if len(list) != 1 {
		return nil
	}
	return &list[0]
}
