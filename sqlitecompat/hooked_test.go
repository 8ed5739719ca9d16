package sqlitecompat

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
)

// stocked is a fixture with three live records in c1/orders, the newest at second 03, one deleted one, history and a blob.
func stocked(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	f.must(t,
		`INSERT `+records("c1", "orders", "a={}@01", "b=[1]@02", "c=[2]@03"),
		`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, deleted) VALUES ('c1', 'orders', 'd', '{}', '`+at("09")+`', 1)`,
		`INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json) VALUES ('c1', 'orders', 'a', 1, '{}')`,
		`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b1', 'c1', 'orders', 100)`)
	f.settle(t)
	return f
}

// way is one way to write, and the marks that it must leave.
type way struct {
	name string
	do   func(t *testing.T, f *fixture)
	want []string
}

func (w way) run(t *testing.T) {
	t.Run(w.name, func(t *testing.T) {
		f := stocked(t)
		w.do(t, f)
		f.wantMarks(t, w.want...)
		f.settle(t)
	})
}

// statements is a way that runs them one by one; one that begins with ! must fail.
func statements(all ...string) func(t *testing.T, f *fixture) {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		for _, s := range all {
			if s[0] == '!' {
				f.fails(t, s[1:])
			} else {
				f.must(t, s)
			}
		}
	}
}

const (
	one       = "connection records c1 orders records:1/2 gained:2026-01-01T00:00:05.000000Z"
	recounted = "connection records recount c1 orders"
)

// insertOne leaves the mark one.
var insertOne = `INSERT ` + records("c1", "orders", "x={}@05")

func TestStatements(t *testing.T) {
	for _, w := range []way{
		{"insert", statements(insertOne), []string{one}},
		{"insert several", statements(`INSERT ` + records("c1", "orders", "x={}@05", "y=[]@07", "z={}@06")),
			[]string{"connection records c1 orders records:3/6 gained:" + at("07")}},
		{"insert from select", statements(`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at)
			SELECT 'c2', stream, record_key, record_json, emitted_at FROM records WHERE deleted = 0`),
			[]string{"connection records c2 orders records:3/8 gained:" + at("03")}},
		{"insert with a common table", statements(`WITH r(k) AS (VALUES ('x')) INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at)
			SELECT 'c1', 'orders', k, '{}', '` + at("05") + `' FROM r`), []string{one}},
		{"update grows", statements(`UPDATE records SET record_json = '[1,2]' WHERE record_key = 'b'`),
			[]string{"connection records c1 orders records:0/2"}},
		{"delete", statements(`DELETE FROM records WHERE record_key = 'c'`), []string{"connection records c1 orders records:-1/-3 lost:" + at("03")}},
		{"unfiltered delete", statements(`DELETE FROM records`), []string{"connection records c1 orders records:-3/-8 lost:" + at("03")}},
		{"soft delete", statements(`UPDATE records SET deleted = 1 WHERE record_key = 'a'`), []string{"connection records c1 orders records:-1/-2 lost:" + at("01")}},
		{"undelete", statements(`UPDATE records SET deleted = 0 WHERE record_key = 'd'`), []string{"connection records c1 orders records:1/2 gained:" + at("09")}},
		{"move between streams", statements(`UPDATE records SET stream = 'items' WHERE record_key = 'b'`), []string{
			"connection records c1 items records:1/3 gained:" + at("02"), "connection records c1 orders records:-1/-3 lost:" + at("02"),
		}},
		{"move between connections", statements(`UPDATE records SET connector_instance_id = 'c3' WHERE record_key = 'b'`), []string{
			"connection records c3 orders records:1/3 gained:" + at("02"), "connection records c1 orders records:-1/-3 lost:" + at("02"),
		}},
		{"upsert that updates", statements(`INSERT ` + records("c1", "orders", "a=[1,2]@04") + ` ON CONFLICT DO UPDATE SET record_json = excluded.record_json`),
			[]string{"connection records c1 orders records:0/3"}},
		{"replace", statements(`INSERT OR REPLACE ` + records("c1", "orders", "a=[1,2]@01")), []string{"connection records c1 orders records:0/3"}},
		{"update or replace", statements(`UPDATE OR REPLACE records SET record_key = 'b' WHERE record_key = 'a'`),
			[]string{"connection records c1 orders records:-1/-3 lost:" + at("02")}},
		{"history", statements(`INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json) VALUES ('c1', 'orders', 'a', 2, '[]'), ('c1', 'orders', 'a', 3, NULL)`),
			[]string{"connection retained_bytes c1 orders history:2/2"}},
		{"blob", statements(`UPDATE blobs SET size_bytes = 150`), []string{"connection retained_bytes c1 orders blobs:0/50"}},
		{"a script", statements(`BEGIN; ` + insertOne + `; COMMIT; INSERT ` + records("c2", "orders", "x={}@05") + `; SELECT 1`),
			[]string{one, "connection records c2 orders records:1/2 gained:" + at("05")}},
		{"cascade", statements(`DELETE FROM connector_instances WHERE connector_instance_id = 'c1'`), []string{
			"connection identity recount c1", "run runs recount profile:p1",
			"connection records c1 orders records:-3/-8 history:-1/-2 blobs:-1/-100 lost:" + at("03"),
		}},
	} {
		w.run(t)
	}
}

// TestNothingChanged is G4: a write that changes nothing that evidence holds leaves no mark.
func TestNothingChanged(t *testing.T) {
	for _, w := range []way{
		{"the same record again", statements(`INSERT OR REPLACE ` + records("c1", "orders", "a={}@01")), nil},
		{"the same record by upsert", statements(`INSERT ` + records("c1", "orders", "a={}@01") + ` ON CONFLICT DO UPDATE SET record_json = excluded.record_json`), nil},
		{"ignored", statements(`INSERT OR IGNORE ` + records("c1", "orders", "a=[1]@05")), nil},
		{"do nothing", statements(`INSERT ` + records("c1", "orders", "a=[1]@05") + ` ON CONFLICT DO NOTHING`), nil},
		{"deleted and inserted again", statements(`BEGIN`, `DELETE FROM records WHERE record_key = 'c'`, `INSERT `+records("c1", "orders", "c=[9]@03"), `COMMIT`), nil},
		{"inserted and deleted again", statements(`BEGIN`, insertOne, `DELETE FROM records WHERE record_key = 'x'`, `COMMIT`), nil},
		{"changed and changed back", statements(`BEGIN`, `UPDATE records SET emitted_at = '`+at("08")+`' WHERE record_key = 'a'`,
			`UPDATE records SET emitted_at = '`+at("01")+`' WHERE record_key = 'a'`, `COMMIT`), nil},
		{"times exchanged", statements(`UPDATE records SET emitted_at = CASE record_key WHEN 'b' THEN '` + at("03") + `' ELSE '` + at("02") + `' END WHERE record_key IN ('b', 'c')`), nil},
		{"other columns", statements(`UPDATE records SET version = version + 1, deleted_at = '` + at("30") + `', record_key = record_key || '!'`), nil},
		{"json of the same length", statements(`UPDATE records SET record_json = '[3]' WHERE record_key = 'b'`), nil},
		{"a deleted record changes", statements(`UPDATE records SET record_json = '[1,2,3]', emitted_at = '` + at("40") + `' WHERE record_key = 'd'`), nil},
		{"a missing record is deleted", statements(`DELETE FROM records WHERE record_key = 'nope'`), nil},
		{"an empty stream is deleted", statements(`DELETE FROM records WHERE stream = 'nope'`), nil},
		{"the same blob again", statements(`INSERT OR REPLACE INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b1', 'c1', 'orders', 100)`), nil},
		{"the same connection again", statements(`UPDATE connector_instances SET display_name = NULL, updated_at = '` + at("50") + `', source_binding_key = 'other', source_binding = '{"browser_profile_key":"p1","x":1}' WHERE connector_instance_id = 'c1'`), nil},
		{"the same connector again", statements(`INSERT OR REPLACE INTO connectors (connector_id) SELECT 'spare'`, `DELETE FROM connectors WHERE connector_id = 'spare'`),
			[]string{"connector manifest recount connector:spare", "connector manifest recount connector:spare"}},
		{"an event without a run", statements(`INSERT INTO spine_events (event_type) VALUES ('note')`), nil},
		{"closed attention", statements(`INSERT INTO connector_attention (attention_id, connector_instance_id, lifecycle) VALUES ('a', 'c1', 'resolved')`,
			`UPDATE connector_attention SET reason_code = 'x'`, `DELETE FROM connector_attention`), nil},
	} {
		w.run(t)
	}
}

func TestTransactions(t *testing.T) {
	tx := func(do func(t *testing.T, tx *sql.Tx), commit bool) func(t *testing.T, f *fixture) {
		return func(t *testing.T, f *fixture) {
			tx, err := f.Writer().BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			do(t, tx)
			end := tx.Rollback
			if commit {
				end = tx.Commit
			}
			if err := end(); err != nil {
				t.Fatal(err)
			}
		}
	}
	exec := func(all ...string) func(t *testing.T, tx *sql.Tx) {
		return func(t *testing.T, tx *sql.Tx) {
			for _, s := range all {
				if _, err := tx.Exec(s); err != nil {
					t.Fatalf("%v\n%s", err, s)
				}
			}
		}
	}
	for _, w := range []way{
		{"committed", tx(exec(insertOne), true), []string{one}},
		{"rolled back", tx(exec(insertOne), false), nil},
		{"read only", tx(exec(`SELECT 1`), true), nil},
		{"prepared", tx(func(t *testing.T, tx *sql.Tx) {
			s, err := tx.Prepare(`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('c1', 'orders', ?, ?, ?)`)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{"x", "y"} {
				if _, err := s.Exec(key, "{}", at("05")); err != nil {
					t.Fatal(err)
				}
			}
		}, true), []string{"connection records c1 orders records:2/4 gained:" + at("05")}},
		{"returning", tx(func(t *testing.T, tx *sql.Tx) {
			rows, err := tx.Query(`UPDATE records SET deleted = 1 WHERE deleted = 0 RETURNING record_key`)
			if err != nil {
				t.Fatal(err)
			}
			var keys []string
			for rows.Next() {
				var key string
				if err := rows.Scan(&key); err != nil {
					t.Fatal(err)
				}
				keys = append(keys, key)
			}
			slices.Sort(keys)
			if !slices.Equal(keys, []string{"a", "b", "c"}) || rows.Err() != nil || rows.Close() != nil {
				t.Errorf("returned %v", keys)
			}
		}, true), []string{"connection records c1 orders records:-3/-8 lost:" + at("03")}},
		{"by text", statements(" /* begin */ bEgIn\n-- now\nTRANSACTION", insertOne, "/*end*/ END TRANSACTION"), []string{one}},
		{"rolled back by text", statements(`BEGIN`, insertOne, `ROLLBACK TRANSACTION`), nil},
		{"savepoint", statements(`SAVEPOINT a`, insertOne, `RELEASE a`), []string{one}},
		{"savepoint of another case", statements(`SAVEPOINT "Outer"`, insertOne, `RELEASE SAVEPOINT outer`), []string{one}},
		{"savepoint committed", statements(`SAVEPOINT a`, insertOne, `SAVEPOINT a`, `COMMIT`), []string{one}},
		{"inner savepoint of the same name", statements(`SAVEPOINT a`, `SAVEPOINT a`, insertOne, `RELEASE a`, `RELEASE a`), []string{one}},
		{"rolled back to outer savepoint", statements(`SAVEPOINT a`, insertOne, `ROLLBACK TO a`, `RELEASE a`), []string{recounted}},
		{"rolled back to savepoint after what stays", statements(`BEGIN`, insertOne, `SAVEPOINT a`, `INSERT `+records("c2", "orders", "x={}@05"), `ROLLBACK TO a`, `COMMIT`),
			[]string{one, "connection records recount c2 orders"}},
		{"written again after rolling back to savepoint", statements(`BEGIN`, `SAVEPOINT a`, `INSERT `+records("c2", "orders", "x={}@05"), `ROLLBACK TO a`, insertOne, `RELEASE a`, `COMMIT`),
			[]string{one, "connection records recount c2 orders"}},
		{"touched before and after a savepoint", statements(`BEGIN`, insertOne, `SAVEPOINT a`, `DELETE FROM records`, `ROLLBACK TO a`, `COMMIT`), []string{recounted}},
		{"nested savepoints", statements(`BEGIN`, `SAVEPOINT a`, insertOne, `SAVEPOINT b`, `DELETE FROM records WHERE record_key = 'c'`, `RELEASE b`, `ROLLBACK TO a`, `RELEASE a`, `COMMIT`),
			[]string{recounted}},
	} {
		w.run(t)
	}
}

func TestFailures(t *testing.T) {
	half := func(how string) string { return `INSERT ` + how + ` ` + records("c1", "orders", "x={}@05", "a={}@06") }
	for _, w := range []way{
		{"or abort", statements("!" + half("OR ABORT")), nil},
		{"or fail keeps what it did", statements("!" + half("OR FAIL")), []string{recounted}},
		{"or rollback", statements("!" + half("OR ROLLBACK")), nil},
		{"or ignore goes on", statements(half("OR IGNORE")), []string{one}},
		{"or replace goes on", statements(half("OR REPLACE")), []string{"connection records c1 orders records:1/2 gained:" + at("06") + " lost:" + at("01")}},
		{"no such parent", statements(`!INSERT ` + records("nope", "orders", "x={}@05")), nil},
		{"no such parents", statements(`!INSERT ` + records("nope", "orders", "x={}@05", "y={}@06")), nil},
		{"not valid", statements(`!INSERT ` + records("c1", "orders", "x={}@05", "y={@06")), nil},
		{"syntax", statements(`!INSERT INTO`), nil},
		{"inside: or abort", statements(`BEGIN`, insertOne, "!INSERT OR ABORT "+records("c1", "items", "x={}@05", "x={}@06"), `COMMIT`),
			[]string{one, "connection records recount c1 items"}},
		{"inside: or abort, same stream", statements(`BEGIN`, `DELETE FROM records WHERE record_key = 'c'`, "!"+half("OR ABORT"), `COMMIT`), []string{recounted}},
		{"inside: or fail", statements(`BEGIN`, "!"+half("OR FAIL"), `COMMIT`), []string{recounted}},
		{"inside: or rollback", statements(`BEGIN`, `DELETE FROM records WHERE record_key = 'c'`, "!"+half("OR ROLLBACK"), "!COMMIT", insertOne), []string{one}},
		{"inside: or ignore", statements(`BEGIN`, half("OR IGNORE"), `COMMIT`), []string{one}},
		{"inside a savepoint: or rollback", statements(`SAVEPOINT s`, `DELETE FROM records WHERE record_key = 'c'`, "!"+half("OR ROLLBACK"), "!RELEASE s"), nil},
		{"nothing to commit", statements("!COMMIT", "!ROLLBACK", "!RELEASE a"), nil},
		{"begun twice", statements(`BEGIN`, insertOne, "!BEGIN", `COMMIT`), []string{one}},
		{"a script that fails", statements("!" + insertOne + `; INSERT INTO nope VALUES (1)`), []string{one}},
		{"a user's trigger fails", statements(`CREATE TRIGGER t AFTER INSERT ON records WHEN NEW.record_key = 'y' BEGIN SELECT RAISE(FAIL, 'no'); END`,
			`!INSERT `+records("c1", "orders", "x={}@05", "y={}@06")), []string{recounted}},
		{"a user's trigger ignores", statements(`CREATE TRIGGER t BEFORE INSERT ON records WHEN NEW.record_key = 'y' BEGIN SELECT RAISE(IGNORE); END`,
			`INSERT `+records("c1", "orders", "y={}@06", "x={}@05")), []string{one}},
		{"a user's trigger writes", statements(`CREATE TRIGGER t AFTER INSERT ON record_changes BEGIN
				INSERT OR REPLACE INTO records (connector_instance_id, stream, record_key, record_json, emitted_at)
				VALUES (NEW.connector_instance_id, NEW.stream, NEW.record_key, NEW.record_json, NEW.emitted_at); END`,
			`INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json, emitted_at) VALUES ('c1', 'orders', 'x', 1, '{}', '`+at("05")+`')`),
			[]string{"connection records c1 orders records:1/2 history:1/2 gained:" + at("05")}},
	} {
		w.run(t)
	}
}

// TestDeferredFailure is a COMMIT that fails and leaves the transaction open: what was captured must still be marked by the
// COMMIT that succeeds, once.
func TestDeferredFailure(t *testing.T) {
	for _, w := range []way{
		{"commit", statements(`BEGIN`, `PRAGMA defer_foreign_keys = 1`, insertOne, `INSERT `+records("c9", "orders", "x={}@05"), `!COMMIT`,
			`DELETE FROM records WHERE connector_instance_id = 'c9'`, `COMMIT`), []string{one}},
		{"release", statements(`SAVEPOINT a`, `PRAGMA defer_foreign_keys = 1`, insertOne, `INSERT `+records("c9", "orders", "x={}@05"), `!RELEASE a`,
			`DELETE FROM records WHERE connector_instance_id = 'c9'`, `RELEASE a`), []string{one}},
		{"given up", statements(`BEGIN`, `PRAGMA defer_foreign_keys = 1`, insertOne, `INSERT `+records("c9", "orders", "x={}@05"), `!COMMIT`, `ROLLBACK`), nil},
		{"autocommit", statements(`PRAGMA defer_foreign_keys = 1`, `!INSERT `+records("c9", "orders", "x={}@05"), insertOne), []string{one}},
		{"of a Tx", func(t *testing.T, f *fixture) {
			tx, err := f.Writer().Begin()
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []string{`PRAGMA defer_foreign_keys = 1`, `INSERT ` + records("c9", "orders", "x={}@05")} {
				if _, err := tx.Exec(s); err != nil {
					t.Fatal(err)
				}
			}
			if err := tx.Commit(); err == nil {
				t.Error("a commit with an orphan succeeds")
			}
			f.must(t, insertOne) // the connection is free and in order
		}, []string{one}},
	} {
		w.run(t)
	}
}

// TestCommitRefused commits behind the layer's back, as a bug in it might: the commit hook must refuse.
func TestCommitRefused(t *testing.T) {
	f := stocked(t)
	conn, err := f.Writer().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inner := func(text string) (err error) {
		t.Helper()
		_ = conn.Raw(func(c any) error {
			h := c.(*hookedConn)
			_, err = h.baseConn.execInner(t.Context(), statement{text: text}, nil)
			return nil
		})
		return refused(err)
	}
	for _, begin := range []string{`BEGIN`, `SAVEPOINT a`} {
		for _, s := range []string{begin, insertOne} {
			if _, err := conn.ExecContext(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		if err := inner(`COMMIT`); !errors.Is(err, ErrCommitRefused) {
			t.Errorf("commit behind the layer's back: %v", err)
		}
		if err := inner(`ROLLBACK`); err == nil {
			t.Error("the transaction is still there after a refused commit")
		}
	}
	if err := inner(insertOne); !errors.Is(err, ErrCommitRefused) {
		t.Errorf("statement behind the layer's back: %v", err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	f.wantMarks(t)
	f.must(t, insertOne)
	f.wantMarks(t, one)
}

// TestContext ends contexts in the middle of things: the caller is told that it failed, so nothing of it may stay.
func TestContext(t *testing.T) {
	f := stocked(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	many := `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10000000)
		INSERT INTO records (connector_instance_id, stream, record_key, record_json) SELECT 'c1', 'many', i, '{}' FROM n`
	timeout, end := context.WithTimeout(ctx, 50e6)
	defer end()
	if _, err := f.Writer().ExecContext(timeout, many); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("interrupted statement: %v", err)
	}
	f.wantMarks(t)
	if got := f.query(t, `SELECT CAST(count(*) AS TEXT) FROM records WHERE stream = 'many'`); got[0] != "0" {
		t.Errorf("%s rows of an interrupted statement stayed", got[0])
	}
	tx, err := f.Writer().BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(insertOne); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := tx.Commit(); err == nil {
		t.Error("commit after its context ended succeeds")
	}
	if _, err := f.Writer().ExecContext(ctx, insertOne); !errors.Is(err, context.Canceled) {
		t.Errorf("statement after its context ended: %v", err)
	}
	f.wantMarks(t)
	f.must(t, insertOne)
	f.wantMarks(t, one)
}
