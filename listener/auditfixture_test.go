package listener

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgcluster"
	"tidemark/internal/pgtest"
)

// auditedEngine is what a test needs of an engine that is audited.
type auditedEngine interface {
	AuditEngine
	Audit(ctx context.Context) (*drain.AuditState, error)
	Capture(ctx context.Context) ([]drain.CaptureState, error)
	Trust(ctx context.Context, lost []drain.CaptureState) error
}

// auditBench is a database with a fleet of connections, and a superuser's session beside it.
type auditBench struct {
	*program
	e  *enginetest.Engine
	db auditedEngine
}

func openAudit(t *testing.T, cluster *pgtest.Cluster) *auditBench {
	t.Helper()
	fixture := []string{`INSERT INTO connectors (connector_id) VALUES ('shop')`}
	for _, id := range []string{"ci_1", "ci_2", "ci_3"} {
		fixture = append(fixture,
			fmt.Sprintf(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('%s', 'ann', 'shop')`, id),
			fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('%s', 's', '1', '{"a":1}'), ('%[1]s', 's', '2', '{}')`, id),
			fmt.Sprintf(`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b_%s', '%[1]s', 's', 7)`, id),
			fmt.Sprintf(`INSERT INTO connector_detail_gaps (gap_id, connector_instance_id) VALUES ('g_%s', '%[1]s')`, id),
			fmt.Sprintf(`INSERT INTO connector_attention (attention_id, connector_instance_id, lifecycle) VALUES ('a_%s', '%[1]s', 'open'), ('r_%[1]s', '%[1]s', 'resolved')`, id),
			fmt.Sprintf(`INSERT INTO spine_events (event_id, event_type, run_id, source_id, data) VALUES ('e_%s', 'run.started', 'run_%[1]s', 'shop', '{"connection_id":"%[1]s"}')`, id),
		)
	}
	e := enginetest.OpenPostgres(t, cluster, enginetest.Fixture{Name: "audit", Statements: fixture})
	return &auditBench{connect(t, e.DSN), e, e.Keeper.(auditedEngine)}
}

// audit starts an auditor and waits until it watches and has verified what was before.
func (b *auditBench) audit(t *testing.T) (*Auditor, *running) {
	t.Helper()
	a := b.auditor(parse(t, b.e.DSN))
	t.Cleanup(func() {
		if t.Failed() {
			s := a.Status()
			t.Logf("the auditor at last: %+v, its last error: %+v", s, s.LastError)
		}
	})
	r := run(t, a.Run)
	awaitAudit(t, a)
	return a, r
}

// auditor is one on a server that leads.
func (b *auditBench) auditor(connect *pgx.ConnConfig) *Auditor {
	return NewAuditor(AuditConfig{Connect: connect, Engine: b.db, Leads: func() bool { return true }, Watch: 20 * time.Millisecond})
}

func awaitAudit(t *testing.T, a *Auditor) {
	t.Helper()
	eventually(t, "the auditor watches", func() bool { s := a.Status(); return s.Watching && s.Verified })
}

// past runs statements in one transaction, past the triggers, and returns its id.
func (b *auditBench) past(statements ...string) int64 {
	b.t.Helper()
	return b.pastOn(enginetest.Tables, statements...)
}

// pastOn is past the triggers of some tables.
func (b *auditBench) pastOn(tables []string, statements ...string) int64 {
	b.t.Helper()
	b.exec("BEGIN")
	for _, table := range tables {
		b.exec("ALTER TABLE " + table + " DISABLE TRIGGER USER")
	}
	for _, sql := range statements {
		b.exec(sql)
	}
	b.exec("SET CONSTRAINTS ALL IMMEDIATE")
	// As they were: ENABLE TRIGGER USER would not do, since it makes every trigger an ordinary one.
	b.exec("UPDATE pg_trigger SET tgenabled = CASE WHEN tgname LIKE '%truncate%' THEN 'A' WHEN tgname LIKE '%replica%' THEN 'R' ELSE 'O' END WHERE NOT tgisinternal")
	xid := ask[int64](b.program, "SELECT pg_current_xact_id()::text::bigint")
	b.exec("COMMIT")
	b.overlook()
	return xid
}

// overlook forgets what event triggers saw: the inventory looks at that, which is not here.
func (b *auditBench) overlook() {
	b.t.Helper()
	b.exec("DELETE FROM tidemark.capture_touched")
}

// trust has everything recounted and trusted, as the server does, triggers that are not in place put there first.
func (b *auditBench) trust() {
	b.t.Helper()
	b.e.Install(b.t)
	if _, err := b.e.Rebuild(b.t.Context(), nil, nil); err != nil {
		b.t.Fatal(err)
	}
	states, err := b.db.Capture(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.db.Trust(b.t.Context(), states); err != nil {
		b.t.Fatal(err)
	}
}

// table is what was found of one table.
func (b *auditBench) table(name string) drain.AuditTable {
	b.t.Helper()
	s, err := b.db.Audit(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, t := range s.Tables {
		if t.Table == name {
			return t
		}
	}
	return drain.AuditTable{Table: name}
}

// awaitBypass waits until the transaction was found to have bypassed the triggers of a table.
func (b *auditBench) awaitBypass(table string, xid int64) {
	b.t.Helper()
	eventually(b.t, fmt.Sprintf("transaction %d is found on %s", xid, table), func() bool {
		found := b.table(table)
		return found.Found > 0 && found.Xid != nil && *found.Xid == xid
	})
}

// distrusted is the detail with which a table is not trusted; empty if it is.
func (b *auditBench) distrusted(table string) string {
	b.t.Helper()
	return ask[string](b.program, "SELECT coalesce(max(reason_code || ': ' || detail), '') FROM tidemark.capture_state WHERE NOT trusted AND table_name = '"+table+"'")
}

// check expects evidence as a recount gives it, and clients to have been told of every connector.
func (b *auditBench) check() {
	b.t.Helper()
	b.e.CheckG3(b.t)
	if untold, err := b.db.Unannounced(b.t.Context(), nil); err != nil || len(untold) > 0 {
		b.t.Errorf("clients have not been told of %q, %v", untold, err)
	}
}

// idle reports whether all that was committed has been read, looked into and confirmed.
func (b *auditBench) idle(a *Auditor) bool {
	written := ask[string](b.program, "SELECT pg_current_wal_lsn()::text")
	confirmed := false
	eventually(b.t, "the stream has been read", func() bool {
		confirmed = ask[bool](b.program, "SELECT bool_and(confirmed_flush_lsn >= '"+written+"') FROM pg_replication_slots s JOIN tidemark.audit a ON a.slot = s.slot_name")
		return confirmed
	})
	return ask[bool](b.program, "SELECT NOT EXISTS (SELECT FROM tidemark.audit_tables WHERE suspect_xid IS NOT NULL)")
}

// dump is what pg_dump writes of records; where a server came without that program, in its words.
func dump(t *testing.T, from *auditBench) string {
	t.Helper()
	bin, err := pgcluster.FindBin(pgtest.Major(t))
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(bin, "pg_dump")
	if _, err := os.Stat(program); err == nil {
		out, err := exec.CommandContext(t.Context(), program, "--data-only", "--disable-triggers", "--table=public.records", from.e.DSN).CombinedOutput()
		if err != nil {
			t.Fatalf("pg_dump: %v\n%s", err, out)
		}
		return string(out)
	}
	const columns = "connector_instance_id, stream, record_key, record_json, emitted_at, version, deleted, deleted_at"
	var rows bytes.Buffer
	if _, err := from.conn.PgConn().CopyTo(t.Context(), &rows, "COPY public.records ("+columns+") TO STDOUT"); err != nil {
		t.Fatal(err)
	}
	return "SELECT pg_catalog.set_config('search_path', '', false);\nALTER TABLE public.records DISABLE TRIGGER ALL;\n\n" +
		"COPY public.records (" + columns + ") FROM stdin;\n" + rows.String() + "\\.\n\n\nALTER TABLE public.records ENABLE TRIGGER ALL;\n"
}
