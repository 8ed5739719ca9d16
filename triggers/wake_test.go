package triggers

import (
	"context"
	"strings"
	"testing"
	"time"
)

// notified waits for the next notification on tidemark_dirty and returns its payload.
func (s *session) notified() string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	n, err := s.WaitForNotification(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	return n.Payload
}

// quiet fails if there is a notification before the one that by sends now.
func (s *session) quiet(by *session) {
	s.t.Helper()
	by.exec(`SELECT pg_notify('tidemark_dirty', 'sentinel')`)
	if got := s.notified(); got != "sentinel" {
		s.t.Error("the writer notified")
		s.notified()
	}
}

// one writes each table once, by each kind of statement.
var one = []string{
	`INSERT INTO connectors (connector_id) VALUES ('new')`,
	`UPDATE connectors SET display_name = 'New' WHERE connector_id = 'new'`,
	`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('new', 'ann', 'new')`,
	`UPDATE connector_instances SET display_name = 'New' WHERE connector_instance_id = 'new'`,
	`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('new', 's', '1')`,
	`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('new', 's', '2'), ('new', 's', '3')`,
	`UPDATE records SET record_json = '1' WHERE record_key = '1'`,
	`UPDATE records SET record_json = '12'`,
	`UPDATE records SET stream = 't' WHERE record_key = '1'`,
	`DELETE FROM records WHERE record_key = '1'`,
	`DELETE FROM records`,
	`INSERT INTO record_changes (connector_instance_id, stream, record_key, version) VALUES ('new', 's', '1', 1)`,
	`INSERT INTO record_changes (connector_instance_id, stream, record_key, version) VALUES ('new', 's', '1', 2), ('new', 's', '1', 3)`,
	`UPDATE record_changes SET record_json = '1' WHERE version = 1`,
	`UPDATE record_changes SET record_json = '12'`,
	`DELETE FROM record_changes WHERE version = 1`,
	`DELETE FROM record_changes`,
	`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('1', 'new', 's', 1)`,
	`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('2', 'new', 's', 1), ('3', 'new', 's', 1)`,
	`UPDATE blobs SET size_bytes = 2 WHERE blob_id = '1'`,
	`UPDATE blobs SET size_bytes = 3`,
	`DELETE FROM blobs WHERE blob_id = '1'`,
	`DELETE FROM blobs`,
	`INSERT INTO spine_events (event_type, run_id) VALUES ('run.started', 'r')`,
	`UPDATE spine_events SET event_type = 'run.failed'`,
	`DELETE FROM spine_events`,
	`INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('new', 60)`,
	`UPDATE connector_schedules SET enabled = false`,
	`DELETE FROM connector_schedules`,
	`INSERT INTO connector_detail_gaps (gap_id, connector_instance_id) VALUES ('1', 'new')`,
	`UPDATE connector_detail_gaps SET status = 'terminal'`,
	`DELETE FROM connector_detail_gaps`,
	`INSERT INTO connector_attention (attention_id, connector_instance_id) VALUES ('1', 'new')`,
	`UPDATE connector_attention SET lifecycle = 'resolved'`,
	`UPDATE connector_attention SET lifecycle = 'open'`,
	`DELETE FROM connector_attention`,
	`INSERT INTO device_heartbeats (connector_instance_id, device_id) VALUES ('new', '1')`,
	`UPDATE device_heartbeats SET dead_letters = 1`,
	`DELETE FROM device_heartbeats`,
	`DELETE FROM connector_instances WHERE connector_instance_id = 'new'`,
	`DELETE FROM connectors WHERE connector_id = 'new'`,
	`TRUNCATE records`, `TRUNCATE record_changes`, `TRUNCATE blobs`, `TRUNCATE spine_events`, `TRUNCATE connector_schedules`,
	`TRUNCATE connector_detail_gaps`, `TRUNCATE connector_attention`, `TRUNCATE device_heartbeats`,
	`TRUNCATE connector_instances CASCADE`, `TRUNCATE connectors CASCADE`,
}

// Every function wakes the listener if it is asleep and something was marked, and only then.
func TestWake(t *testing.T) {
	b := open(t)
	listener := b.open("")
	listener.exec(`LISTEN tidemark_dirty`)
	b.exec(one[0])
	listener.quiet(b.session) // the flag was never raised
	b.exec(`DELETE FROM connectors WHERE connector_id = 'new'`)
	for _, role := range []string{"origin", "local", "replica"} {
		b.exec(`SET session_replication_role = ` + role)
		b.exec(`SELECT setval('tidemark.wake_flag', 2)`)
		for _, sql := range one {
			b.exec(sql)
			if got := listener.notified(); got != "" {
				t.Errorf("%s, as %s: payload %q", sql, role, got)
			}
		}
		if marks := b.take(); len(marks) < len(one) {
			t.Errorf("as %s %d statements left %d marks", role, len(one), len(marks))
		}
		b.exec(`UPDATE connectors SET updated_at = now(); DELETE FROM records WHERE false`)
		listener.quiet(b.session)
		b.want()
		b.exec(`SELECT setval('tidemark.wake_flag', 1)`)
		for _, sql := range one {
			b.exec(sql)
		}
		listener.quiet(b.session)
	}
}

// The flag is looked at after the mark is written, never before (DESIGN.md 2).
func TestFlagIsReadAfterTheMark(t *testing.T) {
	for _, o := range wanted() {
		if o.kind != kindFunction {
			continue
		}
		flag := strings.Index(o.definition, "wake_flag")
		if last := strings.LastIndex(o.definition, "INSERT INTO tidemark.marks"); last < 0 || flag < last {
			t.Errorf("%s reads the flag before a mark", o)
		}
	}
}
