package sqlitecompat

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"tidemark/drain"
)

// moved is what the marks that no drain has taken tell of whose runs are whose: the connections that are gone, and the profile keys that
// somebody began or ceased to expect; broad is a row if one of them covers everything.
const moved = `
	moved (kind, name) AS MATERIALIZED (
		SELECT 'connection', m.connector_instance_id FROM marks m WHERE m.scope = 'connection' AND m.component IN ('identity', 'all')
		   AND NOT EXISTS (SELECT 1 FROM connector_instances c WHERE c.connector_instance_id = m.connector_instance_id)
		UNION SELECT 'profile', profile_key FROM marks WHERE scope = 'run' AND run_id IS NULL AND profile_key IS NOT NULL),
	broad AS MATERIALIZED (SELECT 1 FROM marks WHERE scope = 'all' AND component IN ('identity', 'all') LIMIT 1)`

// expecting are the connections c that expect the profile key p.name of the connector p.connector_id.
const expecting = `FROM connector_instances c WHERE c.browser_profile_key = p.name AND c.connector_id = p.connector_id`

// nobodys says of an attribution p that runs with it belong to nobody. Two rows of an index say whether a key is shared.
const nobodys = `CASE p.kind
	WHEN 'profile' THEN (SELECT count(*) FROM (SELECT 1 ` + expecting + ` LIMIT 2)) <> 1
	WHEN 'connection' THEN NOT EXISTS (SELECT 1 FROM connector_instances c WHERE c.connector_instance_id = p.name)
	ELSE 1 END`

// byNothing is the condition under which the run r is not attributed by anything but itself.
const byNothing = `NOT (r.profile_key IS NOT NULL AND r.source_id IS NOT NULL OR r.profile_keys = '[]' AND r.connection_id IS NOT NULL)`

// attributions finds by what each run r of a FROM clause is attributed, once per connector that it names: its one profile key (then it
// names one connector), else the one connection that it names, else nothing but itself.
func attributions(from string) string {
	return `
	SELECT r.source_id AS connector_id, 'profile' AS kind, r.profile_key AS name FROM ` + from + `
	WHERE r.profile_key IS NOT NULL AND r.source_id IS NOT NULL
	UNION SELECT j.value, 'connection', r.connection_id FROM ` + from + ` CROSS JOIN json_each(r.source_ids) j
	WHERE r.connection_id IS NOT NULL AND r.profile_keys = '[]'
	UNION SELECT j.value, 'run', r.run_id FROM ` + from + ` CROSS JOIN json_each(r.source_ids) j WHERE ` + byNothing
}

// unattributed counts the runs of a connector (?1) that belong to no connection and that may be told to an owner (?2): the
// connections that they name or match are all the owner's or, where there are none, all connections of their connectors are. It looks at
// the runs alone that are listed, or that pending marks may have made nobody's, and judges them by the connections that there are. The first
// and the last owner in an index say whether all are one's.
var unattributed = `
	WITH ` + moved + `,
	listed (connector_id, kind, name) AS MATERIALIZED (
		SELECT connector_id, kind, name FROM unattributed WHERE connector_id = ?1
		UNION SELECT ?1, kind, name FROM moved
		UNION SELECT connector_id, kind, name FROM (` + attributions("broad CROSS JOIN run_evidence r") + `) WHERE connector_id = ?1),
	runs AS MATERIALIZED (
		SELECT l.*, r.profile_keys, r.connection_ids, r.source_ids
		FROM listed l CROSS JOIN run_evidence r ON r.profile_key = l.name AND r.source_id = l.connector_id
		WHERE l.kind = 'profile' AND r.profile_key IS NOT NULL AND r.source_id IS NOT NULL
		UNION ALL
		SELECT l.*, r.profile_keys, r.connection_ids, r.source_ids FROM listed l CROSS JOIN run_evidence r ON r.connection_id = l.name
		WHERE l.kind = 'connection' AND r.connection_id IS NOT NULL AND r.profile_keys = '[]' AND l.connector_id IN (SELECT value FROM json_each(r.source_ids))
		UNION ALL
		SELECT l.*, r.profile_keys, r.connection_ids, r.source_ids FROM listed l CROSS JOIN run_evidence r ON r.run_id = l.name
		WHERE l.kind = 'run' AND l.connector_id IN (SELECT value FROM json_each(r.source_ids)) AND ` + byNothing + `),
	p AS MATERIALIZED (
		SELECT connector_id, kind, name, profile_keys, connection_ids, source_ids, count(*) AS runs FROM runs GROUP BY 1, 2, 3, 4, 5, 6)
	SELECT coalesce(sum(p.runs), 0) FROM p WHERE ` + nobodys + ` AND coalesce((
		SELECT min(owner IS ?2) FROM (
			SELECT c.owner_subject_id AS owner FROM json_each(p.connection_ids) j CROSS JOIN connector_instances c ON c.connector_instance_id = j.value
			UNION ALL SELECT (SELECT min(c.owner_subject_id) FROM connector_instances c WHERE c.browser_profile_key = k.value AND c.connector_id = s.value)
			FROM json_each(p.profile_keys) k CROSS JOIN json_each(p.source_ids) s
			UNION ALL SELECT (SELECT max(c.owner_subject_id) FROM connector_instances c WHERE c.browser_profile_key = k.value AND c.connector_id = s.value)
			FROM json_each(p.profile_keys) k CROSS JOIN json_each(p.source_ids) s) WHERE owner IS NOT NULL),
		(SELECT min(owner IS ?2) FROM (
			SELECT (SELECT min(c.owner_subject_id) FROM connector_instances c WHERE c.connector_id = s.value) AS owner FROM json_each(p.source_ids) s
			UNION ALL SELECT (SELECT max(c.owner_subject_id) FROM connector_instances c WHERE c.connector_id = s.value)
			FROM json_each(p.source_ids) s) WHERE owner IS NOT NULL),
		1)`

// given are attributions that come as [["connector", "kind", "name"], …] (?1).
const given = `SELECT value ->> 0 AS connector_id, value ->> 1 AS kind, value ->> 2 AS name FROM json_each(?1)`

func triples(of []drain.Attribution) string {
	var b strings.Builder
	for _, a := range of {
		b.WriteString("," + array([]string{a.ConnectorID, a.Kind, a.Name}))
	}
	return "[" + strings.TrimPrefix(b.String(), ",") + "]"
}

// unlisted finds those of the given attributions by which runs are nobody's and that a scoped read would not find.
const unlisted = `
	WITH ` + moved + `, p AS MATERIALIZED (` + given + `)
	SELECT p.connector_id, p.kind, p.name FROM p
	WHERE NOT EXISTS (SELECT 1 FROM broad) AND ` + nobodys + `
	  AND NOT EXISTS (SELECT 1 FROM moved m WHERE m.kind = p.kind AND m.name = p.name)
	  AND NOT EXISTS (SELECT 1 FROM unattributed u WHERE u.connector_id = p.connector_id AND u.kind = p.kind AND u.name = p.name)`

// Unlisted implements drain.Source.
func (s source) Unlisted(ctx context.Context, of []drain.Attribution) ([]drain.Attribution, error) {
	var out []drain.Attribution
	err := s.each(ctx, unlisted, []any{triples(of)}, func(rows *sql.Rows) error {
		var a drain.Attribution
		err := rows.Scan(&a.ConnectorID, &a.Kind, &a.Name)
		out = append(out, a)
		return err
	})
	return out, err
}

// movedChoice chooses what may have come to be nobody's, or somebody's, by connections (?1) and profile keys (?2). Of connections that are there nothing is looked for but what was listed.
const movedChoice = `
		SELECT r.source_id AS connector_id, 'profile' AS kind, r.profile_key AS name FROM json_each(?2) k CROSS JOIN run_evidence r ON r.profile_key = k.value
		WHERE r.profile_key IS NOT NULL AND r.source_id IS NOT NULL
		UNION SELECT j.value, 'connection', r.connection_id
		FROM json_each(?1) i CROSS JOIN run_evidence r ON r.connection_id = i.value CROSS JOIN json_each(r.source_ids) j
		WHERE r.connection_id IS NOT NULL AND r.profile_keys = '[]'
		  AND NOT EXISTS (SELECT 1 FROM connector_instances c WHERE c.connector_instance_id = i.value)
		UNION SELECT u.connector_id, u.kind, u.name FROM json_each(?1) i CROSS JOIN unattributed u ON u.name = i.value WHERE u.kind = 'connection'
		UNION SELECT u.connector_id, u.kind, u.name FROM json_each(?2) k CROSS JOIN unattributed u ON u.name = k.value WHERE u.kind = 'profile'`

// everyChoice chooses whatever any run has, and what is listed.
var everyChoice = attributions("run_evidence r") + ` UNION SELECT connector_id, kind, name FROM unattributed`

// carried says of an attribution p that some run has it.
const carried = `CASE p.kind
	WHEN 'profile' THEN EXISTS (SELECT 1 FROM run_evidence r WHERE r.profile_key = p.name AND r.source_id = p.connector_id
		AND r.profile_key IS NOT NULL AND r.source_id IS NOT NULL)
	WHEN 'connection' THEN EXISTS (SELECT 1 FROM run_evidence r WHERE r.connection_id = p.name AND r.connection_id IS NOT NULL
		AND r.profile_keys = '[]' AND p.connector_id IN (SELECT value FROM json_each(r.source_ids)))
	ELSE EXISTS (SELECT 1 FROM run_evidence r WHERE r.run_id = p.name AND p.connector_id IN (SELECT value FROM json_each(r.source_ids)) AND ` + byNothing + `) END`

// listChosen lists those of the attributions of a choice that some run has and nobody, and no longer lists the others.
func (t *drainTx) listChosen(ctx context.Context, choice string, args ...any) error {
	lost := nobodys + ` AND ` + carried
	for _, statement := range []string{
		`DELETE FROM unattributed WHERE (connector_id, kind, name) IN (
			WITH p AS MATERIALIZED (` + choice + `) SELECT connector_id, kind, name FROM p WHERE NOT (` + lost + `))`,
		`INSERT INTO unattributed (connector_id, kind, name)
			WITH p AS MATERIALIZED (` + choice + `) SELECT connector_id, kind, name FROM p WHERE ` + lost + ` ON CONFLICT DO NOTHING`,
	} {
		if err := t.exec(ctx, statement, args...); err != nil {
			return fmt.Errorf("list unattributed runs: %w", err)
		}
	}
	return nil
}

// ListUnattributed implements drain.Tx.
func (t *drainTx) ListUnattributed(ctx context.Context, of []drain.Attribution) error {
	if len(of) == 0 {
		return nil
	}
	return t.listChosen(ctx, given, triples(of))
}
