package triggers

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/pgtest"
)

// everything gives every per-connection table rows of a and b.
const everything = someRecords + `
	INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('a', 60), ('b', 60);
	INSERT INTO connector_detail_gaps (gap_id, connector_instance_id) VALUES ('1', 'a'), ('2', 'b'), ('3', 'b');
	INSERT INTO connector_attention (attention_id, connector_instance_id) VALUES ('1', 'a'), ('2', 'b');
	INSERT INTO device_heartbeats (connector_instance_id, device_id) VALUES ('a', '1'), ('b', '1');
	INSERT INTO spine_events (event_type, run_id, data) VALUES ('run.started', 'r', '{"connection_id": "a"}');`

func TestAcrossTables(t *testing.T) {
	var gone []string
	for _, id := range []string{"a", "b"} {
		for _, component := range []string{"identity", "schedule", "gaps", "attention", "device"} {
			gone = append(gone, component+" recount "+id)
		}
	}
	gone = append(gone, "records a /s n-2 b-5 lost 02", "records a /t n-1 b-4 lost 03", "records b /s n-1 b-5 lost 04",
		"retained_bytes a /s n-2 b-3", "retained_bytes b /s n-1 b-2", "retained_bytes a /s n-2 b-300", "retained_bytes b /s n-1 b-400")
	open(t).check([]shape{
		{"connections deleted in one statement", everything, `DELETE FROM connector_instances WHERE connector_instance_id IN ('a', 'b')`, gone},
		{"connections deleted one by one", everything, `DELETE FROM connector_instances WHERE connector_instance_id = 'a';
			DELETE FROM connector_instances WHERE connector_instance_id = 'b'`, gone},
		{"everything truncated", everything, `TRUNCATE connectors CASCADE`, []string{
			"all manifest recount", "all identity recount", "all records recount", "all retained_bytes recount", "all retained_bytes recount",
			"all schedule recount", "all gaps recount", "all attention recount", "all device recount",
		}},
		{"events truncated", everything, `TRUNCATE spine_events`, []string{"all runs recount"}},
		{"rolled back in part", someRecords, `
			DELETE FROM records WHERE stream = 't';
			SAVEPOINT one;
			DELETE FROM records;
			SAVEPOINT two;
			TRUNCATE records;
			ROLLBACK TO one;
			UPDATE records SET record_json = '1' WHERE connector_instance_id = 'b';
			RELEASE one`,
			[]string{"records a /t n-1 b-4 lost 03", "records b /s n+0 b-4"}},
		{"a statement that failed", someRecords, `
			DO $$ BEGIN
				INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('a', 's', '7'), ('a', 's', '1');
			EXCEPTION WHEN unique_violation THEN
				DELETE FROM records WHERE stream = 't';
			END $$`,
			[]string{"records a /t n-1 b-4 lost 03"}},
		{"a function that writes", someRecords, `
			CREATE FUNCTION forget(c text) RETURNS void LANGUAGE sql AS 'DELETE FROM records WHERE connector_instance_id = c';
			SELECT forget(connector_instance_id) FROM connector_instances`,
			[]string{"records a /s n-2 b-5 lost 02", "records a /t n-1 b-4 lost 03", "records b /s n-1 b-5 lost 04"}},
		{"a row trigger that writes", ``, `
			CREATE FUNCTION history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json)
				VALUES (NEW.connector_instance_id, NEW.stream, NEW.record_key, 1, NEW.record_json);
				RETURN NULL;
			END $$;
			CREATE TRIGGER a_history AFTER INSERT ON records FOR EACH ROW EXECUTE FUNCTION history();
			INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES
				('a', 's', '1', '12', '2026-01-01Z'), ('a', 's', '2', '123', '2026-01-02Z')`,
			[]string{"records a /s n+2 b+5 gained 02", "retained_bytes a /s n+1 b+2", "retained_bytes a /s n+1 b+3"}},
		{"a statement trigger that writes the same table", someRecords, `
			CREATE FUNCTION purge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				DELETE FROM records WHERE deleted;
				RETURN NULL;
			END $$;
			CREATE TRIGGER z_purge AFTER UPDATE ON records FOR EACH STATEMENT EXECUTE FUNCTION purge();
			UPDATE records SET deleted = true WHERE stream = 't'`,
			[]string{"records a /t n-1 b-4 lost 03"}},
		{"a BEFORE trigger that decides what is written", someRecords, `
			CREATE FUNCTION decide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				IF NEW.record_key = 'no' THEN RETURN NULL; END IF;
				NEW.emitted_at := '2026-01-07Z'; NEW.record_json := '1';
				RETURN NEW;
			END $$;
			CREATE TRIGGER decide BEFORE INSERT ON records FOR EACH ROW EXECUTE FUNCTION decide();
			INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('a', 's', 'no', '123');
			INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('a', 's', 'yes', '123')`,
			[]string{"records a /s n+1 b+1 gained 07"}},
		{"constraints deferred to the end", someRecords, `
			CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				DELETE FROM blobs WHERE blob_id = '3';
				RETURN NULL;
			END $$;
			CREATE CONSTRAINT TRIGGER late AFTER DELETE ON records DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();
			DELETE FROM records WHERE stream = 't';
			SET CONSTRAINTS ALL IMMEDIATE`,
			[]string{"records a /t n-1 b-4 lost 03", "retained_bytes b /s n-1 b-400"}},
	})
}

func TestCopy(t *testing.T) {
	b := open(t)
	const columns = `(connector_instance_id, stream, record_key, record_json, emitted_at, deleted)`
	for _, c := range []struct{ rows, want string }{
		{"a\ts\t1\t12\t2026-01-01Z\tf\n", "records a /s n+1 b+2 gained 01"},
		{"a\ts\t2\t12\t2026-01-02Z\tf\na\ts\t3\t\\N\t2026-01-01Z\tf\na\ts\t4\t1\t2026-01-09Z\tt\n", "records a /s n+2 b+2 gained 02"},
		{"", ""},
	} {
		if _, err := b.PgConn().CopyFrom(t.Context(), strings.NewReader(c.rows), `COPY records `+columns+` FROM STDIN`); err != nil {
			t.Fatal(err)
		}
		if c.want == "" {
			b.want()
		} else {
			b.want(c.want)
		}
	}
	var many strings.Builder
	for range 20_000 {
		many.WriteString("b\ts\t" + strings.Repeat("k", 300) + "\t123\t2026-01-05Z\tf\n")
	}
	b.exec(`ALTER TABLE records DROP CONSTRAINT records_pkey`)
	// More than work_mem holds: the transition table goes to disk.
	b.exec(`SET work_mem = '64kB'`)
	if _, err := b.PgConn().CopyFrom(t.Context(), strings.NewReader(many.String()), `COPY records `+columns+` FROM STDIN`); err != nil {
		t.Fatal(err)
	}
	b.want("records b /s n+20000 b+60000 gained 05")
}

// What is only done at commit is marked in the same transaction, and nothing is marked twice.
func TestDeferredUntilCommit(t *testing.T) {
	b := open(t)
	b.exec(someRecords + `
		DELETE FROM tidemark.marks;
		CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			DELETE FROM blobs WHERE blob_id = '3';
			RETURN NULL;
		END $$;
		CREATE CONSTRAINT TRIGGER late AFTER DELETE ON records DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`)
	b.exec(`BEGIN`)
	b.exec(`DELETE FROM records WHERE stream = 't'`)
	b.want("records a /t n-1 b-4 lost 03")
	b.exec(`COMMIT`)
	b.want("retained_bytes b /s n-1 b-400")
}

// Writers under every isolation level mark, do not wait for each other whatever the order in which they touch
// connections, and do not make each other fail (SPEC G6).
func TestWritersDoNotMeet(t *testing.T) {
	b := open(t)
	for _, level := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable} {
		one, two := b.open(""), b.open("")
		write := func(s *session, id string) {
			t.Helper()
			s.exec(`INSERT INTO records (connector_instance_id, stream, record_key, emitted_at) VALUES ($1, 's', gen_random_uuid()::text, '2026-01-01Z')`, id)
			s.exec(`INSERT INTO device_heartbeats (connector_instance_id, device_id) VALUES ($1, gen_random_uuid()::text)`, id)
		}
		for _, s := range []*session{one, two} {
			s.exec(`SET statement_timeout = '5s'`)
			s.exec(`BEGIN ISOLATION LEVEL ` + string(level))
		}
		write(one, "a")
		write(two, "b")
		write(one, "b")
		write(two, "a")
		one.exec(`COMMIT`)
		b.want("records a /s n+1 b+0 gained 01", "records b /s n+1 b+0 gained 01", "device recount a", "device recount b")
		two.exec(`COMMIT`)
		b.want("records a /s n+1 b+0 gained 01", "records b /s n+1 b+0 gained 01", "device recount a", "device recount b")
	}
}

// A transaction that writes may be prepared although the listener asks to be woken: it is not notified then.
func TestPreparedTransaction(t *testing.T) {
	b := open(t, pgtest.Setting("max_prepared_transactions", "5"))
	listener := b.open("")
	listener.exec(`LISTEN tidemark_dirty`)
	b.exec(`SELECT setval('tidemark.wake_flag', 2)`)
	b.exec(`BEGIN`)
	b.exec(everything + `DELETE FROM connector_instances WHERE connector_instance_id = 'b'; TRUNCATE blobs`)
	b.exec(`PREPARE TRANSACTION 'tidemark_test'`)
	b.want()
	b.exec(`COMMIT PREPARED 'tidemark_test'`)
	if got := b.take(); len(got) < 20 {
		t.Errorf("%d marks of a prepared transaction: %q", len(got), got)
	}
	listener.quiet(b.session)
	b.exec(`BEGIN`)
	b.exec(`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('a', 's', 'x')`)
	b.exec(`PREPARE TRANSACTION 'tidemark_test'`)
	b.exec(`ROLLBACK PREPARED 'tidemark_test'`)
	b.want()
}
