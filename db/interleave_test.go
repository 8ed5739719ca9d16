package db_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/db"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// gate is a tracer that stops a drain before one of its statements.
type gate struct {
	mu      sync.Mutex
	at, n   int      // stop before the at-th statement; n have begun
	said    []string // the statements
	reached chan struct{}
	pass    chan struct{}
}

func (g *gate) set(at int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at, g.n, g.said, g.reached, g.pass = at, 0, nil, make(chan struct{}), make(chan struct{})
}

func (g *gate) begin(ctx context.Context, sql string) {
	if strings.Contains(sql, "pg_locks") {
		return // the watch for DDL, on a connection of its own
	}
	g.mu.Lock()
	g.n++
	g.said = append(g.said, sql)
	stops, reached, pass := g.n == g.at, g.reached, g.pass
	g.mu.Unlock()
	if !stops {
		return
	}
	close(reached)
	select {
	case <-pass:
	case <-ctx.Done():
	}
}

func (g *gate) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	g.begin(ctx, d.SQL)
	return ctx
}

func (g *gate) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	g.begin(ctx, "batch")
	return ctx
}

func (g *gate) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceCopyFromStartData) context.Context {
	g.begin(ctx, fmt.Sprint("copy ", d.TableName))
	return ctx
}

func (*gate) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData)       {}
func (*gate) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData)   {}
func (*gate) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)       {}
func (*gate) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}

// server is a program that drains, statement by statement.
type server struct {
	*db.DB
	*gate
	done chan error
}

func newServer(t *testing.T, dsn string) *server {
	t.Helper()
	g := new(gate)
	g.set(0)
	d, err := db.Open(t.Context(), dsn, db.Options{Tracer: g})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return &server{DB: d, gate: g}
}

// drains begins a drain that stops before its at-th statement.
func (s *server) drains(ctx context.Context, at int) {
	s.set(at)
	done := make(chan error, 1)
	s.done = done
	go func() {
		r, err := s.Drain(ctx)
		if err == nil && len(r.Failed) > 0 {
			err = fmt.Errorf("failed: %+v", r.Failed)
		}
		done <- err
		close(done)
	}()
}

// rests reports whether the drain has stopped, ended, or waits for the lock.
func (s *server) rests(b *bench) bool {
	select {
	case <-s.reached:
		return true
	default:
	}
	return s.waitsOrEnded(b)
}

func (s *server) waitsOrEnded(b *bench) bool {
	return len(s.done) > 0 || b.value(`SELECT count(*)::text FROM pg_locks WHERE NOT granted AND relation = 'tidemark.drain_lock'::regclass`) != "0"
}

// Two drains at every pair of points: one stops before each of its statements, writers commit, the other begins and stops
// before each of its own, writers commit, and the first goes on. No count is lost or doubled, and nothing older is written over
// newer evidence. Behind the lock the other can only wait.
func TestEveryInterleavingOfTwoDrains(t *testing.T) {
	e := enginetest.OpenPostgres(t, pgtest.Shared(t), enginetest.Fixture{
		Name: "connectors", Statements: []string{`INSERT INTO connectors (connector_id) VALUES ('shop'), ('mail')`},
	})
	b := attach(t, e.DSN)
	b.captured = true
	b.connection("c1", "c2")
	first, second := newServer(t, e.DSN), newServer(t, e.DSN)
	written := 0
	writes := func() { // deltas of one connection, what must be recounted of the other
		written++
		b.record(b.writer, "c1", "s", fmt.Sprint(written), 10)
		b.exec(`DELETE FROM records WHERE record_key = $1`, fmt.Sprint(written-3))
		b.exec(`UPDATE connector_instances SET display_name = $1 WHERE connector_instance_id = 'c2'`, fmt.Sprint(written))
		b.exec(`INSERT INTO spine_events (event_type, run_id, source_kind, source_id, data)
			VALUES ('run.started', $1, 'connector', 'shop', '{"connection_id": "c2"}')`, fmt.Sprint(written%3))
	}
	// How many statements a drain has, and which of them is the lock.
	writes()
	first.drains(t.Context(), 0)
	if err := <-first.done; err != nil {
		t.Fatal(err)
	}
	statements, lock := first.n, 0
	for i, sql := range first.said {
		if lock == 0 && strings.Contains(sql, "tidemark.drain_lock") {
			lock = i + 1
		}
	}
	if lock == 0 || statements < 8 {
		t.Fatalf("a drain of %d statements, of which %d is the lock", statements, lock)
	}
	pairs := 0
	for i := 1; i <= statements; i++ {
		for j := 1; j <= statements; j++ {
			if i > lock && j > lock+1 {
				break
			}
			pairs++
			writes()
			first.drains(t.Context(), i)
			b.until(func() bool { return first.rests(b) })
			writes()
			second.drains(t.Context(), j)
			b.until(func() bool { return second.rests(b) })
			writes()
			e.Report(t, e.Load(t).Check())
			close(first.pass)
			b.until(func() bool { return first.waitsOrEnded(b) })
			close(second.pass)
			for _, s := range []*server{first, second} {
				if err := <-s.done; err != nil {
					t.Errorf("drains stopped before %d and %d: %v", i, j, err)
				}
			}
			e.Report(t, e.Load(t).Check())
			if t.Failed() {
				t.Fatalf("drains stopped before statements %d and %d:\n%s\n%s", i, j, strings.Join(first.said, "\n"), strings.Join(second.said, "\n"))
			}
		}
	}
	t.Logf("%d pairs of %d statements", pairs, statements)
	e.CheckG3(t)
}
