package locks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tidemark/drain"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/triggers"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// connections are those whose rows are locked in this order and that. No two writers use the same rows of the fleet, unless they mean to.
var connections = []string{"a", "b", "c", "d"}

var fleet = enginetest.Fixture{Name: "locks", Statements: []string{
	`INSERT INTO connectors (connector_id) VALUES ('k')`,
	`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding_key, source_binding) VALUES
		('a', 'o', 'k', '1', '{"browser_profile_key":"p"}'), ('b', 'o', 'k', '2', '{}'), ('c', 'o', 'k', '3', '{}'), ('d', 'o', 'k', '4', '{}')`,
	`INSERT INTO records (connector_instance_id, stream, record_key, record_json) SELECT c, 's', i, '{}' FROM unnest('{a,b,c,d}'::text[]) c, generate_series(1, 50) i`,
	`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) SELECT c || i, c, 's', i FROM unnest('{a,b,c,d}'::text[]) c, generate_series(1, 20) i`,
	`INSERT INTO connector_schedules (connector_instance_id, interval_seconds) SELECT unnest('{a,b,c,d}'::text[]), 60`,
}}

// keepers runs all that Tidemark does beside writers, over and over, until the returned function is called.
func keepers(t *testing.T, e *enginetest.Engine) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	run := func(what string, once func() error) {
		group.Go(func() {
			for ctx.Err() == nil {
				if err := once(); err != nil && ctx.Err() == nil {
					t.Errorf("%s: %v", what, err)
					return
				}
			}
		})
	}
	run("drain", func() error { _, err := e.Drain(ctx); return err })
	run("reconcile", func() error { return e.Reconcile(ctx, connections) })
	run("rebuild", func() error { _, err := e.Rebuild(ctx, nil, nil); return err })
	run("mark", func() error { return e.MarkAll(ctx) })
	run("verify", func() error {
		found, err := e.Verify(ctx, nil, nil)
		if err == nil && len(found) > 0 {
			err = fmt.Errorf("found %+v", found)
		}
		return err
	})
	scrubber := drain.NewScrubber(e, time.Now)
	run("scrub", func() error { _, err := scrubber.Step(ctx); return err })
	conn := connect(t, e.DSN, "tidemark")
	run("install", func() error { _, err := triggers.Install(ctx, conn); return err })
	return func() {
		cancel()
		group.Wait()
	}
}

// connect opens a session of that application name.
func connect(t *testing.T, dsn, name string) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuntimeParams["application_name"] = name
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // it may be lost
	return conn
}

// code is the SQLSTATE of an error.
func code(err error) string {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &pg):
		return pg.Code
	}
	return err.Error()
}

// wait is one session that waits for others.
type wait struct {
	Who, For string // application names
	Kind     string // what the lock is on
	Query    string
}

// waits lists the sessions of the database that wait for a lock, and for whom.
func waits(t *testing.T, monitor *pgx.Conn) []wait {
	t.Helper()
	rows, err := monitor.Query(t.Context(), `
		SELECT w.application_name AS who, coalesce(b.application_name, '?') AS for, coalesce(l.locktype || ' ' || l.mode, w.wait_event || ' just granted') AS kind, w.query
		FROM pg_stat_activity w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS p (pid)
		LEFT JOIN pg_stat_activity b ON b.pid = p.pid LEFT JOIN pg_locks l ON l.pid = w.pid AND NOT l.granted
		WHERE w.datname = current_database() AND w.wait_event_type = 'Lock'`)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[wait])
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func isWriter(name string) bool { return strings.HasPrefix(name, "writer") }
