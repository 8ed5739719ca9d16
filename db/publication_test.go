package db_test

import (
	"testing"

	"tidemark/db"
	"tidemark/internal/pgtest"
)

// An operator may publish all tables. A table without a replica identity could not be updated or deleted from any more, so
// every table of Tidemark's has one.
func TestPublicationOfAllTablesHurtsNobody(t *testing.T) {
	dsn := pgtest.NewDatabase(t)
	d, err := db.Open(t.Context(), dsn, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Pool().Exec(t.Context(), `CREATE PUBLICATION everything FOR ALL TABLES`); err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := attach(t, dsn)
	b.want("<null>", `
		SELECT string_agg(c.relname, ', ') FROM pg_class c
		WHERE c.relnamespace = 'tidemark'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'drain_lock' AND c.relreplident <> 'f'
		  AND NOT (c.relreplident = 'd' AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))`)
	b.connection("c1")
	b.record(b.writer, "c1", "orders", "1", 10)
	b.exec(`SELECT tidemark.mark_all()`)
	b.dry()
	b.want("1/10", totals, "c1")
	b.clean()
}
