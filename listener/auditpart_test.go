package listener

import (
	"strings"
	"testing"

	"tidemark/internal/pgtest"
)

// partitioned makes records a table with a leaf for stream s, one below another partition in another schema, and one for the rest.
var partitioned = []string{
	`CREATE TABLE records_made (LIKE records INCLUDING ALL)`, `DROP TABLE records`,
	`CREATE TABLE records (LIKE records_made INCLUDING ALL) PARTITION BY LIST (stream)`, `DROP TABLE records_made`,
	`ALTER TABLE records ADD FOREIGN KEY (connector_instance_id) REFERENCES connector_instances ON DELETE CASCADE`,
	`CREATE TABLE leaf PARTITION OF records FOR VALUES IN ('s')`,
	`CREATE SCHEMA elsewhere`,
	`CREATE TABLE elsewhere.inner PARTITION OF records FOR VALUES IN ('t') PARTITION BY HASH (connector_instance_id)`,
	`CREATE TABLE elsewhere.deep PARTITION OF elsewhere.inner FOR VALUES WITH (MODULUS 1, REMAINDER 0)`,
	`CREATE TABLE rest PARTITION OF records DEFAULT`,
	`INSERT INTO records (connector_instance_id, stream, record_key, record_json)
	 SELECT connector_instance_id, stream, k, '[1]' FROM connector_instances, unnest(ARRAY['s', 't', 'u']) stream, unnest(ARRAY['1', '2', '3']) k`,
}

// Rows of partitions are rows of their table, by whatever name they are written, and even if the partition is none any more.
func TestAuditorFollowsPartitions(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	for _, sql := range partitioned {
		b.exec(sql)
	}
	b.trust()
	b.e.Settle(t)
	a, _ := b.audit(t)
	const row = ` (connector_instance_id, stream, record_key, record_json) VALUES `
	demoted := []string{
		`UPDATE pg_trigger SET tgenabled = 'O' WHERE NOT tgisinternal`, `SET LOCAL session_replication_role = replica`,
		`INSERT INTO rest` + row + `('ci_2', 'v', '1', '[1]')`, `UPDATE leaf SET record_json = '[123]' WHERE connector_instance_id = 'ci_2'`,
		`SET LOCAL session_replication_role = origin`,
	}
	for _, c := range []struct {
		name     string
		past     []string // tables whose triggers are off
		sql      []string
		distrust bool // nobody knows what else it touched
		ddl      bool // which costs trust by itself
	}{
		{"insert into a leaf", []string{"leaf"}, []string{`INSERT INTO leaf` + row + `('ci_1', 's', '4', '[1]')`}, false, false},
		{"update of a leaf", []string{"leaf"}, []string{`UPDATE leaf SET record_json = '[12]' WHERE connector_instance_id = 'ci_2'`}, false, false},
		{"to another connection", []string{"leaf"}, []string{`UPDATE leaf SET connector_instance_id = 'ci_3', record_key = '9' WHERE connector_instance_id = 'ci_2' AND record_key = '1'`}, false, false},
		{"delete from a leaf of a partition", []string{"elsewhere.deep"}, []string{`DELETE FROM elsewhere.deep WHERE connector_instance_id = 'ci_1' AND record_key = '1'`}, false, false},
		{"across leaves", []string{"records", "leaf", "rest"}, []string{`UPDATE records SET stream = 's', record_key = 'moved' WHERE stream = 'u' AND connector_instance_id = 'ci_1'  AND record_key = '1'`}, false, false},
		{"replica role, triggers demoted", nil, demoted, false, false},
		{"truncate of a leaf", []string{"elsewhere.deep"}, []string{`TRUNCATE elsewhere.deep`}, true, false},
		{"a new leaf", []string{"records"}, []string{`CREATE TABLE fresh PARTITION OF records FOR VALUES IN ('w')`, `INSERT INTO fresh` + row + `('ci_1', 'w', '1', '[1]')`}, false, true},
		{"detached after it was written", []string{"leaf"}, []string{`INSERT INTO leaf` + row + `('ci_3', 's', '5', '[1]')`, `ALTER TABLE records DETACH PARTITION leaf`}, false, true},
		{"dropped after it was written", []string{"fresh"}, []string{`UPDATE fresh SET record_json = '[1234]'`, `DROP TABLE fresh`}, false, true},
		{"truncated and detached", []string{"rest"}, []string{`TRUNCATE rest`, `ALTER TABLE records DETACH PARTITION rest`}, true, true},
	} {
		t.Log(c.name)
		xid := b.pastOn(c.past, c.sql...)
		b.awaitBypass("records", xid)
		eventually(t, "it has been looked into", func() bool { return b.idle(a) })
		if detail := b.distrusted("records"); !c.ddl && (detail != "") != c.distrust {
			t.Errorf("not trusted because %q", detail)
		}
		if c.distrust || c.ddl {
			b.trust()
		}
		b.check()
		if t.Failed() {
			t.Fatalf("after: %s", c.name)
		}
	}
	before := a.Status()
	b.exec(`INSERT INTO leaf` + row + `('ci_3', 's', '6', '[1]'); TRUNCATE rest`) // which are no partitions any more
	eventually(t, "it has been read", func() bool { return b.idle(a) })
	if s := a.Status(); s.Suspected != before.Suspected || s.Sessions != 1 {
		t.Errorf("%d suspected after %d, %d slots", s.Suspected, before.Suspected, s.Sessions)
	}
	// Neither its parent nor its columns tell what this was a part of.
	b.pastOn([]string{"elsewhere.deep"}, `INSERT INTO elsewhere.deep`+row+`('ci_1', 't', '7', '[1]')`,
		`ALTER TABLE records DETACH PARTITION elsewhere.inner`, `ALTER TABLE records ADD COLUMN remark text`)
	eventually(t, "all is verified anew", func() bool { s := a.Status(); return s.Sessions > 1 && s.Watching && s.Verified })
	b.trust()
	b.check()
}

// A table that inherits from a source table is a part of it, too, until it does so no more.
func TestAuditorFollowsInheritance(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	b.exec(`CREATE TABLE more_blobs (LIKE blobs INCLUDING ALL, note text) INHERITS (blobs)`)
	b.trust()
	b.e.Settle(t)
	a, _ := b.audit(t)
	const insert = `INSERT INTO more_blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES `
	b.awaitBypass("blobs", b.pastOn([]string{"more_blobs"}, insert+`('m_1', 'ci_1', 's', 9)`))
	eventually(t, "it has been looked into", func() bool { return b.idle(a) })
	b.check()
	if tables := strings.Join(a.Status().Tables, " "); !strings.Contains(tables, "more_blobs") {
		t.Errorf("published: %s", tables)
	}
	if n := a.Status().Sessions; n != 1 {
		t.Errorf("%d slots", n)
	}
	b.exec(`ALTER TABLE more_blobs NO INHERIT blobs`)
	eventually(t, "it is not published any more", func() bool {
		s := a.Status()
		return s.Watching && s.Verified && !strings.Contains(strings.Join(s.Tables, " "), "more_blobs")
	})
	b.trust()
	b.check()
}
