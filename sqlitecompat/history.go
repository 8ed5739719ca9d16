package sqlitecompat

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"tidemark/summary"
)

// RunHistory implements server.Store.
func (d *DB) RunHistory(ctx context.Context, q summary.RunsQuery) (summary.RunsPage, error) {
	var out summary.RunsPage
	err := d.snapshot(ctx, func(s source) (err error) {
		if out.Observation, err = s.connection(ctx, q.Owner, q.ConnectionID); err != nil || out.Observation == nil {
			return err
		}
		out.Runs, err = s.newestRuns(ctx, q.ConnectionID, q.Newest(), q.Limit+1)
		return err
	})
	if err != nil {
		return summary.RunsPage{}, fmt.Errorf("read runs: %w", err)
	}
	if len(out.Runs) > q.Limit {
		out.Runs, out.More = out.Runs[:q.Limit], true
	}
	return out, nil
}

// newestRunsOf reads the newest runs (?2 at most) that belong to a connection, from a first_seq (?3) down: the newest of each
// status, then the newest of those.
var newestRunsOf = owners + `, ` + statuses + ` SELECT run_json FROM (` + bothWays(`
	SELECT r.first_seq, r.run_json FROM o CROSS JOIN statuses s CROSS JOIN run_evidence r ON r.rowid IN (
		SELECT r.rowid FROM run_evidence r WHERE OWNED AND r.status = s.status AND r.first_seq <= ?3 ORDER BY r.first_seq DESC LIMIT ?2)`) + `)
	ORDER BY first_seq DESC LIMIT ?2`

func (s source) newestRuns(ctx context.Context, id string, newest int64, limit int) ([]summary.Run, error) {
	runs := []summary.Run{}
	err := s.each(ctx, newestRunsOf, []any{array([]string{id}), limit, newest}, func(rows *sql.Rows) error {
		var text string
		var run summary.Run
		if err := rows.Scan(&text); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(text), &run)
		runs = append(runs, run)
		return err
	})
	return runs, err
}

// timeline reads events of one run (?2) from an event_seq (?3) on, if the run belongs to a connection of an owner (?1) by what
// its events say in this very snapshot. A run without further events gives one row of nulls.
const timeline = `
	WITH named AS MATERIALIZED (
		SELECT min(browser_surface_profile_key) AS key, max(browser_surface_profile_key) AS other_key,
		       min(connector_instance_id) AS id, max(connector_instance_id) AS other_id,
		       min(source_id) AS source, max(source_id) AS other_source
		FROM spine_events WHERE run_id = ?2),
	owner AS MATERIALIZED (
		SELECT c.connector_instance_id, c.owner_subject_id
		FROM named n CROSS JOIN connector_instances c ON c.connector_instance_id = n.id
		WHERE n.key IS NULL AND n.id = n.other_id
		UNION ALL
		SELECT c.connector_instance_id, c.owner_subject_id
		FROM named n CROSS JOIN connector_instances c ON c.browser_profile_key = n.key AND c.connector_id = n.source
		WHERE n.key = n.other_key AND n.source = n.other_source AND NOT EXISTS (
			SELECT 1 FROM connector_instances o
			WHERE o.browser_profile_key = n.key AND o.connector_id = n.source AND o.connector_instance_id <> c.connector_instance_id))
	SELECT o.connector_instance_id, e.event_seq, e.event_id, e.event_type, e.occurred_at, e.recorded_at, e.status,
	       CASE WHEN length(CAST(e.data AS BLOB)) <= ?5 THEN e.data END, length(CAST(e.data AS BLOB))
	FROM owner o LEFT JOIN spine_events e ON e.event_seq IN (
		SELECT event_seq FROM spine_events WHERE run_id = ?2 AND event_seq >= ?3 ORDER BY event_seq LIMIT ?4)
	WHERE o.owner_subject_id = ?1
	ORDER BY e.event_seq`

// Timeline implements server.Store.
func (d *DB) Timeline(ctx context.Context, q summary.TimelineQuery) (summary.Timeline, error) {
	t := summary.Timeline{Events: []summary.RunEvent{}}
	args := []any{q.Owner, q.RunID, q.First(), q.Limit + 1, summary.MaxEventData}
	err := d.snapshot(ctx, func(s source) error {
		return s.each(ctx, timeline, args, func(rows *sql.Rows) error {
			var seq, size *int64
			var id, kind, status, data *string
			var occurred, recorded *summary.Instant
			if err := rows.Scan(&t.ConnectionID, &seq, &id, &kind, &occurred, &recorded, &status, &data, &size); err != nil {
				return err
			}
			if seq != nil {
				t.Events = append(t.Events, summary.RunEvent{
					EventSeq: *seq, EventID: *id, EventType: *kind, OccurredAt: *occurred, RecordedAt: *recorded, Status: status,
					Data: data, DataBytes: *size,
				})
			}
			return nil
		})
	})
	if err != nil {
		return summary.Timeline{}, fmt.Errorf("read timeline: %w", err)
	}
	if len(t.Events) > q.Limit {
		t.Events, t.More = t.Events[:q.Limit], true
	}
	return t, nil
}
