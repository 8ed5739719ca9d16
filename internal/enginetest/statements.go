package enginetest

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// Traced is a statement that an engine ran, with its arguments.
type Traced struct {
	SQL  string
	Args []any
}

// Statements remembers what an engine runs while somebody watches: on Postgres all of its pool, on SQLite what its readers do. What begins and ends a
// transaction is none.
type Statements struct {
	mu       sync.Mutex
	watching bool
	all      []Traced

	part    string        // statements with this wait
	held    chan struct{} // until it is closed; nil: none does
	waiting int
}

// Hold makes statements that contain part wait until release, and tells how many do.
func (s *Statements) Hold(part string) (waiting func() int, release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := make(chan struct{})
	s.part, s.held, s.waiting = part, held, 0
	waiting = func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.waiting
	}
	return waiting, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.held = nil
		close(held)
	}
}

// During returns what is run while do runs, by whomever.
func (s *Statements) During(do func()) []Traced {
	s.mu.Lock()
	s.all, s.watching = nil, true
	s.mu.Unlock()
	do()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watching = false
	return s.all
}

func (s *Statements) add(sql string, args []any) {
	word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(sql)), " ")
	if slices.Contains([]string{"begin", "commit", "rollback"}, word) {
		return
	}
	if held := s.note(sql, args); held != nil {
		<-held
	}
}

// note returns what the statement must wait for, if anything.
func (s *Statements) note(sql string, args []any) (held <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watching {
		s.all = append(s.all, Traced{sql, args})
	}
	if s.held == nil || !strings.Contains(sql, s.part) {
		return nil
	}
	s.waiting++
	return s.held
}

// TraceQueryStart implements pgx.QueryTracer.
func (s *Statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.add(data.SQL, data.Args)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (s *Statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (s *Statements) traceSQLite(query string, args []driver.NamedValue) {
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a.Value
	}
	s.add(query, values)
}
