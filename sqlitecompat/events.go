package sqlitecompat

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"tidemark/summary"
)

// newestEvents is the highest version of all that clients are told of, and when trust in capture last changed on record; versions are given in the order of commits.
const newestEvents = `
	SELECT max(coalesce((SELECT max(version) FROM connector_summary_evidence), 0), coalesce((SELECT max(version) FROM evidence_deletions), 0),
	           coalesce((SELECT max(version) FROM manifest_versions), 0)),
	       coalesce((SELECT max(since) FROM capture_state), '1970-01-01T00:00:00.000000Z')`

// resumeEvents tells from where (up to ?1 of time) a client may go on, and what it has surely seen with a version (?2).
const resumeEvents = `
	SELECT coalesce((SELECT max(version) FROM evidence_deletions WHERE deleted_at < ?1), 0),
	       (SELECT computed_at FROM connector_summary_evidence WHERE version <= ?2 ORDER BY version DESC LIMIT 1)`

// eventsAbove reads what lies above a version (?1) for owners (?2), at most ?3.
const eventsAbove = `
	SELECT owner_subject_id, connector_instance_id, version, 'evidence' AS kind FROM connector_summary_evidence
	WHERE version > ?1 AND owner_subject_id IN (SELECT value FROM json_each(?2))
	UNION ALL
	SELECT owner_subject_id, connector_instance_id, version, 'deleted' FROM evidence_deletions
	WHERE version > ?1 AND owner_subject_id IN (SELECT value FROM json_each(?2))
	UNION ALL
	SELECT c.owner_subject_id, c.connector_instance_id, m.version, 'manifest'
	FROM manifest_versions m CROSS JOIN connector_instances c ON c.connector_id = m.connector_id
	WHERE m.version > ?1 AND c.owner_subject_id IN (SELECT value FROM json_each(?2))
	ORDER BY version, connector_instance_id LIMIT ?3`

// Events implements server.Store.
func (d *DB) Events(ctx context.Context, q summary.EventQuery) (summary.Events, error) {
	var out summary.Events
	err := d.snapshot(ctx, func(s source) error {
		if err := s.q.QueryRowContext(ctx, newestEvents).Scan(&out.Max, &out.Capture); err != nil {
			return err
		}
		for _, l := range s.lost {
			out.Capture = *summary.Later(&out.Capture, &l.since)
		}
		if q.Resume {
			forgotten := d.instant().Add(-time.Hour)
			if err := s.q.QueryRowContext(ctx, resumeEvents, forgotten, q.After).Scan(&out.Floor, &out.Since); err != nil {
				return err
			}
		}
		if q.Late {
			oldest, err := s.oldestMark(ctx)
			if err != nil {
				return err
			}
			out.Late = oldest != nil && d.instant().Sub(*oldest) > summary.LateAfter
		}
		if q.After >= out.Max || len(q.Owners) == 0 {
			return nil
		}
		return s.each(ctx, eventsAbove, []any{q.After, array(q.Owners), q.Limit + 1}, func(rows *sql.Rows) error {
			var e summary.Event
			err := rows.Scan(&e.Owner, &e.ConnectionID, &e.Version, &e.Kind)
			out.Events = append(out.Events, e)
			return err
		})
	})
	if err != nil {
		return summary.Events{}, fmt.Errorf("read events: %w", err)
	}
	if len(out.Events) > q.Limit {
		out.Events, out.More = out.Events[:q.Limit], true
	}
	return out, nil
}

// Named implements server.Store.
func (d *DB) Named(ctx context.Context, ids []string) (found []summary.Observation, err error) {
	err = d.snapshot(ctx, func(s source) (err error) {
		found, err = s.observe(ctx, `SELECT * FROM connector_instances WHERE connector_instance_id IN (SELECT value FROM json_each(?))`, array(ids))
		return err
	})
	return found, err
}
