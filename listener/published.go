package listener

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// sourcesName is the publication that the auditor reads. It publishes whole rows: a column list without the replica
// identity, which anybody may change, would make the *user's* UPDATE fail.
const sourcesName = "tidemark_sources"

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

// publishedSources compares what is published with what may be: the tables that are, and the statements that make it so.
// Tables that are not safe are left out; what is left out is not audited.
func publishedSources(ctx context.Context, w *wire) (tables []string, mend string, err error) {
	var exists, whole, generated bool
	var is, ought []string
	err = w.row(ctx, "look for publication "+sourcesName, `
		SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = '`+sourcesName+`'),
		       coalesce((SELECT p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate AND NOT p.puballtables AND NOT p.pubviaroot
			 AND coalesce(pg_catalog.to_jsonb(p) ->> 'pubgencols', 's') = 's'
			 AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL))
			 FROM pg_catalog.pg_publication p WHERE p.pubname = '`+sourcesName+`'), false),
		       ARRAY(SELECT r.prrelid::regclass::text FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
			 WHERE p.pubname = '`+sourcesName+`' ORDER BY 1),
		       ARRAY(SELECT t.oid::regclass::text FROM pg_catalog.pg_class t
			 WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND t.relname IN (`+auditedNames()+`) AND NOT `+unsafe+` ORDER BY 1),
		       EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = 'pg_catalog.pg_publication'::regclass AND attname = 'pubgencols')`,
		&exists, &whole, &is, &ought, &generated)
	switch {
	case err != nil:
		return nil, "", err
	case exists && whole && strings.Join(is, ",") == strings.Join(ought, ","):
		return ought, "", nil
	}
	mend = "DROP PUBLICATION IF EXISTS " + sourcesName + "; CREATE PUBLICATION " + sourcesName
	if len(ought) > 0 {
		mend += " FOR TABLE " + strings.Join(ought, ", ")
	}
	mend += " WITH (publish = 'insert, update, delete, truncate'"
	if generated {
		mend += ", publish_generated_columns = stored"
	}
	return ought, mend + ")", nil
}

// mayPublishSources says why the role may not make the publication; nothing if it may.
func mayPublishSources(ctx context.Context, w *wire) (*unfit, error) {
	var foreign, user string
	var create bool
	err := w.row(ctx, "ask whether the source tables can be published", `
		SELECT coalesce(pg_catalog.string_agg(t.oid::regclass::text, ', '), ''), session_user::text,
		       pg_catalog.has_database_privilege(session_user, pg_catalog.current_database(), 'CREATE')
		FROM pg_catalog.pg_class t
		WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND t.relname IN (`+auditedNames()+`)
		  AND NOT pg_catalog.pg_has_role(session_user, t.relowner, 'USAGE')`, &foreign, &user, &create)
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
		names[i] = "'" + a.table + "'"
	}
	return strings.Join(names, ", ")
}

// ensureSources makes the publication as it should be and returns the tables that are in it.
func ensureSources(ctx context.Context, w *wire) ([]string, error) {
	tables, mend, err := publishedSources(ctx, w)
	if err != nil || mend == "" {
		return tables, err
	}
	return tables, w.exec(ctx, "make publication "+sourcesName, mend)
}

// dropSources takes the publication away: while it is there a table that loses its replica identity cannot be updated.
func dropSources(ctx context.Context, w *wire) error {
	return w.exec(ctx, "drop publication "+sourcesName, "DROP PUBLICATION IF EXISTS "+sourcesName)
}
