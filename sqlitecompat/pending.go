package sqlitecompat

import (
	"context"
	"database/sql"
	"strings"

	"tidemark/summary"
)

// deltas are the columns of a mark that move counts, in the order in which sums and group name them.
var deltas = []string{
	"records_delta", "record_bytes_delta", "changes_delta", "change_bytes_delta", "blobs_delta", "blob_bytes_delta",
}

// sums takes each delta in two halves: sum() fails the whole statement if one sum does not fit.
var sums = func() string {
	var b strings.Builder
	for _, d := range deltas {
		b.WriteString(", coalesce(sum(" + d + " >> 32), 0), coalesce(sum(" + d + " & 4294967295), 0)")
	}
	return b.String()
}()

// group is the sum of marks that say the same kind of thing of the same stream, run or connector.
type group struct {
	scope, component           string
	recount, parked            bool
	connection, stream         *string
	run, profileKey, connector string
	count                      int64
	markedAt                   summary.Instant
	gained, lost               *summary.Instant
	halves                     [6][2]int64
}

func (g *group) sums() []any {
	out := make([]any, 0, 12)
	for i := range g.halves {
		out = append(out, &g.halves[i][0], &g.halves[i][1])
	}
	return out
}

// mark is the group as one mark. Sums that do not fit ask for a recount instead; one of records implies the retained bytes.
func (g *group) mark() summary.Mark {
	at := g.markedAt
	m := summary.Mark{Component: summary.Component(g.component), Recount: g.recount, Stream: g.stream, MarkedAt: &at, Parked: g.parked}
	d := &m.Delta
	d.Gained, d.Lost = g.gained, g.lost
	for i, into := range []*int64{&d.Records, &d.RecordBytes, &d.Changes, &d.ChangeBytes, &d.Blobs, &d.BlobBytes} {
		sum, ok := halves(g.halves[i][0], g.halves[i][1])
		if !ok {
			m.Recount, m.Component = true, summary.Records
		}
		*into = sum
	}
	return m
}

// covering resolves the pending marks to the connections in ?1; its query follows ids. A null id covers all. It says what the view
// connection_marks does, but begins with the connections, however many marks are pending elsewhere; only marks of runs, of which
// what they named before is to be found out, are all looked at.
var covering = func() string {
	const none = "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
	columns := strings.Join(deltas, ", ") + ", newest_gained, newest_lost"
	return `(
		SELECT ids.id, component, recount, stream, 0 AS parked, marked_at, ` + columns + `
		FROM ids CROSS JOIN marks m ON m.connector_instance_id = ids.id WHERE m.scope = 'connection'
		UNION ALL
		SELECT ids.id, component, recount, stream, 1, marked_at, ` + columns + `
		FROM ids CROSS JOIN marks_parked p ON p.connector_instance_id = ids.id
		UNION ALL
		SELECT NULL, component, recount, stream, 0, marked_at, ` + columns + `
		FROM marks m WHERE m.scope = 'all' AND m.component <> 'manifest'
		UNION ALL
		SELECT ids.id, 'runs', 1, NULL, 0, m.marked_at, ` + none + `
		FROM ids CROSS JOIN marks m ON m.connector_instance_id = ids.id WHERE m.scope = 'run'
		UNION ALL
		SELECT ids.id, 'runs', 1, NULL, 0, m.marked_at, ` + none + `
		FROM ids CROSS JOIN connector_instances c ON c.connector_instance_id = ids.id
		CROSS JOIN marks m ON m.profile_key = c.browser_profile_key WHERE m.scope = 'run'
		UNION ALL
		SELECT n.name, 'runs', 1, NULL, 0, m.marked_at, ` + none + `
		FROM marks m CROSS JOIN run_names n ON n.run_id = m.run_id AND n.kind = 'connection'
		WHERE m.scope = 'run' AND n.name IN (SELECT id FROM ids)
		UNION ALL
		SELECT c.connector_instance_id, 'runs', 1, NULL, 0, m.marked_at, ` + none + `
		FROM marks m CROSS JOIN run_names n ON n.run_id = m.run_id AND n.kind = 'profile'
		CROSS JOIN connector_instances c ON c.browser_profile_key = n.name
		WHERE m.scope = 'run' AND c.connector_instance_id IN (SELECT id FROM ids))`
}()

// pendingOf sums the pending marks of the connections in ?1.
var pendingOf = `
	WITH ids (id) AS MATERIALIZED (SELECT value FROM json_each(?1))
	SELECT id, component, recount, stream, parked, min(marked_at), max(newest_gained), max(newest_lost)` + sums + `
	FROM ` + covering + ` GROUP BY id, component, recount, stream, parked`

// PendingOf implements drain.Snapshot.
func (s source) PendingOf(ctx context.Context, ids []string) (map[string]*summary.Pending, error) {
	out := make(map[string]*summary.Pending, len(ids))
	for _, id := range ids {
		out[id] = &summary.Pending{}
	}
	err := s.each(ctx, pendingOf, []any{array(ids)}, func(rows *sql.Rows) error {
		var g group
		fields := []any{&g.connection, &g.component, &g.recount, &g.stream, &g.parked, &g.markedAt, &g.gained, &g.lost}
		if err := rows.Scan(append(fields, g.sums()...)...); err != nil {
			return err
		}
		if g.connection != nil {
			if p := out[*g.connection]; p != nil {
				p.Add(g.mark())
			}
			return nil
		}
		for _, p := range out {
			p.Add(g.mark())
		}
		return nil
	})
	return out, err
}
