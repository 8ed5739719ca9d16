package listener

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// A database that cannot be reached, even at the very first, is no reason to end.
func TestAuditorWaitsForItsDatabase(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	cfg := parse(t, b.e.DSN)
	way := newProxy(t, cfg, func(p *proxy) { p.refuse.Store(true) })
	a := b.auditor(cfg)
	run(t, a.Run)
	awaitFault(t, a, "")
	way.refuse.Store(false)
	awaitAudit(t, a)
	way.refuse.Store(true)
	way.cut()
	eventually(t, "it has lost the connections", func() bool { return !a.Status().Watching })
	awaitFault(t, a, "")
	way.refuse.Store(false)
	awaitAudit(t, a)
}

// awaitFault waits until the auditor says what is wrong.
func awaitFault(t *testing.T, a *Auditor, words string) {
	t.Helper()
	eventually(t, "the auditor says: "+words, func() bool {
		f := a.Status().LastError
		return f != nil && f.Code == FaultAudit && strings.Contains(f.Message, words)
	})
}

// What the configuration rules out is an error that names the fix, even if the database comes late.
func TestAuditIsRefusedWhereItCannotBe(t *testing.T) {
	t.Parallel()
	plain, logical := openAudit(t, pgtest.Shared(t)), openAudit(t, pgtest.Shared(t, decodes(t)...))
	publish, mine := newRole(t, logical.e.DSN, "REPLICATION"), newRole(t, logical.e.DSN, "NOINHERIT REPLICATION")
	for _, c := range []struct {
		what string
		on   *auditBench
		role string
		once []string
		want string
	}{
		{"wal_level", plain, "", nil, "--audit needs wal_level = logical"},
		{"attribute", logical, newRole(t, logical.e.DSN, "NOREPLICATION"), nil, " REPLICATION as a superuser"},
		{"marks", logical, publish, nil, marksPublication.create()},
		{"tables", logical, publish, []string{marksPublication.create()}, "--audit needs a role that owns the source tables, and"},
		{"publication", logical, mine, owned(mine), "--audit needs CREATE on the database, for a publication: GRANT CREATE ON DATABASE"},
	} {
		for _, sql := range c.once {
			logical.exec(sql)
		}
		cfg := parse(t, c.on.e.DSN)
		if c.role != "" {
			cfg.User = c.role
		}
		way := newProxy(t, cfg, func(p *proxy) { p.refuse.Store(true) })
		a, ended := c.on.auditor(cfg), make(chan error, 1)
		go func() { ended <- outcome(t, a.Run) }()
		awaitFault(t, a, "")
		way.refuse.Store(false)
		if err := <-ended; err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want it to say %q", c.what, err, c.want)
		}
	}
}

// owned gives all source tables to a role.
func owned(role string) (sql []string) {
	for _, table := range enginetest.Tables {
		sql = append(sql, fmt.Sprintf("ALTER TABLE public.%s OWNER TO %s", table, pgx.Identifier{role}.Sanitize()))
	}
	return sql
}

// No slot is free; the slot holds back more than it may and is taken away; the server is shut down. Each time there is
// another, and what was changed while there was none is found by the verification with which it begins.
func TestAuditorGetsAnotherSlot(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t, pgtest.Setting("wal_level", "logical"), pgtest.Setting("max_replication_slots", "1"), pgtest.Setting("max_slot_wal_keep_size", "1MB"))
	b := openAudit(t, cluster)
	a := b.auditor(parse(t, b.e.DSN))
	round := int64(0)
	meanwhile := func() {
		b.past(fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('ci_1', 's', 'round %d')`, round))
	}
	anew := func() {
		t.Helper()
		round++
		eventually(t, "another slot watches", func() bool { s := a.Status(); return s.Sessions == round && s.Watching && s.Verified })
		b.e.CheckG3(t)
		s, err := b.db.Audit(t.Context())
		if err != nil || s.VerifyFound < round {
			t.Errorf("round %d: %+v, %v", round, s, err)
		}
	}
	b.exec("SELECT pg_create_logical_replication_slot('taken', 'pgoutput')")
	run(t, a.Run)
	awaitFault(t, a, "all replication slots are in use")
	meanwhile()
	b.exec("SELECT pg_drop_replication_slot('taken')")
	anew()

	older := connect(t, b.e.DSN)
	older.exec("BEGIN")
	older.mark() // decoding would have to begin again here, and a new slot waits for its end
	for range 3 {
		b.exec("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 100000))")
		b.exec("SELECT pg_switch_wal()")
	}
	eventually(t, "the slot is taken away", func() bool {
		b.exec("CHECKPOINT")
		return !a.Status().Watching
	})
	meanwhile()
	older.exec("COMMIT")
	anew()

	cluster.Restart(t)
	b.program = connect(t, b.e.DSN)
	meanwhile() // perhaps before there is another slot, perhaps after
	round++
	eventually(t, "another slot watches", func() bool { s := a.Status(); return s.Sessions == round && s.Watching && s.Verified })
	eventually(t, "it is found, by whom ever", func() bool {
		differences, err := b.e.Verify(t.Context(), nil, nil)
		return err == nil && len(differences) == 0
	})
}

// Whoever takes a table's replica identity away may take it out of the publication in the same transaction: then no update fails at
// all. What was changed while it was out is verified when it is back.
func TestAuditorNoticesAnotherPublication(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	a, _ := b.audit(t)
	b.exec("BEGIN; ALTER TABLE records REPLICA IDENTITY NOTHING; ALTER PUBLICATION tidemark_sources DROP TABLE records; COMMIT")
	b.exec("UPDATE records SET version = version + 1")
	eventually(t, "records is not audited", func() bool {
		s := a.Status()
		return s.Verified && len(s.Tables) == len(auditedTables)-1
	})
	b.exec("ALTER TABLE records REPLICA IDENTITY DEFAULT")
	eventually(t, "records is audited", func() bool { s := a.Status(); return s.Verified && len(s.Tables) == len(auditedTables) })
	sessions := a.Status().Sessions
	b.exec("BEGIN; ALTER PUBLICATION tidemark_sources DROP TABLE records; ALTER PUBLICATION tidemark_sources ADD TABLE records; COMMIT")
	eventually(t, "all is verified anew", func() bool { s := a.Status(); return s.Sessions > sessions && s.Watching && s.Verified })
}
