package sqlitecompat

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// TestAnySequence runs random statements through the layer and past it: transactions and savepoints by text and by
// database/sql, statements that fail in the middle in every way that SQLite has, drains, rebuilds and marks. Whenever no
// transaction is open the snapshot must satisfy G2, and at the end, drained, G3: by an independent recount in plain SQL.
func TestAnySequence(t *testing.T) {
	newFixture(t) // which fills the template
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		if err := os.WriteFile(path, template.content, 0o600); err != nil {
			t.Fatalf("%v", err)
		}
		db, err := Open(t.Context(), path, Options{Relaxed: true})
		if err != nil {
			t.Fatalf("%v", err)
		}
		m := &machine{fixture: fixture{db, path}, ctx: t.Context()}
		if m.other, err = sql.Open("sqlite", dsn(path, "rw")); err != nil {
			t.Fatalf("%v", err)
		}
		m.other.SetMaxOpenConns(1)
		defer func() {
			if err := m.end(); err != nil {
				t.Fatalf("%v", err)
			}
			os.Remove(path) //nolint:errcheck // TempDir does it, too
		}()
		t.Repeat(map[string]func(*rapid.T){
			"write": m.write, "begin": m.begin, "commit": m.commit, "rollback": m.rollback, "savepoint": m.savepoint,
			"rollback to": m.rollbackTo, "release": m.release, "foreign": m.foreign, "drain": m.drain, "recount": m.recount, "": m.invariant,
		})
		m.finish(t)
	})
}

// machine is one database with one layer session and one foreign one. The layer session holds its connection while its
// transaction is open, and nothing else writes then.
type machine struct {
	fixture
	ctx   context.Context
	other *sql.DB
	conn  *sql.Conn // of the open transaction by text
	tx    *sql.Tx   // of the open transaction by database/sql
	depth int       // of savepoints
	outer bool      // the outermost savepoint opened the transaction
}

func (m *machine) open() bool { return m.conn != nil || m.tx != nil }

func (m *machine) end() error {
	if m.tx != nil {
		m.tx.Rollback() //nolint:errcheck // it may have ended by itself
	}
	if m.conn != nil {
		m.conn.ExecContext(context.Background(), `ROLLBACK`) //nolint:errcheck // it may have ended by itself
		m.conn.Close()                                       //nolint:errcheck // it goes back to the pool
	}
	if err := m.other.Close(); err != nil {
		return err
	}
	return m.Close()
}

// exec runs a statement where the session stands. Statements may fail; that is what this is about.
func (m *machine) exec(statement string) (err error) {
	switch {
	case m.tx != nil:
		_, err = m.tx.ExecContext(m.ctx, statement)
	case m.conn != nil:
		_, err = m.conn.ExecContext(m.ctx, statement)
	default:
		_, err = m.Writer().ExecContext(m.ctx, statement)
	}
	return err
}

func (m *machine) write(t *rapid.T) {
	statement := aStatement(t)
	err := m.exec(statement)
	t.Logf("%s -- %v", statement, err)
	if err != nil && m.conn != nil { // OR ROLLBACK has ended the transaction
		if _, e := m.conn.ExecContext(m.ctx, `BEGIN`); e == nil {
			m.depth, m.outer = 0, false
		}
	}
}

func (m *machine) begin(t *rapid.T) {
	if m.open() {
		return
	}
	var err error
	if rapid.Bool().Draw(t, "by database/sql") {
		m.tx, err = m.Writer().BeginTx(m.ctx, nil)
	} else if m.conn, err = m.Writer().Conn(m.ctx); err == nil {
		_, err = m.conn.ExecContext(m.ctx, rapid.SampledFrom([]string{`BEGIN`, `BEGIN IMMEDIATE`, `begin exclusive transaction`}).Draw(t, "begin"))
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	m.depth, m.outer = 0, false
}

func (m *machine) commit(t *rapid.T) { m.finishTx(t, true) }

func (m *machine) rollback(t *rapid.T) { m.finishTx(t, false) }

func (m *machine) finishTx(t *rapid.T, commit bool) {
	if !m.open() {
		return
	}
	var err error
	switch {
	case m.tx != nil && commit:
		err = m.tx.Commit()
	case m.tx != nil:
		err = m.tx.Rollback()
	case commit:
		_, err = m.conn.ExecContext(m.ctx, rapid.SampledFrom([]string{`COMMIT`, `END`, "/* so */ commit --"}).Draw(t, "commit"))
	default:
		_, err = m.conn.ExecContext(m.ctx, `ROLLBACK`)
	}
	t.Logf("end: commit %v -- %v", commit, err)
	if m.conn != nil {
		m.conn.ExecContext(m.ctx, `ROLLBACK`) //nolint:errcheck // if the commit failed
		if err := m.conn.Close(); err != nil {
			t.Fatalf("%v", err)
		}
	}
	m.conn, m.tx, m.depth = nil, nil, 0
}

func (m *machine) savepoint(t *rapid.T) {
	if !m.open() {
		var err error
		if m.conn, err = m.Writer().Conn(m.ctx); err != nil {
			t.Fatalf("%v", err)
		}
		m.outer, m.depth = true, 0
	}
	m.depth++
	t.Logf("savepoint s%d -- %v", m.depth, m.exec(fmt.Sprintf(`SAVEPOINT s%d`, m.depth)))
}

func (m *machine) rollbackTo(t *rapid.T) {
	if m.depth == 0 {
		return
	}
	m.depth = rapid.IntRange(1, m.depth).Draw(t, "to")
	t.Logf("rollback to s%d -- %v", m.depth, m.exec(fmt.Sprintf(`ROLLBACK TO s%d`, m.depth)))
}

func (m *machine) release(t *rapid.T) {
	if m.depth == 0 {
		return
	}
	m.depth = rapid.IntRange(1, m.depth).Draw(t, "release") - 1
	t.Logf("release s%d -- %v", m.depth+1, m.exec(fmt.Sprintf(`RELEASE s%d`, m.depth+1)))
	if m.depth == 0 && m.outer && m.conn != nil {
		m.finishTx(t, true) // there is nothing to commit any more, unless the release failed
	}
}

func (m *machine) foreign(t *rapid.T) {
	if m.open() {
		return
	}
	statement := aStatement(t)
	if rapid.Bool().Draw(t, "foreign keys") {
		statement = `PRAGMA foreign_keys = 1; ` + statement
	} else {
		statement = `PRAGMA foreign_keys = 0; ` + statement
	}
	_, err := m.other.ExecContext(m.ctx, statement)
	t.Logf("foreign: %s -- %v", statement, err)
}

func (m *machine) drain(t *rapid.T) {
	if m.open() {
		return
	}
	if _, err := m.Drain(m.ctx); err != nil {
		t.Fatalf("drain: %v", err)
	}
}

func (m *machine) recount(t *rapid.T) {
	if m.open() {
		return
	}
	var err error
	switch rapid.IntRange(0, 3).Draw(t, "how") {
	case 0:
		_, err = m.Rebuild(m.ctx, nil, nil)
	case 1:
		err = m.MarkAll(m.ctx)
	case 2:
		_, err = m.Rebuild(m.ctx, []string{"c1", "c2"}, nil)
	default:
		found, e := m.Verify(m.ctx, nil, nil)
		if err = e; len(found) > 0 {
			t.Errorf("verify: %+v", found)
		}
	}
	if err != nil {
		t.Fatalf("recount: %v", err)
	}
}

// invariant holds in any snapshot, also while the layer's transaction is open.
func (m *machine) invariant(t *rapid.T) {
	m.check(t)
}

func (m *machine) finish(t *rapid.T) {
	if m.open() {
		m.finishTx(t, rapid.Bool().Draw(t, "commit at the end"))
	}
	m.settle(t)
}

// aStatement draws one that writes source tables of few connections, streams and keys, so that rows meet.
func aStatement(t *rapid.T) string {
	pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(t, name) }
	how := pick("or", "", "", "", "OR IGNORE", "OR REPLACE", "OR REPLACE", "OR FAIL", "OR ABORT", "OR ROLLBACK")
	connection, stream := pick("connection", "c1", "c2", "c3", "c9"), pick("stream", "orders", "items")
	record := func() string {
		json := pick("json", `'{}'`, `'{}'`, `'[1,2]'`, `'"é"'`, `NULL`, `'{'`)
		return fmt.Sprintf(`('%s', '%s', '%s', %s, '%s', %s)`, connection, pick("stream", stream, stream, "other"), pick("key", "a", "b", "c", ""),
			json, at(pick("second", "01", "02", "03")), pick("deleted", "0", "0", "0", "1", "NULL"))
	}
	columns := ` INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, deleted) VALUES `
	run := func() string {
		return fmt.Sprintf(`('e%s', '%s', %s, '%s', '%s', '%s')`, pick("event", "1", "2", "3", "4"), pick("kind", "run.started", "run.completed", "run.failed", "note"),
			pick("run", `'r1'`, `'r2'`, `NULL`), pick("source", "amazon", "bank"), at(pick("second", "01", "02")),
			pick("data", `{}`, `{"connection_id":"c1"}`, `{"browser_surface_profile_key":"p1"}`, `{"connector_instance_id":"c2","browser_surface_profile_key":"p2"}`, `{"connection_id":7}`))
	}
	binding := pick("binding", `{}`, `{"browser_profile_key":"p1"}`, `{"browser_profile_key":"p2"}`)
	small := func(table, columns string) string {
		return fmt.Sprintf(`INSERT %s INTO %s (connector_instance_id, %s`, how, table, columns)
	}
	return pick("statement",
		`INSERT `+how+columns+record(),
		`INSERT `+how+columns+record()+`, `+record()+`, `+record(),
		`INSERT `+columns+record()+` ON CONFLICT DO UPDATE SET record_json = excluded.record_json, emitted_at = excluded.emitted_at`,
		`INSERT `+columns+record()+` ON CONFLICT DO NOTHING RETURNING record_key`,
		fmt.Sprintf(`UPDATE %s records SET %s WHERE connector_instance_id = '%s'`, how, pick("set", `deleted = 1 - deleted`, `record_key = 'a'`, `record_key = record_key || 'x'`,
			`stream = 'items'`, `connector_instance_id = 'c2'`, `emitted_at = '`+at("04")+`'`, `record_json = '[3]'`, `deleted = NULL`, `version = version + 1`), connection),
		fmt.Sprintf(`DELETE FROM records WHERE stream = '%s'`, stream), `DELETE FROM records`,
		fmt.Sprintf(`INSERT %s INTO record_changes (connector_instance_id, stream, record_key, version, record_json) VALUES ('%[2]s', '%[3]s', 'a', %[4]s, '{}'), ('%[2]s', '%[3]s', 'b', 1, NULL)`,
			how, connection, stream, pick("version", "1", "2", "3")),
		`DELETE FROM record_changes WHERE version = 1`,
		fmt.Sprintf(`INSERT %s INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('%s', '%s', '%s', %s)`, how, pick("blob", "b1", "b2"), connection, stream,
			pick("size", "0", "7", "9007199254740991", "-1")),
		fmt.Sprintf(`UPDATE %s blobs SET blob_id = 'b1', size_bytes = size_bytes / 2`, how), `DELETE FROM blobs`,
		fmt.Sprintf(`INSERT %s INTO spine_events (event_id, event_type, run_id, source_id, occurred_at, data) VALUES %s`, how, run()),
		fmt.Sprintf(`INSERT %s INTO spine_events (event_id, event_type, run_id, source_id, occurred_at, data) VALUES %s, %s`, how, run(), run()),
		fmt.Sprintf(`UPDATE %s spine_events SET %s`, how, pick("set", `run_id = 'r2'`, `event_type = 'run.completed'`, `event_id = 'e1'`, `data = '{}'`, `status = 'x'`)),
		`DELETE FROM spine_events WHERE event_id = 'e1'`,
		small("connector_schedules", fmt.Sprintf(`interval_seconds) VALUES ('%s', %s)`, connection, pick("interval", "60", "61", "0"))), `DELETE FROM connector_schedules`,
		small("connector_detail_gaps", fmt.Sprintf(`gap_id, status) VALUES ('%s', '%s', '%s')`, connection, pick("gap", "g1", "g2"), pick("status", "pending", "terminal", "nope"))),
		`UPDATE connector_detail_gaps SET status = 'recovered'`,
		small("connector_attention", fmt.Sprintf(`attention_id, lifecycle) VALUES ('%s', '%s', '%s')`, connection, pick("attention", "a1", "a2"), pick("lifecycle", "open", "resolved"))),
		small("device_heartbeats", fmt.Sprintf(`device_id, records_pending) VALUES ('%s', 'd', %s)`, connection, pick("pending", "1", "2"))),
		fmt.Sprintf(`INSERT %s INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding_key, source_binding) VALUES ('%s', 'ann', 'amazon', %s, %s, '%s')`,
			how, connection, pick("kind", `'browser_collector'`, `'account'`, `NULL`), pick("binding key", `'k1'`, `'k2'`, `NULL`), binding),
		fmt.Sprintf(`UPDATE %s connector_instances SET %s WHERE connector_instance_id = '%s'`, how, pick("set", `source_binding = '`+binding+`'`, `display_name = 'x'`, `status = 'paused'`,
			`source_binding_key = 'k1'`, `connector_id = 'bank'`, `connector_instance_id = 'c9'`, `updated_at = '`+at("09")+`'`), connection),
		fmt.Sprintf(`DELETE FROM connector_instances WHERE connector_instance_id = '%s'`, connection),
		fmt.Sprintf(`INSERT %s INTO connectors (connector_id, display_name) VALUES ('%s', 'x')`, how, pick("connector", "amazon", "bank", "new")),
	)
}
