package servers

import (
	"context"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/pgtest"
	"tidemark/internal/programtest"
)

func TestMain(m *testing.M) { os.Exit(programtest.Main(pgtest.Runner(m))) }

// server is a running `tidemark serve`.
type server struct {
	*programtest.Server
	name string // the role that it connects as
}

// serve starts a server.
func serve(t *testing.T, name, dsn string, flags ...string) *server {
	t.Helper()
	return &server{programtest.Serve(t, dsn, flags...), name}
}

// ready reports whether it calls itself ready, and what it says.
func (s *server) ready(t *testing.T) (bool, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	status, body, err := s.Get(ctx, "/readyz", "")
	if err != nil {
		return false, err.Error()
	}
	return status == http.StatusOK, string(body)
}

// metrics is what a server started with --metrics everyone shows.
func (s *server) metrics(t *testing.T) string {
	t.Helper()
	_, body, err := s.Get(t.Context(), "/metrics", "")
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// observer is a session of the test's own.
type observer struct {
	*testing.T
	*pgx.Conn
}

func observe(t *testing.T, dsn string) *observer {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	o := &observer{t, conn}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = conn.Close(ctx) // the server may be gone
	})
	return o
}

func (o *observer) exec(sql string, args ...any) {
	o.Helper()
	if _, err := o.Conn.Exec(o.Context(), sql, args...); err != nil {
		o.Fatalf("%s: %v", sql, err)
	}
}

// text is the single text that a query gives; "" where it gives no row.
func (o *observer) text(sql string, args ...any) string {
	o.Helper()
	var v string
	err := o.QueryRow(o.Context(), sql, args...).Scan(&v)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		o.Fatalf("%s: %v", sql, err)
	}
	return v
}

// leader names the role of the server that leads; "" for none. The leader lock is that of listener.LeaderLockKey.
func (o *observer) leader() string {
	o.Helper()
	return o.text(`SELECT a.usename::text FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = 'tidemark listener' AND a.datname = current_database()`)
}
