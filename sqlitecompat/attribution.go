package sqlitecompat

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"tidemark/summary"
)

// ownedRuns are the two ways in which a run belongs to a connection (SPEC section 9 rule 1), as conditions on run_evidence r and
// run_owners o. Each has an index that begins with them and goes on with the status.
var ownedRuns = []string{
	`r.profile_key = o.profile_key AND r.source_id = o.connector_id AND r.profile_key IS NOT NULL AND r.source_id IS NOT NULL`,
	`r.connection_id = o.connector_instance_id AND r.connection_id IS NOT NULL AND r.profile_keys = '[]'`,
}

const owners = `WITH o AS MATERIALIZED (SELECT * FROM run_owners WHERE connector_instance_id IN (SELECT value FROM json_each(?1)))`

// statuses are those of a run, each of which an index has together.
const statuses = `statuses (status) AS (VALUES ('running'), ('succeeded'), ('failed'), ('cancelled'), ('abandoned'), ('surface_failed'))`

// bothWays writes a query once for each way.
func bothWays(query string) string {
	return strings.ReplaceAll(query, "OWNED", ownedRuns[0]) + " UNION ALL " + strings.ReplaceAll(query, "OWNED", ownedRuns[1])
}

// The parts of Runs.
var (
	// newestRuns finds the newest run of each status.
	newestRuns = owners + `, ` + statuses + ` ` + bothWays(`
		SELECT o.connector_instance_id, r.first_seq, r.status, r.run_json
		FROM o CROSS JOIN statuses s CROSS JOIN run_evidence r ON r.rowid = (
			SELECT r.rowid FROM run_evidence r WHERE OWNED AND r.status = s.status ORDER BY r.first_seq DESC LIMIT 1)`)
	// failuresSince counts the failures after the last success, whose first_seq comes as [["connection", first_seq], …].
	failuresSince = owners + `, success (id, first_seq) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(?2)) ` + `
		SELECT connector_instance_id, sum(n) FROM (` + bothWays(`
		SELECT o.connector_instance_id, (
			SELECT count(*) FROM run_evidence r WHERE OWNED AND r.status IN ('failed', 'abandoned', 'surface_failed')
			   AND r.first_seq >= coalesce((SELECT s.first_seq FROM success s WHERE s.id = o.connector_instance_id), -9223372036854775808)) AS n
		FROM o`) + `) GROUP BY connector_instance_id`
	// openRuns finds the runs without a terminal event, newest first.
	openRuns = owners + ` SELECT id, n, run_json FROM (
		SELECT id, run_json, count(*) OVER (PARTITION BY id) AS n, row_number() OVER (PARTITION BY id ORDER BY first_seq DESC) AS place
		FROM (` + bothWays(`
		SELECT o.connector_instance_id AS id, r.first_seq, r.run_json FROM o CROSS JOIN run_evidence r ON OWNED AND r.status = 'running'`) + `))
		WHERE place <= ?2 ORDER BY id, place`
)

// Runs implements drain.Source.
func (s source) Runs(ctx context.Context, ids []string) (map[string]summary.RunFactsOf, error) {
	out := map[string]summary.RunFactsOf{}
	newest := map[string]*newestOf{}
	err := s.each(ctx, newestRuns, []any{array(ids)}, func(rows *sql.Rows) error {
		var id, status, text string
		var seq int64
		if err := rows.Scan(&id, &seq, &status, &text); err != nil {
			return err
		}
		if newest[id] == nil {
			newest[id] = &newestOf{}
		}
		newest[id].add(seq, status, text)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var success strings.Builder
	for id, n := range newest {
		f, err := n.facts()
		if err != nil {
			return nil, err
		}
		out[id] = f
		if n.ok.text != "" {
			success.WriteString(",[")
			quote(&success, id)
			success.WriteString("," + strconv.FormatInt(n.ok.seq, 10) + "]")
		}
	}
	err = s.each(ctx, failuresSince, []any{array(ids), "[" + strings.TrimPrefix(success.String(), ",") + "]"}, func(rows *sql.Rows) error {
		var id string
		var n int64
		err := rows.Scan(&id, &n)
		f := out[id]
		f.FailuresInRow = n
		out[id] = f
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.each(ctx, openRuns, []any{array(ids), summary.MaxOpenRuns}, func(rows *sql.Rows) error {
		var id, text string
		var open summary.OpenRun
		var n int64
		if err := rows.Scan(&id, &n, &text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &open); err != nil {
			return fmt.Errorf("decode run: %w", err)
		}
		f := out[id]
		f.Open.Count, f.Open.Runs = n, append(f.Open.Runs, open)
		out[id] = f
		return nil
	})
	for id, f := range out {
		if f.Open.Runs == nil {
			f.Open.Runs = []summary.OpenRun{}
			out[id] = f
		}
	}
	return out, err
}

// newestOf are the newest runs of one connection: of all, of those that succeeded, of those that ended and were not cancelled.
type newestOf struct{ last, ok, finished placed }

// placed is a run with its place in the order.
type placed struct {
	seq  int64
	text string // summary.Run; empty if there is none
}

func (p *placed) add(seq int64, text string) {
	if p.text == "" || seq > p.seq {
		p.seq, p.text = seq, text
	}
}

func (n *newestOf) add(seq int64, status, text string) {
	n.last.add(seq, text)
	switch status {
	case summary.RunSucceeded:
		n.ok.add(seq, text)
		n.finished.add(seq, text)
	case summary.RunRunning, summary.RunCancelled:
	default:
		n.finished.add(seq, text)
	}
}

func (n *newestOf) facts() (f summary.RunFactsOf, err error) {
	for _, part := range []struct {
		text string
		into **summary.Run
	}{{n.last.text, &f.Last}, {n.ok.text, &f.LastSuccessful}, {n.finished.text, &f.LastFinished}} {
		if part.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return f, fmt.Errorf("decode run: %w", err)
		}
	}
	return f, nil
}
