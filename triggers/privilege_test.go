package triggers

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// writer makes a role that has rights on the source tables and on nothing else, and opens a session of it.
func (b *bench) writer(role string) *session {
	b.Helper()
	b.role(role)
	for i := range sources {
		b.exec(`GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ` + sources[i].table + ` TO ` + role)
	}
	b.exec(`GRANT SET ON PARAMETER session_replication_role TO ` + role)
	return b.open(role)
}

// role makes a role, unless an earlier test has.
func (b *bench) role(name string) {
	b.Helper()
	b.exec(`DO $$ BEGIN
		IF to_regrole(` + literal(quote(name)) + `) IS NULL THEN CREATE ROLE ` + quote(name) + ` LOGIN; END IF;
	END $$`)
}

// A writer needs its rights on the source tables only, and has none on what is derived (SPEC G11).
func TestLeastPrivilege(t *testing.T) {
	b := open(t)
	w := b.writer("tidemark_test_writer")
	b.exec(`SELECT setval('tidemark.wake_flag', 2)`)
	for _, role := range []string{"origin", "replica"} {
		w.exec(`SET session_replication_role = ` + role)
		for _, sql := range one {
			w.exec(sql)
		}
		if marks := b.take(); len(marks) < len(one) {
			t.Errorf("as %s %d statements left %d marks", role, len(one), len(marks))
		}
	}
	for _, sql := range []string{
		`SELECT * FROM tidemark.marks`,
		`INSERT INTO tidemark.marks (component) VALUES ('all')`,
		`DELETE FROM tidemark.marks`,
		`SELECT last_value FROM tidemark.wake_flag`,
		`SELECT setval('tidemark.wake_flag', 1)`,
		`SELECT tidemark.mark_all()`,
		`SELECT * FROM tidemark.trigger_sets`,
		`SELECT tidemark.records_insert()`,
		`CREATE TEMP TABLE mine (connector_instance_id text, stream text);
		 CREATE TRIGGER forge AFTER INSERT ON mine REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.records_insert()`,
		`ALTER TABLE records DISABLE TRIGGER tidemark_insert`,
		`DROP FUNCTION tidemark.records_insert() CASCADE`,
	} {
		_, err := w.Exec(t.Context(), sql)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "42501" {
			t.Errorf("%s: %v, want insufficient_privilege", sql, err)
		}
	}
	// Even who may look into the schema cannot hang a function onto a table of their own.
	b.exec(`GRANT USAGE ON SCHEMA tidemark TO tidemark_test_writer`)
	for _, o := range wanted() {
		if o.kind == kindFunction {
			var may bool
			if err := w.QueryRow(t.Context(), `SELECT has_function_privilege('tidemark.`+o.name+`()', 'EXECUTE')`).Scan(&may); err != nil || may {
				t.Errorf("%s may be executed by others: %v, %v", o, may, err)
			}
		}
	}
}

// Functions run with the rights of whoever owns the marks, whoever installs.
func TestFunctionsBelongToTheOwnerOfTheMarks(t *testing.T) {
	b := openMigrated(t)
	b.role("tidemark Test Owner")
	b.exec(`
		GRANT CREATE, USAGE ON SCHEMA tidemark TO "tidemark Test Owner";
		ALTER TABLE tidemark.marks OWNER TO "tidemark Test Owner";
		GRANT SELECT ON SEQUENCE tidemark.wake_flag TO "tidemark Test Owner"`)
	b.install()
	if found := b.inventory(); len(found) > 0 {
		t.Errorf("findings: %+v", found)
	}
	if owners := b.strings(`SELECT DISTINCT proowner::regrole::text FROM pg_proc WHERE prorettype = 'trigger'::regtype AND pronamespace = 'tidemark'::regnamespace`); len(owners) != 1 || owners[0] != `"tidemark Test Owner"` {
		t.Errorf("functions belong to %q", owners)
	}
	for _, sql := range one {
		b.exec(sql)
	}
}
