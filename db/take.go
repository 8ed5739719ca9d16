package db

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/summary"
)

const (
	// directMarks is how many pending marks a drain folds without asking how many connections they name.
	directMarks = 20_000
	// directConnections is how many connections one drain recomputes. Marks that name more are moved to the backlog first, so
	// that pages stay fast, and taken from there chunk by chunk.
	directConnections = 2_000
	// backlogLeast is how many connections of the backlog every drain takes, however many others have marks.
	backlogLeast = 200
	// backlogScan bounds the backlog rows among which a drain looks for its chunk of connections.
	backlogScan = 20_000
	// backlogRuns bounds the run marks that one drain takes from the backlog.
	backlogRuns = 5_000
)

// pendingMarks is the condition under which a row of tidemark.marks m is pending: what the cursor's snapshot does not see as
// finished. Written so that the planner uses the one index on xid twice.
const pendingMarks = `(m.xid >= (SELECT pg_snapshot_xmax(snap) FROM tidemark.current_cursor)
	OR m.xid = ANY (ARRAY(SELECT pg_snapshot_xip(snap) FROM tidemark.current_cursor)))`

// advanceCursor moves the cursor to the deleting statement's own snapshot: all that it sees is deleted or moved by it.
const advanceCursor = `
	forgotten AS (DELETE FROM tidemark.drain_cursor WHERE seq >= (SELECT d.seq FROM tidemark.drain_cursor d ORDER BY d.seq DESC LIMIT 1)),
	advanced AS (
		INSERT INTO tidemark.drain_cursor (seq, snap, system_identifier, marks_taken)
		SELECT coalesce((SELECT max(seq) FROM tidemark.drain_cursor), 0) + 1, pg_current_snapshot(), s.system_identifier,
		       (SELECT count(*) FROM taken)
		FROM pg_control_system() s)`

// groups sums marks that say the same kind of thing of the same stream, run or connector. Sums are numeric: they may not
// fit a bigint, and that must not fail the statement for all the others.
const groups = `
	SELECT scope::text, component::text, recount, coalesce(connector_instance_id, ''), stream,
	       coalesce(run_id, ''), coalesce(profile_key, ''), coalesce(connector_id, ''), count(*), min(marked_at),
	       sum(records_delta)::text, sum(record_bytes_delta)::text, sum(changes_delta)::text, sum(change_bytes_delta)::text,
	       sum(blobs_delta)::text, sum(blob_bytes_delta)::text, max(newest_gained), max(newest_lost)
	FROM taken
	GROUP BY scope, component, recount, connector_instance_id, stream, run_id, profile_key, connector_id`

// survey is what a drain asks before it takes anything.
type survey struct {
	marks   int64 // pending, up to directMarks + 1
	backlog bool
	failed  map[string]bool // connections in failures: true if the retry is due
}

// Take implements drain.Tx.
func (t *drainTx) Take(ctx context.Context, force, first []string) (drain.Taken, error) {
	s, err := t.survey(ctx)
	if err != nil {
		return drain.Taken{}, err
	}
	b := &batch{connections: map[string]*summary.Pending{}}
	if s.marks > directConnections {
		many, err := t.manyConnections(ctx)
		if err != nil {
			return drain.Taken{}, err
		}
		if many {
			own := false
			if len(first) > 0 {
				own, err = t.takeOwn(ctx, b, first)
			}
			if err == nil && !own {
				err = t.moveToBacklog(ctx)
			}
			if err != nil {
				return drain.Taken{}, err
			}
			s.marks, s.backlog, b.more = 0, true, own
		}
	}
	if s.marks > 0 {
		sql := `WITH taken AS (DELETE FROM tidemark.marks m WHERE ` + pendingMarks + ` RETURNING m.*),` + advanceCursor + groups
		if err := b.collect(t.tx.Query(ctx, sql)); err != nil {
			return drain.Taken{}, fmt.Errorf("delete marks: %w", err)
		}
	}
	if s.backlog || len(b.broad) > 0 {
		if err := t.expand(ctx, b); err != nil {
			return drain.Taken{}, err
		}
	}
	if s.backlog || b.expanded {
		if err := t.takeBacklog(ctx, b, force, first); err != nil {
			return drain.Taken{}, err
		}
	}
	if err := t.listMoved(ctx, b.identities, b.boundKeys); err != nil {
		return drain.Taken{}, err
	}
	retry, err := t.unpark(ctx, b, s.failed, force)
	if err != nil {
		return drain.Taken{}, err
	}
	return drain.Taken{
		Connections: b.connections, Retry: retry, Runs: b.runs, Connectors: b.connectors, Marks: b.marks, More: b.more,
	}, nil
}

func (t *drainTx) survey(ctx context.Context) (survey, error) {
	s := survey{failed: map[string]bool{}}
	var failed []string
	var due []bool
	err := t.tx.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM (SELECT FROM tidemark.marks m WHERE `+pendingMarks+` LIMIT $1) limited),
		       EXISTS (SELECT FROM tidemark.marks_backlog),
		       (SELECT array_agg(f.connector_instance_id ORDER BY f.connector_instance_id) FROM tidemark.failures f),
		       (SELECT array_agg(f.retry_at <= clock_timestamp() ORDER BY f.connector_instance_id) FROM tidemark.failures f)`,
		directMarks+1).Scan(&s.marks, &s.backlog, &failed, &due)
	for i, id := range failed {
		s.failed[id] = due[i]
	}
	return s, err
}

// manyConnections reports whether the pending marks name more connections or runs than one drain recomputes.
func (t *drainTx) manyConnections(ctx context.Context) (many bool, err error) {
	err = t.tx.QueryRow(ctx, `
		SELECT count(*) > $1 FROM (
			SELECT DISTINCT m.connector_instance_id, m.run_id FROM tidemark.marks m WHERE `+pendingMarks+` LIMIT $1 + 1) named`,
		directConnections).Scan(&many)
	return many, err
}

// takeOwn takes the pending marks that cover the connections in first, and leaves all others, and with them the cursor, as they
// are. It does nothing, and returns false, where a mark covers every connection.
func (t *drainTx) takeOwn(ctx context.Context, b *batch, first []string) (bool, error) {
	var broad bool
	err := t.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM tidemark.marks m WHERE m.scope = 'all' AND `+pendingMarks+`)`).Scan(&broad)
	if err != nil || broad {
		return false, err
	}
	err = b.collect(t.tx.Query(ctx, `
		WITH keys AS MATERIALIZED (
			SELECT array_agg(source_binding ->> 'browser_profile_key') AS keys FROM public.connector_instances
			WHERE connector_instance_id = ANY ($1) AND source_binding ->> 'browser_profile_key' IS NOT NULL),
		runs AS MATERIALIZED (
			SELECT run_id FROM tidemark.run_evidence WHERE connection_ids && $1
			UNION SELECT run_id FROM tidemark.run_evidence WHERE profile_keys && (SELECT keys FROM keys)),
		taken AS (
			DELETE FROM tidemark.marks m WHERE `+pendingMarks+` AND (
				m.scope IN ('connection', 'run') AND m.connector_instance_id = ANY ($1)
				OR m.scope = 'run' AND (m.profile_key = ANY ((SELECT keys FROM keys)::text[]) OR m.run_id IN (SELECT run_id FROM runs)))
			RETURNING m.*)`+groups, first))
	if err != nil {
		return false, fmt.Errorf("take marks of some connections: %w", err)
	}
	return true, nil
}

// moveToBacklog moves every pending mark, unfolded, to where readers and drains find it by connection. Run marks are resolved
// here, as connection_marks would: a page that had to resolve a backlog of them would join it with every run.
func (t *drainTx) moveToBacklog(ctx context.Context) error {
	var connections, profileKeys []string
	err := t.tx.QueryRow(ctx, `WITH `+moved+`
		SELECT array_agg(DISTINCT connector_instance_id) FILTER (WHERE scope = 'connection'), array_agg(DISTINCT profile_key) FILTER (WHERE scope = 'run')
		FROM pending`).Scan(&connections, &profileKeys)
	if err != nil {
		return fmt.Errorf("read marks of connections: %w", err)
	}
	if err := t.listMoved(ctx, connections, profileKeys); err != nil {
		return err
	}
	_, err = t.tx.Exec(ctx, `WITH taken AS (DELETE FROM tidemark.marks m WHERE `+pendingMarks+` RETURNING m.*),`+advanceCursor+`,
		moved AS (INSERT INTO tidemark.marks_backlog SELECT * FROM taken),
		run AS (SELECT * FROM taken WHERE scope = 'run'),
		named AS (
			SELECT marked_at, connector_instance_id AS id, profile_key COLLATE "default" AS key FROM run
			UNION ALL SELECT run.marked_at, unnest(e.connection_ids), NULL FROM run JOIN tidemark.run_evidence e USING (run_id)
			UNION ALL SELECT run.marked_at, NULL, unnest(e.profile_keys) FROM run JOIN tidemark.run_evidence e USING (run_id))
		INSERT INTO tidemark.marks_backlog (marked_at, component, recount, connector_instance_id)
		SELECT min(marked_at), 'runs', true, id FROM (
			SELECT marked_at, id FROM named WHERE id IS NOT NULL
			UNION ALL SELECT n.marked_at, c.connector_instance_id FROM named n
			JOIN public.connector_instances c ON c.source_binding ->> 'browser_profile_key' = n.key) covered GROUP BY id`)
	if err != nil {
		return fmt.Errorf("move marks to the backlog: %w", err)
	}
	return nil
}

// expand turns marks that cover every connection into one recount mark per connection, in the backlog: a recount of
// everything in one transaction would hold the drain lock for as long as it takes.
func (t *drainTx) expand(ctx context.Context, b *batch) error {
	if err := b.collect(t.tx.Query(ctx, `WITH taken AS (DELETE FROM tidemark.marks_backlog WHERE scope IN ('all', 'connector') RETURNING *)`+groups)); err != nil {
		return fmt.Errorf("take broad marks from the backlog: %w", err)
	}
	for component, since := range b.broad {
		if component == summary.Manifest { // connectors were truncated, and with them every connection: there is nobody to tell
			_, err := t.tx.Exec(ctx, `
				DELETE FROM tidemark.announced_manifests a WHERE NOT EXISTS (SELECT FROM public.connectors c WHERE c.connector_id = a.connector_id)`)
			if err != nil {
				return fmt.Errorf("forget truncated connectors: %w", err)
			}
			continue
		}
		b.expanded = true
		var err error
		if component == summary.Identity || component == summary.All {
			if _, err = t.tx.Exec(ctx, listAll); err != nil {
				return fmt.Errorf("list unattributed runs: %w", err)
			}
		}
		_, err = t.tx.Exec(ctx, `
			INSERT INTO tidemark.marks_backlog (marked_at, component, recount, connector_instance_id)
			SELECT $2, $1::text::tidemark.component, true, c.connector_instance_id FROM (
				SELECT connector_instance_id FROM public.connector_instances
				UNION SELECT connector_instance_id FROM tidemark.connector_summary_evidence
				UNION SELECT connector_instance_id FROM tidemark.retained_size_stream) c`, string(component), since.Time())
		if err == nil && (component == summary.Runs || component == summary.All) {
			_, err = t.tx.Exec(ctx, `
				INSERT INTO tidemark.marks_backlog (marked_at, scope, component, recount, run_id)
				SELECT $1, 'run', 'runs', true, r.run_id FROM (
					SELECT run_id FROM tidemark.run_evidence
					UNION SELECT run_id FROM public.spine_events WHERE run_id IS NOT NULL) r`, since.Time())
		}
		if err != nil {
			return fmt.Errorf("expand mark of every connection: %w", err)
		}
	}
	return nil
}

// takeBacklog takes from the backlog every mark of the connections at hand, then those of a chunk of further ones.
func (t *drainTx) takeBacklog(ctx context.Context, b *batch, force, first []string) error {
	want := slices.Concat(slices.Collect(maps.Keys(b.connections)), force, first)
	others := backlogRuns
	if len(first) > 0 { // somebody waits for these
		others = 0
	} else {
		chunk, err := t.backlogChunk(ctx, max(backlogLeast, directConnections-len(b.connections)))
		if err != nil {
			return err
		}
		want = append(want, chunk...)
	}
	err := b.collect(t.tx.Query(ctx, `
		WITH taken AS (DELETE FROM tidemark.marks_backlog WHERE scope = 'connection' AND connector_instance_id IN (SELECT unnest($1::text[])) RETURNING *)`+groups, want))
	if err != nil {
		return fmt.Errorf("take marks from the backlog: %w", err)
	}
	err = b.collect(t.tx.Query(ctx, `
		WITH taken AS (
			DELETE FROM tidemark.marks_backlog
			WHERE ctid = ANY (ARRAY(SELECT ctid FROM tidemark.marks_backlog WHERE scope = 'run' LIMIT $1)) RETURNING *)`+groups, others))
	if err != nil {
		return fmt.Errorf("take run marks from the backlog: %w", err)
	}
	var more, runs bool
	err = t.tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM tidemark.marks_backlog), EXISTS (SELECT FROM tidemark.marks_backlog WHERE scope = 'run')`).Scan(&more, &runs)
	b.more = b.more || more
	if runs { // run_evidence is behind: what is attributed now must be derived first
		for _, p := range b.connections {
			p.Rederive = p.Rederive || p.Recount[summary.Runs]
		}
	}
	return err
}

// backlogChunk chooses up to n connections, going on after those of the last drain and around.
func (t *drainTx) backlogChunk(ctx context.Context, n int) ([]string, error) {
	after := ""
	if p := t.db.backlogAfter.Load(); p != nil {
		after = *p
	}
	for {
		rows, err := t.tx.Query(ctx, `
			SELECT DISTINCT s.connector_instance_id FROM (
				SELECT connector_instance_id FROM tidemark.marks_backlog
				WHERE scope = 'connection' AND connector_instance_id > $1 ORDER BY connector_instance_id LIMIT $2) s
			ORDER BY 1 LIMIT $3`, after, backlogScan, n)
		if err != nil {
			return nil, fmt.Errorf("choose from the backlog: %w", err)
		}
		chunk, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, fmt.Errorf("choose from the backlog: %w", err)
		}
		if len(chunk) > 0 {
			t.db.backlogAfter.Store(&chunk[len(chunk)-1])
			return chunk, nil
		}
		if after == "" {
			return nil, nil
		}
		after = ""
	}
}
