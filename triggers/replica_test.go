package triggers

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/internal/pgtest"
)

// Rows that arrive under session_replication_role = replica are marked one by one; nothing cascades there.
func TestReplicaRole(t *testing.T) {
	b := open(t)
	b.exec(`SET session_replication_role = replica`)
	b.check([]shape{
		{"insert", ``, someRecords, []string{
			"records a /s n+1 b+2 gained 01", "records a /s n+1 b+3 gained 02", "records a /t n+1 b+4 gained 03", "records b /s n+1 b+5 gained 04",
			"retained_bytes a /s n+1 b+1", "retained_bytes a /s n+1 b+2", "retained_bytes b /s n+1 b+2",
			"retained_bytes a /s n+1 b+100", "retained_bytes a /s n+1 b+200", "retained_bytes b /s n+1 b+400",
		}},
		{"update", someRecords, `UPDATE records SET record_json = '1'`,
			[]string{"records a /s n+0 b-1", "records a /s n+0 b-2", "records a /t n+0 b-3", "records b /s n+0 b-4"}},
		{"update nothing relevant", someRecords, `UPDATE records SET version = 2; UPDATE record_changes SET deleted = true; UPDATE blobs SET data = 'x'`, nil},
		{"later", someRecords, `UPDATE records SET emitted_at = '2026-01-08Z' WHERE stream = 't'`, []string{"records a /t n+0 b+0 gained 08 lost 03"}},
		{"move", someRecords, `UPDATE records SET connector_instance_id = 'c', stream = 'u' WHERE stream = 't'`,
			[]string{"records a /t n-1 b-4 lost 03", "records c /u n+1 b+4 gained 03"}},
		{"soft delete", someRecords, `UPDATE records SET deleted = true WHERE stream = 't'`, []string{"records a /t n-1 b-4 lost 03"}},
		{"undelete", someRecords, `UPDATE records SET deleted = false WHERE deleted`, []string{"records a /s n+1 b+6 gained 09"}},
		{"delete", someRecords, `DELETE FROM records WHERE connector_instance_id = 'b' OR deleted`, []string{"records b /s n-1 b-5 lost 04"}},
		{"changes and blobs", someRecords, `UPDATE record_changes SET record_json = '1234' WHERE connector_instance_id = 'b';
			UPDATE blobs SET stream = 't' WHERE blob_id = '3'; DELETE FROM record_changes WHERE version = 2; DELETE FROM blobs WHERE blob_id = '1'`,
			[]string{"retained_bytes b /s n+0 b+2", "retained_bytes b /s n-1 b-400", "retained_bytes b /t n+1 b+400",
				"retained_bytes a /s n-1 b-2", "retained_bytes a /s n-1 b-100"}},
		{"truncate", someRecords, `TRUNCATE records`, []string{"all records recount"}},
		{"connections", ``, someProfile + `UPDATE connector_instances SET status = 'paused' WHERE connector_instance_id = 'p';
			UPDATE connector_instances SET source_binding = '{"browser_profile_key": "y"}', updated_at = now() WHERE connector_instance_id = 'p';
			UPDATE connector_instances SET updated_at = now(); DELETE FROM connector_instances WHERE connector_instance_id IN ('a', 'p')`,
			[]string{"identity recount p", "run runs recount profile=x", "identity recount p", "identity recount p", "run runs recount profile=x",
				"run runs recount profile=y", "identity recount a", "identity recount p", "run runs recount profile=y"}},
		{"events", ``, someEvents + `UPDATE spine_events SET occurred_at = now() WHERE event_seq IN (3, 4); UPDATE spine_events SET status = 'x'; DELETE FROM spine_events WHERE event_seq > 2`,
			[]string{"run runs recount a run=r1 connector=shop", "run runs recount a run=r1 connector=shop",
				"run runs recount run=r2 profile=x connector=shop", "run runs recount run=r2 profile=x connector=shop", "run runs recount run=r2 profile=x connector=shop"}},
		{"manifest", ``, `UPDATE connectors SET manifest = '{}' WHERE connector_id = 'shop'; UPDATE connectors SET updated_at = now()`,
			[]string{"connector manifest recount connector=shop"}},
	})
}

// A restore ends with ENABLE TRIGGER ALL; an operator may say ENABLE ALWAYS. Whatever fires, each change is marked once.
func TestNothingIsMarkedTwice(t *testing.T) {
	b := open(t)
	plain := map[string][]string{} // by role
	for _, how := range []string{"", "ENABLE TRIGGER ALL", "ENABLE ALWAYS TRIGGER %"} {
		for _, role := range []string{"origin", "replica"} {
			if how == "ENABLE TRIGGER ALL" && role == "replica" {
				continue // then nothing but TRUNCATE fires: that is what the inventory is for
			}
			b.exec(`BEGIN; SET LOCAL session_replication_role = ` + role)
			for i := range sources {
				for _, trigger := range []string{"insert", "update", "delete", "truncate", "replica"} {
					if how != "" {
						b.exec(`ALTER TABLE ` + sources[i].table + ` ` + strings.ReplaceAll(how, "%", "tidemark_"+trigger))
					}
				}
			}
			for _, sql := range one {
				b.exec(sql)
			}
			got := b.take()
			b.exec(`ROLLBACK`)
			if how == "" {
				plain[role] = got
			} else if !slices.Equal(got, plain[role]) {
				t.Errorf("%q as %s:\n got %q\nwant %q", how, role, got, plain[role])
			}
		}
	}
	if len(plain["origin"]) < len(one) || len(plain["replica"]) < len(one) {
		t.Errorf("%d and %d marks of %d statements", len(plain["origin"]), len(plain["replica"]), len(one))
	}
}

// What a logical replication subscription copies at first and applies later is marked.
func TestLogicalReplication(t *testing.T) {
	cluster := pgtest.Shared(t, pgtest.Setting("wal_level", "logical"), pgtest.Setting("wal_retrieve_retry_interval", "10ms"))
	publisher := connect(t, cluster.NewDatabase(t))
	if err := migrated(t.Context(), publisher.Conn); err != nil {
		t.Fatal(err)
	}
	publisher.exec(`
		INSERT INTO connectors (connector_id) VALUES ('shop');
		INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('x', 'ann', 'shop');
		INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('x', 's', '1', '12', '2026-01-01Z');
		CREATE PUBLICATION p FOR TABLE connector_instances, records`)
	publisher.exec(`SELECT pg_create_logical_replication_slot('tidemark_test', 'pgoutput')`)
	b := open(t, pgtest.Setting("wal_level", "logical"), pgtest.Setting("wal_retrieve_retry_interval", "10ms"))
	b.exec(`CREATE SUBSCRIPTION s CONNECTION '` + publisher.dsn + `' PUBLICATION p WITH (create_slot = false, slot_name = 'tidemark_test')`)
	defer func() {
		b.exec(`ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s`)
		b.await(`SELECT NOT active FROM pg_replication_slots WHERE slot_name = 'tidemark_test'`)
		publisher.exec(`SELECT pg_drop_replication_slot('tidemark_test')`)
	}()
	b.await(`SELECT count(*) = 2 FROM tidemark.marks`)
	b.want("identity recount x", "records x /s n+1 b+2 gained 01")
	b.await(`SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel`)
	publisher.exec(`
		INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('x', 's', '2', '123', '2026-01-02Z');
		UPDATE records SET record_json = '12345' WHERE record_key = '1';
		DELETE FROM records WHERE record_key = '2'`)
	b.await(`SELECT count(*) = 3 FROM tidemark.marks`)
	b.want("records x /s n+1 b+3 gained 02", "records x /s n+0 b+3", "records x /s n-1 b-3 lost 02")
	publisher.exec(`TRUNCATE records`)
	b.await(`SELECT count(*) = 1 FROM tidemark.marks`)
	b.want("all records recount")
}

// await polls until a query says true.
func (s *session) await(sql string) {
	s.t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	for {
		var ok bool
		if err := s.QueryRow(s.t.Context(), sql).Scan(&ok); err != nil {
			s.t.Fatalf("%s\n%v", sql, err)
		}
		if ok {
			return
		}
		select {
		case <-deadline:
			s.t.Fatalf("still not true: %s", sql)
		case <-ticker.C:
		}
	}
}
