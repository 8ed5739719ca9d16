package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
)

// moved is what the marks that no drain has taken tell of whose runs are whose: the connections that are gone, and the profile keys that
// somebody began or ceased to expect; broad, whether one of them covers everything. For those that a drain has moved elsewhere it has
// answered (Take).
const moved = `
	pending AS MATERIALIZED (
		SELECT m.scope, m.connector_instance_id, m.profile_key FROM tidemark.marks m
		WHERE ` + pendingMarks + ` AND (m.scope IN ('connection', 'all') AND m.component IN ('identity', 'all')
			OR m.scope = 'run' AND m.run_id IS NULL)),
	moved (kind, name) AS (
		SELECT 'connection', p.connector_instance_id FROM pending p WHERE p.scope = 'connection'
		   AND (SELECT count(*) FROM public.connector_instances c WHERE c.connector_instance_id = p.connector_instance_id) = 0
		UNION SELECT 'profile', profile_key FROM pending WHERE scope = 'run'),
	broad AS MATERIALIZED (SELECT EXISTS (SELECT FROM pending WHERE scope = 'all') AS is)`

// expecting are the connections c that expect the profile key p.name of the connector p.connector_id.
const expecting = `FROM public.connector_instances c
	WHERE c.source_binding ->> 'browser_profile_key' = p.name COLLATE "default" AND c.connector_id = p.connector_id`

// nobodys says of an attribution p that runs with it belong to nobody. Two rows of an index say whether a key is shared. Everything here is
// counted, and not asked by EXISTS, of which the planner may make a table of all connections.
const nobodys = `CASE p.kind
	WHEN 'profile' THEN (SELECT count(*) FROM (SELECT ` + expecting + ` LIMIT 2) e) <> 1
	WHEN 'connection' THEN (SELECT count(*) FROM public.connector_instances c WHERE c.connector_instance_id = p.name) = 0
	ELSE true END`

// unattributed counts the runs of a connector ($1) that belong to no connection and that may be told to an owner ($2): the
// connections that they name or match are all the owner's or, where there are none, all connections of their connectors are. It looks at
// the runs alone that are listed, or that pending marks may have made nobody's, and judges them by the connections that there are. The first
// and the last owner in an index say whether all are one's.
const unattributed = `
	WITH ` + moved + `,
	listed AS (
		SELECT kind, name FROM tidemark.unattributed WHERE connector_id = $1
		UNION SELECT kind, name FROM moved
		UNION SELECT kind, name FROM tidemark.run_attributions WHERE connector_id = $1 AND (SELECT broad.is FROM broad)),
	runs AS (
		SELECT r.* FROM listed l CROSS JOIN LATERAL (
			SELECT * FROM tidemark.run_attributions a WHERE a.connector_id = $1 AND a.kind = l.kind AND a.name = l.name OFFSET 0) r)
	SELECT coalesce(sum(p.runs), 0)::bigint
	FROM (SELECT connector_id, kind, name, profile_keys, connection_ids, source_ids, count(*) AS runs FROM runs GROUP BY 1, 2, 3, 4, 5, 6) p
	WHERE ` + nobodys + ` AND coalesce((
		SELECT bool_and(o.owner = $2) FROM (
			SELECT c.owner_subject_id AS owner FROM public.connector_instances c WHERE c.connector_instance_id = ANY (p.connection_ids)
			UNION ALL SELECT e.owner FROM unnest(p.profile_keys) k (name) CROSS JOIN unnest(p.source_ids) s (connector_id)
			CROSS JOIN LATERAL (SELECT k.name, s.connector_id) p
			CROSS JOIN LATERAL (SELECT min(c.owner_subject_id) AS owner ` + expecting + ` UNION ALL SELECT max(c.owner_subject_id) ` + expecting + `) e) o),
		(SELECT bool_and(o.owner = $2) FROM unnest(p.source_ids) s (connector_id) CROSS JOIN LATERAL (
			SELECT min(c.owner_subject_id) AS owner FROM public.connector_instances c WHERE c.connector_id = s.connector_id
			UNION ALL SELECT max(c.owner_subject_id) FROM public.connector_instances c WHERE c.connector_id = s.connector_id) o),
		true)`

// given are attributions that come as three arrays ($1, $2, $3).
const given = `SELECT * FROM ROWS FROM (unnest($1::text[]), unnest($2::text[]), unnest($3::text[])) g (connector_id, kind, name)`

func arrays(of []drain.Attribution) []any {
	connectors, kinds, names := make([]string, len(of)), make([]string, len(of)), make([]string, len(of))
	for i, a := range of {
		connectors[i], kinds[i], names[i] = a.ConnectorID, a.Kind, a.Name
	}
	return []any{connectors, kinds, names}
}

// Unlisted implements drain.Source.
func (s *source) Unlisted(ctx context.Context, of []drain.Attribution) ([]drain.Attribution, error) {
	rows, err := s.tx.Query(ctx, `
		WITH `+moved+`
		SELECT p.connector_id, p.kind, p.name FROM (`+given+`) p
		WHERE NOT (SELECT broad.is FROM broad) AND `+nobodys+`
		  AND NOT EXISTS (SELECT FROM moved m WHERE m.kind = p.kind AND m.name = p.name)
		  AND NOT EXISTS (
			SELECT FROM tidemark.unattributed u WHERE u.connector_id = p.connector_id AND u.kind = p.kind AND u.name = p.name)`, arrays(of)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[drain.Attribution])
}

// list is a statement that lists those of the attributions chosen by a query that some run has and nobody, and no longer lists the
// others. What does not change is not written.
func list(chosen string) string {
	return `
		WITH p AS MATERIALIZED (` + chosen + `),
		judged AS MATERIALIZED (
			SELECT p.*, ` + nobodys + ` AND (SELECT count(*) FROM (
				SELECT FROM tidemark.run_attributions a
				WHERE a.connector_id = p.connector_id AND a.kind = p.kind AND a.name = p.name LIMIT 1) one) = 1 AS unattributed
			FROM p),
		claimed AS (
			DELETE FROM tidemark.unattributed u USING judged j
			WHERE NOT j.unattributed AND u.connector_id = j.connector_id AND u.kind = j.kind AND u.name = j.name)
		INSERT INTO tidemark.unattributed (connector_id, kind, name)
		SELECT connector_id, kind, name FROM judged WHERE unattributed ON CONFLICT DO NOTHING`
}

var (
	listGiven = list(given)
	// listMoved chooses by connections ($1) and profile keys ($2). Of connections that are there nothing is looked for but what was listed.
	listMoved = list(`
		SELECT connector_id, kind, name FROM tidemark.run_attributions WHERE kind = 'profile' AND name = ANY ($2)
		UNION SELECT connector_id, kind, name FROM tidemark.run_attributions WHERE kind = 'connection' AND name = ANY (ARRAY(
			SELECT i.id FROM unnest($1::text[]) i (id)
			WHERE NOT EXISTS (SELECT FROM public.connector_instances c WHERE c.connector_instance_id = i.id)))
		UNION SELECT * FROM tidemark.unattributed WHERE kind = 'connection' AND name = ANY ($1) OR kind = 'profile' AND name = ANY ($2)`)
	listAll = list(`
		SELECT connector_id, kind, name FROM tidemark.run_attributions UNION SELECT * FROM tidemark.unattributed`)
)

// ListUnattributed implements drain.Tx.
func (t *drainTx) ListUnattributed(ctx context.Context, of []drain.Attribution) error {
	if len(of) == 0 {
		return nil
	}
	if _, err := t.tx.Exec(ctx, listGiven, arrays(of)...); err != nil {
		return fmt.Errorf("list unattributed runs: %w", err)
	}
	return nil
}

// listMoved lists what marks that leave the others tell of (see moved).
func (t *drainTx) listMoved(ctx context.Context, connections, profileKeys []string) error {
	if len(connections)+len(profileKeys) == 0 {
		return nil
	}
	if _, err := t.tx.Exec(ctx, listMoved, connections, profileKeys); err != nil {
		return fmt.Errorf("list unattributed runs: %w", err)
	}
	return nil
}
