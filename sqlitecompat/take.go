package sqlitecompat

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"tidemark/drain"
	"tidemark/summary"
)

const (
	takeScan        = 20_000 // marks among which a drain chooses the connections whose turn it is, the oldest first
	takeConnections = 1_000  // connections that one drain recomputes
	takeRuns        = 5_000  // marks of runs that one drain takes
)

// Take implements drain.Tx.
func (t *drainTx) Take(ctx context.Context, force, first []string) (drain.Taken, error) {
	if err := t.expand(ctx); err != nil {
		return drain.Taken{}, err
	}
	failed, err := t.failed(ctx)
	if err != nil {
		return drain.Taken{}, fmt.Errorf("read failures: %w", err)
	}
	b := &batch{tx: t, connections: map[string]*summary.Pending{}}
	every, err := t.few(ctx)
	if err == nil && every {
		err = b.take(ctx, "marks", "")
	} else if err == nil {
		err = b.takeSome(ctx, force, first, failed)
	}
	if err != nil {
		return drain.Taken{}, fmt.Errorf("take marks: %w", err)
	}
	if len(b.identities)+len(b.boundKeys) > 0 {
		if err := t.listChosen(ctx, movedChoice, array(b.identities), array(b.boundKeys)); err != nil {
			return drain.Taken{}, err
		}
	}
	retry, err := b.unpark(ctx, failed, force)
	if err != nil {
		return drain.Taken{}, err
	}
	more := false
	if b.marks > 0 {
		if err := t.exec(ctx, `UPDATE drain_status SET drained_at = ?, marks_taken = ?`, t.Now(), b.marks); err != nil {
			return drain.Taken{}, fmt.Errorf("record drain: %w", err)
		}
		if err := t.conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM marks)`).Scan(&more); err != nil {
			return drain.Taken{}, fmt.Errorf("look for more marks: %w", err)
		}
	}
	return drain.Taken{
		Connections: b.connections, Retry: retry, Runs: b.runs, Connectors: b.connectors, Marks: b.marks, More: more,
	}, nil
}

// expand turns marks that cover every connection into one recount mark per connection: a recount of everything in one
// transaction would hold up every writer for as long as it takes.
func (t *drainTx) expand(ctx context.Context) error {
	type broad struct {
		component string
		at        summary.Instant
	}
	var found []broad
	err := t.each(ctx, `SELECT component, min(marked_at) FROM marks WHERE scope = 'all' GROUP BY component`, nil, func(rows *sql.Rows) error {
		var b broad
		err := rows.Scan(&b.component, &b.at)
		found = append(found, b)
		return err
	})
	for _, b := range found {
		if err == nil {
			err = t.exec(ctx, `
				INSERT INTO marks (marked_at, component, recount, connector_instance_id)
				SELECT ?, ?, 1, connector_instance_id FROM `+connections, b.at, b.component)
		}
		if err == nil && (b.component == string(summary.Identity) || b.component == string(summary.All)) {
			err = t.listChosen(ctx, everyChoice)
		}
		if err == nil && (b.component == string(summary.Runs) || b.component == string(summary.All)) {
			err = t.exec(ctx, `
				INSERT INTO marks (marked_at, scope, component, recount, run_id)
				SELECT ?, 'run', 'runs', 1, run_id FROM (
					SELECT run_id FROM run_evidence UNION SELECT run_id FROM spine_events WHERE run_id IS NOT NULL)`, b.at)
		}
	}
	if err == nil && len(found) > 0 {
		err = t.exec(ctx, `DELETE FROM marks WHERE scope = 'all'`)
	}
	if err != nil {
		return fmt.Errorf("expand mark of every connection: %w", err)
	}
	return nil
}

// failed reads the connections whose last recompute failed: true if the retry is due.
func (t *drainTx) failed(ctx context.Context) (map[string]bool, error) {
	return keyed(ctx, t.source, `SELECT connector_instance_id, retry_at <= ? FROM failures`, []any{t.Now()}, func(due *bool) []any { return []any{due} })
}

// few reports whether one drain can take all marks that there are. It walks the distinct connections by their index.
func (t *drainTx) few(ctx context.Context) (few bool, err error) {
	err = t.q.QueryRowContext(ctx, `
		WITH RECURSIVE ids (id) AS (
			SELECT min(connector_instance_id) FROM marks
			UNION ALL SELECT (SELECT min(m.connector_instance_id) FROM marks m WHERE m.connector_instance_id > ids.id) FROM ids WHERE ids.id IS NOT NULL
			LIMIT ?1 + 1)
		SELECT (SELECT count(id) FROM ids) <= ?1 AND (SELECT count(*) FROM (SELECT 1 FROM marks WHERE scope = 'run' LIMIT ?2 + 1)) <= ?2`,
		takeConnections, takeRuns).Scan(&few)
	return few, err
}

// takeSome takes the marks of some connections, and some marks of runs.
func (b *batch) takeSome(ctx context.Context, force, first []string, failed map[string]bool) error {
	if len(first) > 0 { // somebody waits for these
		return b.takeOwn(ctx, slices.Concat(force, first))
	}
	chosen, err := b.tx.choose(ctx, force, failed)
	if err == nil && len(chosen) > 0 {
		err = b.take(ctx, "marks", ` WHERE scope = 'connection' AND connector_instance_id IN (SELECT value FROM json_each(?))`, array(chosen))
	}
	if err == nil {
		err = b.take(ctx, "marks", ` WHERE mark_id IN (SELECT mark_id FROM marks WHERE scope = 'run' LIMIT ?)`, takeRuns)
	}
	if err == nil {
		err = b.take(ctx, "marks", ` WHERE scope = 'connector'`)
	}
	return err
}

// takeOwn takes the marks that cover these connections, and no others.
func (b *batch) takeOwn(ctx context.Context, ids []string) error {
	err := b.take(ctx, "marks", ` WHERE scope = 'connection' AND connector_instance_id IN (SELECT value FROM json_each(?))`, array(ids))
	if err != nil {
		return err
	}
	return b.take(ctx, "marks", ` WHERE mark_id IN (
		WITH ids (id) AS MATERIALIZED (SELECT value FROM json_each(?)),
		keys (profile_key) AS MATERIALIZED (
			SELECT c.browser_profile_key FROM ids CROSS JOIN connector_instances c ON c.connector_instance_id = ids.id WHERE c.browser_profile_key IS NOT NULL)
		SELECT m.mark_id FROM ids CROSS JOIN marks m ON m.connector_instance_id = ids.id WHERE m.scope = 'run'
		UNION SELECT m.mark_id FROM keys CROSS JOIN marks m ON m.profile_key = keys.profile_key WHERE m.scope = 'run'
		UNION SELECT m.mark_id FROM ids CROSS JOIN run_names n ON n.kind = 'connection' AND n.name = ids.id CROSS JOIN marks m ON m.run_id = n.run_id WHERE m.scope = 'run'
		UNION SELECT m.mark_id FROM keys CROSS JOIN run_names n ON n.kind = 'profile' AND n.name = keys.profile_key CROSS JOIN marks m ON m.run_id = n.run_id WHERE m.scope = 'run')`,
		array(ids))
}

// choose returns the connections whose marks are taken: those in ids, those that are due to be retried, and the ones with
// the oldest marks.
func (t *drainTx) choose(ctx context.Context, ids []string, failed map[string]bool) ([]string, error) {
	chosen, err := t.list(ctx, `
		SELECT connector_instance_id FROM (
			SELECT connector_instance_id, mark_id FROM marks WHERE scope = 'connection' ORDER BY mark_id LIMIT ?)
		GROUP BY connector_instance_id ORDER BY min(mark_id) LIMIT ?`, takeScan, takeConnections)
	if err != nil {
		return nil, err
	}
	chosen = append(chosen, ids...)
	for id, due := range failed {
		if due {
			chosen = append(chosen, id)
		}
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}

// batch gathers the marks that one drain takes.
type batch struct {
	tx          *drainTx
	connections map[string]*summary.Pending
	runs        []drain.RunMark
	connectors  []string
	identities  []string // connections whose identity may have changed
	boundKeys   []string // profile keys that somebody began or ceased to expect
	marks       int64
}

// take reads the marks of a table that a WHERE clause chooses, summed, and deletes them. Without one SQLite reads the pages as
// they lie, and deletes them whole.
func (b *batch) take(ctx context.Context, table, where string, args ...any) error {
	origin := "scope, coalesce(run_id, ''), coalesce(profile_key, ''), coalesce(connector_id, '')"
	by := "scope, component, recount, connector_instance_id, stream, run_id, profile_key, connector_id"
	if table == "marks_parked" {
		origin, by = "'connection', '', '', ''", "component, recount, connector_instance_id, stream"
	}
	from := table
	if where == "" {
		from += " NOT INDEXED"
	}
	before := b.marks
	err := b.tx.each(ctx, `
		SELECT `+origin+`, component, recount, connector_instance_id, stream, count(*), min(marked_at), max(newest_gained), max(newest_lost)`+sums+`
		FROM `+from+where+` GROUP BY `+by, args, func(rows *sql.Rows) error {
		var g group
		fields := []any{
			&g.scope, &g.run, &g.profileKey, &g.connector, &g.component, &g.recount, &g.connection, &g.stream, &g.count, &g.markedAt,
			&g.gained, &g.lost,
		}
		if err := rows.Scan(append(fields, g.sums()...)...); err != nil {
			return err
		}
		b.add(&g)
		return nil
	})
	if err != nil || b.marks == before {
		return err
	}
	return b.tx.exec(ctx, `DELETE FROM `+table+where, args...)
}

func (b *batch) add(g *group) {
	b.marks += g.count
	connection := ""
	if g.connection != nil {
		connection = *g.connection
	}
	switch g.scope {
	case "run":
		b.runs = append(b.runs, drain.RunMark{RunID: g.run, ProfileKey: g.profileKey, ConnectionID: connection})
		if g.run == "" {
			b.boundKeys = append(b.boundKeys, g.profileKey)
		}
	case "connector":
		b.connectors = append(b.connectors, g.connector)
	default:
		if c := summary.Component(g.component); c == summary.Identity || c == summary.All {
			b.identities = append(b.identities, connection)
		}
		p := b.connections[connection]
		if p == nil {
			p = &summary.Pending{}
			b.connections[connection] = p
		}
		p.Add(g.mark())
	}
}
