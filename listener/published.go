package listener

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// sourcesName is the publication that the auditor reads. It publishes whole rows: a column list without the replica
// identity, which anybody may change, would make the *user's* UPDATE fail.
const sourcesName = "tidemark_sources"

// members are the tables (alias t) that must be published: the source tables and what inherits from them; partitions are published with
// their table.
const members = `(
	WITH RECURSIVE member (oid) AS (
		SELECT s.oid FROM pg_catalog.pg_class s WHERE s.relnamespace = 'public'::regnamespace AND s.relkind IN ('r', 'p') AND s.relname IN (%s)
		UNION SELECT c.oid FROM member m JOIN pg_catalog.pg_inherits i ON i.inhparent = m.oid
		JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r' AND NOT c.relispartition)
	SELECT t.* FROM pg_catalog.pg_class t JOIN member USING (oid)) t`

// unsafe holds for a table (alias t) that could not be updated any more if its updates were published: it, or one of its
// partitions, has no replica identity, or (from PostgreSQL 18 on) a whole row as such that holds a virtual column. Stored generated
// columns of a whole row must be published, too.
const unsafe = `EXISTS (
	SELECT FROM pg_catalog.pg_class leaf
	WHERE (leaf.oid = t.oid AND t.relkind = 'r' OR leaf.oid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(t.oid) p WHERE p.isleaf))
	  AND NOT (leaf.relreplident = 'f' AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute v WHERE v.attrelid = leaf.oid AND v.attgenerated = 'v')
		OR EXISTS (
		SELECT FROM pg_catalog.pg_index i
		WHERE i.indrelid = leaf.oid AND i.indisvalid AND i.indimmediate
		  AND (leaf.relreplident = 'd' AND i.indisprimary OR leaf.relreplident = 'i' AND i.indisreplident))))`

// published is what is published of the source tables, compared with what may be. Tables that are not safe are left out; what
// is left out is not audited.
type published struct {
	tables []string // that may be
	mend   string   // the statements that make it so; empty: it is so
	made   string   // differs if a table was taken out and put back
}

func publishedSources(ctx context.Context, w *wire) (p published, err error) {
	var exists, whole, generated bool
	var is []string
	err = w.row(ctx, "look for publication "+sourcesName, `
		SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = '`+sourcesName+`'),
		       coalesce((SELECT p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate AND NOT p.puballtables AND NOT p.pubviaroot
			 AND coalesce(pg_catalog.to_jsonb(p) ->> 'pubgencols', 's') = 's'
			 AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL))
			 FROM pg_catalog.pg_publication p WHERE p.pubname = '`+sourcesName+`'), false),
		       ARRAY(SELECT r.prrelid::regclass::text FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
			 WHERE p.pubname = '`+sourcesName+`' ORDER BY 1),
		       ARRAY(SELECT t.oid::regclass::text FROM `+fmt.Sprintf(members, auditedNames())+` WHERE NOT `+unsafe+` ORDER BY 1),
		       EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = 'pg_catalog.pg_publication'::regclass AND attname = 'pubgencols'),
		       coalesce((SELECT pg_catalog.string_agg(r.oid::text, ' ' ORDER BY r.oid) FROM pg_catalog.pg_publication_rel r
			 JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE p.pubname = '`+sourcesName+`'), '')`,
		&exists, &whole, &is, &p.tables, &generated, &p.made)
	if err != nil || exists && whole && slices.Equal(is, p.tables) {
		return p, err
	}
	p.mend = "DROP PUBLICATION IF EXISTS " + sourcesName + "; CREATE PUBLICATION " + sourcesName
	if len(p.tables) > 0 {
		p.mend += " FOR TABLE ONLY " + strings.Join(p.tables, ", ONLY ")
	}
	p.mend += " WITH (publish = 'insert, update, delete, truncate'"
	if generated {
		p.mend += ", publish_generated_columns = stored"
	}
	p.mend += ")"
	return p, nil
}

// mayPublishSources says why the role may not make the publication; nothing if it may.
func mayPublishSources(ctx context.Context, w *wire) (*unfit, error) {
	var foreign, user string
	var create bool
	err := w.row(ctx, "ask whether the source tables can be published", `
		SELECT coalesce(pg_catalog.string_agg(t.oid::regclass::text, ', '), ''), session_user::text,
		       pg_catalog.has_database_privilege(session_user, pg_catalog.current_database(), 'CREATE')
		FROM `+fmt.Sprintf(members, auditedNames())+` WHERE NOT pg_catalog.pg_has_role(session_user, t.relowner, 'USAGE')`, &foreign, &user, &create)
	switch {
	case err != nil:
		return nil, err
	case foreign != "":
		return &unfit{ReasonPublication, fmt.Errorf("--audit needs a role that owns the source tables, and %q does not own %s: "+
			"serve as their owner, or do without", user, foreign)}, nil
	case !create:
		return &unfit{ReasonPublication, fmt.Errorf("--audit needs CREATE on the database, for a publication: GRANT CREATE ON DATABASE %s TO %s",
			pgx.Identifier{w.conn.Config().Database}.Sanitize(), pgx.Identifier{user}.Sanitize())}, nil
	}
	return nil, nil //nolint:nilnil // nothing is wrong
}

// auditedNames lists the tables as literals.
func auditedNames() string {
	names := make([]string, len(auditedTables))
	for i, a := range auditedTables {
		names[i] = literal(a.table)
	}
	return strings.Join(names, ", ")
}

// ensureSources makes the publication as it should be, and returns what it is.
func ensureSources(ctx context.Context, w *wire) (published, error) {
	p, err := publishedSources(ctx, w)
	if err != nil || p.mend == "" {
		return p, err
	}
	if err := w.exec(ctx, "make publication "+sourcesName, p.mend); err != nil {
		return p, err
	}
	return publishedSources(ctx, w)
}

// dropSources takes the publication away: while it is there a table that loses its replica identity cannot be updated.
func dropSources(ctx context.Context, w *wire) error {
	return w.exec(ctx, "drop publication "+sourcesName, "DROP PUBLICATION IF EXISTS "+sourcesName)
}
