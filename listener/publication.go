package listener

import (
	"context"
	"fmt"
	"strings"
)

// publication says what the WAL of a table is decoded for. It is made by whoever first asks for it, not by a migration:
// a database that is never followed by its WAL has none.
type publication struct {
	name    string
	tables  []string // as SQL names them, in the order of their text; a column list in parentheses may follow
	actions string   // as pg_publication orders them: insert, update, delete, truncate
	// holds is a query that says whether the publication is as it should be: one boolean, or no row if it is not there.
	holds string
}

// marksPublication publishes what is inserted into marks, and of that the little that says what kind of mark it is. A
// publication of insertions alone asks for no replica identity, whatever columns it lists: neither a writer's mark nor the
// drain's DELETE can fail because of it.
var marksPublication = publication{
	name: "tidemark_marks", tables: []string{"tidemark.marks (scope, component)"}, actions: "insert",
	holds: `SELECT p.pubinsert AND NOT (p.pubupdate OR p.pubdelete OR p.pubtruncate OR p.puballtables OR p.pubviaroot)
		AND coalesce((SELECT pg_catalog.array_agg((r.prrelid = 'tidemark.marks'::regclass AND r.prqual IS NULL) || ' ' || (
				SELECT coalesce(pg_catalog.string_agg(a.attname::text, ',' ORDER BY a.attname), '')
				FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)))
			FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid) = ARRAY['true component,scope'], false)
		FROM pg_catalog.pg_publication p WHERE p.pubname = 'tidemark_marks'`,
}

// create is what an administrator may run where this program may not.
func (p publication) create() string {
	return fmt.Sprintf("CREATE PUBLICATION %s FOR TABLE %s WITH (publish = '%s')", p.name, strings.Join(p.tables, ", "), p.actions)
}

// ensure sees to it that the publication is there and as it should be. Several servers may try at once.
func (p publication) ensure(ctx context.Context, w *wire) error {
	if there, err := p.there(ctx, w); there || err != nil {
		return err
	}
	anew := fmt.Sprintf("DROP PUBLICATION IF EXISTS %s; %s", p.name, p.create()) // one transaction
	err := w.exec(ctx, "make publication "+p.name, anew)
	if err == nil {
		return nil
	}
	if there, look := p.there(ctx, w); there || look != nil {
		return look // another server has made it
	}
	if isRefusal(err) {
		return fmt.Errorf("%w: run this as the owner of the tables, who needs CREATE on the database: %s", err, anew)
	}
	return err
}

func (p publication) there(ctx context.Context, w *wire) (there bool, err error) {
	err = w.row(ctx, "look for publication "+p.name, "SELECT coalesce(pg_catalog.bool_or(f.holds), false) FROM ("+p.holds+") f(holds)", &there)
	return there, err
}
