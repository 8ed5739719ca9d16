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
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.watching {
		return
	}
	s.all = append(s.all, Traced{sql, args})
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
