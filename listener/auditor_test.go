package listener

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

func TestAuditorFindsWhatWentPastTheTriggers(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	b.exec("ALTER TABLE connector_schedules REPLICA IDENTITY FULL") // as whoever copies changes elsewhere may set it
	b.exec("ALTER TABLE connector_detail_gaps REPLICA IDENTITY FULL")
	a, _ := b.audit(t)
	for _, c := range []struct {
		table, sql string
		distrust   bool // nobody knows what else it touched
	}{
		{"records", `INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('ci_1', 's', '3', '[1]'), ('ci_2', 't', '1', '[]')`, false},
		{"records", `UPDATE records SET record_json = '"longer than it was"' WHERE record_key = '1'`, false},
		{"records", `UPDATE records SET connector_instance_id = 'ci_3', record_key = '9' WHERE connector_instance_id = 'ci_2' AND stream = 't'`, false},
		{"records", `DELETE FROM records WHERE connector_instance_id = 'ci_1'`, false},
		{"record_changes", `INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json) VALUES ('ci_1', 's', '1', 1, '{}')`, false},
		{"record_changes", `TRUNCATE record_changes`, true},
		{"blobs", `INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b_4', 'ci_1', 's', 12)`, false},
		{"blobs", `UPDATE blobs SET connector_instance_id = 'ci_3' WHERE blob_id = 'b_4'`, true},
		{"blobs", `DELETE FROM blobs WHERE blob_id = 'b_ci_2'`, true},
		{"connector_instances", `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('ci_9', 'ann', 'shop')`, true},
		{"connector_instances", `UPDATE connector_instances SET status = 'paused' WHERE connector_instance_id = 'ci_2'`, true},
		{"connectors", `UPDATE connectors SET manifest = '{"streams":[]}'`, false},
		{"connectors", `INSERT INTO connectors (connector_id) VALUES ('bank')`, false},
		{"connectors", `UPDATE connectors SET connector_id = 'bench' WHERE connector_id = 'bank'`, false},
		{"connectors", `DELETE FROM connectors WHERE connector_id = 'bench'`, false},
		{"spine_events", `INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.completed', 'run_ci_1', 'shop', '{"connection_id":"ci_1"}')`, false},
		{"spine_events", `DELETE FROM spine_events WHERE event_id = 'e_ci_2'`, true},
		{"connector_schedules", `INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('ci_1', 60)`, false},
		{"connector_schedules", `DELETE FROM connector_schedules`, false},
		{"connector_detail_gaps", `UPDATE connector_detail_gaps SET connector_instance_id = 'ci_3' WHERE gap_id = 'g_ci_1'`, false},
		{"connector_detail_gaps", `DELETE FROM connector_detail_gaps WHERE gap_id = 'g_ci_2'`, false},
		{"connector_attention", `UPDATE connector_attention SET lifecycle = 'open' WHERE attention_id = 'r_ci_1'`, true},
		{"connector_attention", `DELETE FROM connector_attention WHERE attention_id = 'a_ci_2'`, true},
		{"device_heartbeats", `INSERT INTO device_heartbeats (connector_instance_id, device_id) VALUES ('ci_1', 'phone')`, false},
		{"connector_instances", `DELETE FROM connector_instances WHERE connector_instance_id = 'ci_3'`, true},
	} {
		xid := b.past(c.sql)
		b.awaitBypass(c.table, xid)
		eventually(t, "it has been looked into", func() bool { return b.idle(a) })
		if detail := b.distrusted(c.table); (detail != "") != c.distrust || c.distrust && detail != fmt.Sprintf("bypassed: transaction %d changed rows past the triggers", xid) {
			t.Errorf("%s: not trusted because %q", c.sql, detail)
		}
		if c.distrust || b.distrusted("records") != "" {
			b.trust()
		}
		b.check()
		if t.Failed() {
			t.Fatalf("after %s", c.sql)
		}
	}
	for _, table := range enginetest.Tables {
		if b.table(table).Found == 0 {
			t.Errorf("%s is not under test", table)
		}
	}
	if s := a.Status(); s.Sessions != 1 {
		t.Errorf("%d slots were needed", s.Sessions)
	}
}

// A transaction that leaves marks of one table may still have changed another past its triggers.
func TestAuditorFindsWhatAnotherMarkHides(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	a, _ := b.audit(t)
	b.exec("BEGIN")
	b.exec(`UPDATE connector_detail_gaps SET status = 'terminal'`)
	b.exec("ALTER TABLE records DISABLE TRIGGER tidemark_delete")
	b.exec(`DELETE FROM records WHERE connector_instance_id = 'ci_2'`)
	b.exec("ALTER TABLE records ENABLE TRIGGER tidemark_delete")
	xid := ask[int64](b.program, "SELECT pg_current_xact_id()::text::bigint")
	b.exec("COMMIT")
	b.overlook()
	b.awaitBypass("records", xid)
	eventually(t, "it has been repaired", func() bool { return b.idle(a) })
	if n := b.table("connector_detail_gaps").Found; n != 0 {
		t.Errorf("%d bypasses of a table whose marks are there", n)
	}
	b.e.CheckG3(t)
}

// What evidence does not hold is suspected, and found to be right; what leaves its mark is not even suspected.
func TestAuditorAccusesNobody(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	a, _ := b.audit(t)
	for _, sql := range []string{
		`INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('ci_1', 's', '3', '[1]')`,
		`UPDATE records SET record_json = '"longer than it was"' WHERE record_key = '1'`,
		`TRUNCATE record_changes`,
		`UPDATE connectors SET display_name = 'The shop'`,
		`UPDATE connector_attention SET lifecycle = 'resolved'`,
		`BEGIN; INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('ci_1', 's', '4'); ROLLBACK`,
		`SET session_replication_role = replica; UPDATE records SET deleted = true WHERE record_key = '2'; SET session_replication_role = origin`,
		`DELETE FROM blobs WHERE blob_id = 'b_ci_1'`,
	} {
		b.exec(sql)
	}
	eventually(t, "all is looked into", func() bool { return b.idle(a) })
	if n := a.Status().Suspected; n != 0 {
		t.Errorf("%d transactions that left marks are suspected", n)
	}
	b.e.Settle(t)
	before := enginetest.Versions(b.e.Load(t))
	harmless := []string{
		`UPDATE connector_instances SET updated_at = now()`,
		`UPDATE records SET version = version + 1`,
		`UPDATE blobs SET mime_type = 'text/plain'`,
		`UPDATE connectors SET updated_at = now()`,
		`DELETE FROM connector_attention WHERE lifecycle = 'resolved'`,
		`UPDATE connector_detail_gaps SET reason = 'x'`,
		`INSERT INTO spine_events (event_type) VALUES ('note')`, // of no run: not even suspected
	}
	for _, sql := range harmless {
		b.exec(sql)
	}
	eventually(t, "all is looked into", func() bool { return b.idle(a) })
	s, err := b.db.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range s.Tables {
		if table.Found != 0 {
			t.Errorf("%s: %d bypasses", table.Table, table.Found)
		}
	}
	if got := a.Status(); got.Suspected != int64(len(harmless)-1) || got.Bypassed != 0 {
		t.Errorf("%d suspected, %d bypassed", got.Suspected, got.Bypassed)
	}
	b.e.CheckG3(t)
	for id, version := range enginetest.Versions(b.e.Load(t)) {
		if version != before[id] {
			t.Errorf("%s has a new version", id)
		}
	}
}

// What is changed while nobody watches is found by the verification with which every slot begins.
func TestAuditorVerifiesWhatItHasNotSeen(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	b.past(`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('ci_1', 's', '7')`)
	a, _ := b.audit(t)
	b.e.CheckG3(t)
	s, err := b.db.Audit(t.Context())
	if err != nil || s.VerifyFound == 0 || !s.Watching || s.VerifiedAt == nil {
		t.Errorf("%+v, %v", s, err)
	}
	for n := int64(2); n <= 3; n++ {
		b.endSessions(auditStreamName)
		b.past(fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('ci_2', 's', 'n%d')`, n))
		eventually(t, "another slot watches", func() bool { s := a.Status(); return s.Sessions == n && s.Watching && s.Verified })
		eventually(t, "it is found, by whom ever", func() bool {
			differences, err := b.e.Verify(t.Context(), nil, nil)
			return err == nil && len(differences) == 0
		})
	}
}

// Rows that a restore brings in with triggers off, for real: pg_dump writes the script and psql runs it.
func TestAuditorFindsARestore(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Shared(t, decodes(t)...)
	from, b := openAudit(t, cluster), openAudit(t, cluster)
	from.exec(`INSERT INTO records (connector_instance_id, stream, record_key, record_json)
		SELECT 'ci_' || 1 + i % 3, 'restored', i, ('{"i":' || i || '}')::json FROM generate_series(1, 3000) i`)
	file := filepath.Join(t.TempDir(), "dump.sql")
	script := dump(t, from)
	if !strings.Contains(script, "DISABLE TRIGGER ALL") {
		t.Fatalf("not a script that disables triggers:\n%.2000s", script)
	}
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	b.exec("TRUNCATE records")
	b.e.Settle(t) // what a mark asks to be recounted is behind, not wrong
	a, _ := b.audit(t)
	if err := b.e.RunFile(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is found", func() bool { return b.table("records").Found > 0 })
	eventually(t, "all is looked into", func() bool { return b.idle(a) })
	b.overlook()
	b.e.CheckG3(t)
}

// A transaction that touches more connections than are remembered by name puts the whole table under suspicion; one that
// changes a lot of rows takes no more memory than one that changes few.
func TestAuditorTakesBoundedMemory(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Start(t, decodes(t)...))
	a, _ := b.audit(t)
	const rows, body = 200_000, 600
	const bound = 48 << 20 // the stream is 130 MB and more
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var xid atomic.Int64
	go func() {
		xid.Store(b.past(fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key, record_json)
			SELECT 'ci_1', 'huge', i, ('"' || repeat('x', %d) || '"')::json FROM generate_series(1, %d) i`, body, rows)))
	}()
	most := uint64(0)
	other := connect(t, b.e.DSN)
	eventually(t, "the transaction is found", func() bool {
		runtime.ReadMemStats(&now)
		most = max(most, now.HeapAlloc)
		return xid.Load() != 0 && ask[int64](other, "SELECT coalesce(max(last_xid), 0) FROM tidemark.audit_tables WHERE found > 0") == xid.Load()
	})
	if most > before.HeapAlloc+bound {
		t.Errorf("the heap grew by %d MB", (most-before.HeapAlloc)>>20)
	}
	eventually(t, "all is looked into", func() bool { return b.idle(a) })
	b.e.CheckG3(t)

	b.exec(fmt.Sprintf(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id)
		SELECT 'many_' || i, 'ann', 'shop' FROM generate_series(1, %d) i`, mostNamed+1))
	many := b.past(`INSERT INTO records (connector_instance_id, stream, record_key) SELECT connector_instance_id, 's', 'm' FROM connector_instances`)
	b.awaitBypass("records", many)
	eventually(t, "all is looked into", func() bool { return b.idle(a) })
	if b.distrusted("records") == "" {
		t.Error("records is trusted, and nobody has recounted it")
	}
}

// A table without a replica identity cannot be updated while its updates are published.
func TestAuditorNeverStopsAWriterForLong(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	b.exec("ALTER TABLE blobs REPLICA IDENTITY NOTHING") // before it begins: left out
	const update = "UPDATE blobs SET size_bytes = size_bytes + 1"
	a, loop := b.audit(t)
	b.exec(update)
	b.exec("ALTER TABLE records REPLICA IDENTITY NOTHING")
	eventually(t, "records can be updated", func() bool {
		_, err := b.conn.Exec(t.Context(), "UPDATE records SET version = version + 1")
		return err == nil
	})
	eventually(t, "neither table is audited", func() bool {
		tables := strings.Join(a.Status().Tables, ",")
		return a.Status().Verified && !strings.Contains(tables, "blobs") && !strings.Contains(tables, "public.records,") && tables != ""
	})
	b.exec("ALTER TABLE records REPLICA IDENTITY FULL")
	b.exec("ALTER TABLE blobs REPLICA IDENTITY DEFAULT")
	eventually(t, "both are again", func() bool {
		return a.Status().Verified && len(a.Status().Tables) == len(auditedTables)
	})
	b.exec(update)
	xid := b.past("UPDATE records SET record_json = '\"after all\"' WHERE connector_instance_id = 'ci_2'")
	b.awaitBypass("records", xid)
	loop.end(t)
	publications := "SELECT count(*)::int FROM pg_publication WHERE pubname = 'tidemark_sources'"
	if n := ask[int](b.program, publications); n != 0 {
		t.Error("the publication stays when nobody looks after it")
	}
	// An auditor that was killed leaves it.
	b.exec("CREATE PUBLICATION tidemark_sources FOR TABLE records")
	if err := EndAudit(t.Context(), parse(t, b.e.DSN)); err != nil {
		t.Fatal(err)
	}
	if n := ask[int](b.program, publications); n != 0 {
		t.Error("what was left is not taken away")
	}
}

// Of several servers the one that drains audits.
func TestAuditorStandsBy(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	var leads [2]atomic.Bool
	var auditors [2]*Auditor
	for i := range auditors {
		auditors[i] = NewAuditor(AuditConfig{Connect: parse(t, b.e.DSN), Engine: b.db, Leads: leads[i].Load, Watch: 20 * time.Millisecond})
		run(t, auditors[i].Run)
	}
	for n := range 3 {
		leads[n%2].Store(true)
		awaitAudit(t, auditors[n%2])
		if auditors[1-n%2].Status().Watching {
			t.Error("two audit")
		}
		leads[n%2].Store(false)
		eventually(t, "it stops", func() bool { return !auditors[n%2].Status().Watching })
	}
}
