package main

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// writeUndrained commits a change, whose mark no drain can take before the release.
func writeUndrained(t *testing.T, dsn, change string) (release func()) {
	t.Helper()
	file, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok {
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE tidemark.drain_lock IN EXCLUSIVE MODE`); err != nil {
			t.Fatal(err)
		}
		mustForeign(t, dsn, change)
		return func() {
			if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
				t.Fatal(err)
			}
		}
	}
	pool, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	pool.SetMaxOpenConns(1)
	exec := func(statement string) {
		t.Helper()
		if _, err := pool.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 { // until it is quicker than the drain
		exec(qualify(change, "", ""))
		exec(`BEGIN IMMEDIATE`)
		var marks int
		if err := pool.QueryRowContext(t.Context(), `SELECT count(*) FROM marks`).Scan(&marks); err != nil {
			t.Fatal(err)
		}
		if marks > 0 {
			return func() { exec(`ROLLBACK`) }
		}
		exec(`ROLLBACK`)
	}
	t.Fatal("the drain was quicker a hundred times")
	return nil
}

// TestServeTellsThatMarksWait: while nobody drains, a console does not stay with what it was told before the mark.
func TestServeTellsThatMarksWait(t *testing.T) {
	eachEngine(t, func(t *testing.T, dsn string) {
		p := startServer(t, dsn, "--demo")
		lines := p.stream(t, p.Token)
		awaitLine(t, lines, "id: ")
		release := writeUndrained(t, dsn, `UPDATE {connector_detail_gaps} SET attempt_count = attempt_count + 1 WHERE connector_instance_id = 'ci_gmail_work'`)
		awaitLine(t, lines, `"connection_id":"ci_gmail_work"`, `"reason":"time"`)
		var one struct {
			Health struct {
				State   string   `json:"state"`
				Reasons []string `json:"unknown_reasons"`
			} `json:"connection_health"`
		}
		if p.get(t, "/_ref/connectors/ci_gmail_work", p.Token, &one); one.Health.State != "unknown" || len(one.Health.Reasons) != 1 {
			t.Errorf("it reads as %+v", one.Health)
		}
		release()
		awaitLine(t, lines, `"connection_id":"ci_gmail_work"`, `"reason":"evidence"`)
	})
}
