package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tidemark/internal/poll"
	"tidemark/internal/programtest"
)

func TestServeDemo(t *testing.T) {
	eachEngine(t, func(t *testing.T, dsn string) {
		p := startServer(t, dsn, "--demo")
		if status := p.get(t, "/healthz", "", nil); status != http.StatusOK {
			t.Errorf("healthz: status %d", status)
		}
		poll.Until(t, "the server is ready", func() bool { return p.get(t, "/readyz", "", nil) == http.StatusOK })
		if status := p.get(t, "/_ref/connectors", "", nil); status != http.StatusUnauthorized {
			t.Errorf("list without a token: status %d", status)
		}
		before := p.rows(t, p.Token)
		if len(before) != len(demoConnections) || before["ci_spotify"].TotalRecords == nil {
			t.Fatalf("%d connections, want %d, and totals: %+v", len(before), len(demoConnections), before["ci_spotify"])
		}
		if status := p.get(t, "/", "", nil); status != http.StatusOK {
			t.Errorf("console: status %d", status)
		}

		// Somebody writes past the server: it follows.
		mustForeign(t, dsn, `INSERT INTO {records} (connector_instance_id, stream, record_key, record_json) VALUES ('ci_spotify', 'plays', 'foreign', '{}')`)
		want := *before["ci_spotify"].TotalRecords + 1
		poll.Until(t, "the record that was inserted shows", func() bool {
			r := p.rows(t, p.Token)["ci_spotify"]
			return r.TotalRecords != nil && *r.TotalRecords == want && !r.Evidence.Dirty && r.Evidence.Version > before["ci_spotify"].Evidence.Version
		})
		if status := p.end(t, syscall.SIGTERM); status != statusFine {
			t.Errorf("exit status %d after SIGTERM", status)
		}
		if printed := p.Stdout(); strings.Count(printed, "\n") != 1 {
			t.Errorf("serve printed more than one line: %q", printed)
		}
		if said := p.Stderr(); strings.Contains(said, p.Token) || strings.Contains(said, "level=WARN") || strings.Contains(said, "level=ERROR") {
			t.Errorf("serve said: %s", said)
		}
		programtest.Run(t, dsn, "verify")

		// It goes on with the data that is there, whoever signs in.
		again := startServer(t, dsn, "--demo")
		if again.Token == p.Token {
			t.Error("the same token again")
		}
		for _, token := range []string{again.Token, p.Token} {
			if n := len(again.rows(t, token)); n != len(demoConnections) {
				t.Errorf("%d connections after a restart, want %d", n, len(demoConnections))
			}
		}
		if status := again.end(t, syscall.SIGINT); status != statusFine {
			t.Errorf("exit status %d after SIGINT", status)
		}
	})
}

// TestServeKilled kills the server again and again while connections are written to by others; the last one finds all of it.
func TestServeKilled(t *testing.T) {
	eachEngine(t, func(t *testing.T, dsn string) {
		programtest.Run(t, dsn, "demo")
		owner := strings.TrimSpace(programtest.Run(t, dsn, "token", "create", "--owner", demoOwner))
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		written, wrote := make(chan int), make(chan error, 1)
		go func() {
			defer close(written)
			for n := 0; ; n++ {
				err := foreign(context.WithoutCancel(ctx), dsn, writes(n))
				if err != nil || ctx.Err() != nil {
					wrote <- err
					return
				}
				select {
				case written <- n:
				default: // nobody waits for it
				}
			}
		}()
		for round := range 4 {
			p := startServer(t, dsn)
			if round > 0 { // the first is killed while it does its first recount, or soon after
				seen := p.rows(t, owner)["ci_spotify"].Evidence.Version
				poll.Until(t, "the server drains", func() bool { return p.rows(t, owner)["ci_spotify"].Evidence.Version > seen })
			}
			for range 3 {
				if _, ok := <-written; !ok {
					t.Fatal(<-wrote)
				}
			}
			if status := p.end(t, syscall.SIGKILL); status != -1 {
				t.Errorf("round %d: exit status %d, was it killed?", round, status)
			}
		}
		stop()
		if err := <-wrote; err != nil {
			t.Fatal(err)
		}
		programtest.Run(t, dsn, "verify") // before anybody drains what is left: marks say what is behind
		p := startServer(t, dsn)
		poll.Until(t, "nothing is left to drain", func() bool { return drained(t, dsn) })
		programtest.Run(t, dsn, "verify")
		programtest.Run(t, dsn, "doctor")
		if status := p.end(t, syscall.SIGTERM); status != statusFine {
			t.Errorf("exit status %d after SIGTERM", status)
		}
	})
}

// writes is one transaction of many kinds of changes.
func writes(n int) string {
	return fmt.Sprintf(`BEGIN;
		INSERT INTO {records} (connector_instance_id, stream, record_key, record_json) VALUES ('ci_spotify', 'plays', 'k%[1]d', '{"n":%[1]d}');
		UPDATE {records} SET record_json = '{"n":"changed %[1]d"}' WHERE connector_instance_id = 'ci_github' AND record_key LIKE '%%%[2]d';
		DELETE FROM {records} WHERE connector_instance_id = 'ci_gmail_personal' AND record_key LIKE '%%%[2]d%[2]d';
		INSERT INTO {spine_events} (event_type, run_id, source_kind, source_id, data)
		VALUES ('run.started', 'run_killed_%[1]d', 'connector', 'spotify', '{"connection_id":"ci_spotify"}');
		UPDATE {connector_schedules} SET interval_seconds = interval_seconds + 1 WHERE connector_instance_id = 'ci_strava';
		COMMIT`, n, n%10)
}

// Triggers that were lost are put back, and what they may have missed is recounted, while the server runs (SPEC G9).
func TestServeMendsCapture(t *testing.T) {
	eachEngine(t, func(t *testing.T, dsn string) {
		p := startServer(t, dsn, "--demo")
		before := p.rows(t, p.Token)["ci_spotify"]
		sql := `ALTER TABLE {records} DISABLE TRIGGER ALL`
		if strings.HasPrefix(dsn, "sqlite:") {
			sql = `DROP TRIGGER ` + guardOf(t, dsn, "records", "DELETE")
		}
		mustForeign(t, dsn, `BEGIN; `+sql+`; DELETE FROM {records} WHERE connector_instance_id = 'ci_spotify' AND stream = 'playlists'; COMMIT`)
		want := *before.TotalRecords - 21
		poll.Until(t, "the records that went unseen are gone", func() bool {
			r := p.rows(t, p.Token)["ci_spotify"]
			return r.TotalRecords != nil && *r.TotalRecords == want && !r.Evidence.Dirty && r.Health.State == before.Health.State
		})
		programtest.Run(t, dsn, "doctor")
		programtest.Run(t, dsn, "verify")
		if !strings.Contains(p.Stderr(), "capture lost") {
			t.Error("the log does not tell")
		}
	})
}

// guardOf names a guard trigger of SQLite's by its table and event.
func guardOf(t *testing.T, dsn, table, event string) string {
	t.Helper()
	e, err := testApp(dsn).open(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.close() }()
	names, err := e.texts(t.Context(), fmt.Sprintf(
		`SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '%s' AND sql LIKE '%%AFTER %s%%'`, table, event))
	if err != nil || len(names) == 0 {
		t.Fatalf("guards of %s: %v %v", table, names, err)
	}
	return `"` + names[0] + `"`
}

func TestServeRefusesAnAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	var said strings.Builder
	a := testApp("")
	a.stderr = &said
	a.getenv = func(string) string { return "" }
	status := a.run(t.Context(), []string{"serve", "--db", newDatabase(t, onSQLite), "--addr", taken.Addr().String()})
	if status != statusFailed || !strings.Contains(said.String(), "address already in use; give another --addr") {
		t.Errorf("status %d, said: %s", status, said.String())
	}
}

// Whatever a server starts ends with it. Nothing else may start anything meanwhile.
func TestServeLeavesNoGoroutine(t *testing.T) {
	for _, engine := range []string{onSQLite, onPostgres} {
		dsn := newDatabase(t, engine)
		ignore := goleak.IgnoreCurrent()
		ctx, stop := context.WithCancel(t.Context())
		out, in := io.Pipe()
		a := &app{stdin: strings.NewReader(""), stdout: in, stderr: io.Discard, getenv: func(string) string { return "" }}
		ended := make(chan int, 1)
		go func() { ended <- a.run(ctx, []string{"serve", "--demo", "--db", dsn, "--addr", "127.0.0.1:0"}) }()
		address := make([]byte, 1000)
		if _, err := out.Read(address); err != nil {
			t.Fatal(err)
		}
		stop()
		select {
		case status := <-ended:
			if status != statusFine {
				t.Errorf("%s: status %d", engine, status)
			}
		case <-time.After(within):
			t.Fatalf("%s: serve does not end", engine)
		}
		goleak.VerifyNone(t, ignore)
	}
}
