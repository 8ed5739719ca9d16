package enginetest

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"tidemark/drain"
	"tidemark/internal/recount"
	"tidemark/summary"
)

// TB is what the helpers need of a test: testing.T, testing.B and rapid.T all are one.
type TB interface {
	Helper()
	Context() context.Context
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Keeper is what both engines do; db.DB and sqlitecompat.DB.
type Keeper interface {
	drain.ScrubEngine
	Drain(ctx context.Context) (drain.Result, error)
	Pending(ctx context.Context) (bool, error)
	Rebuild(ctx context.Context, ids []string, progress func(done, total int64)) (drain.RebuildResult, error)
	Verify(ctx context.Context, ids []string, progress func(done, total int64)) ([]drain.Difference, error)
	Mark(ctx context.Context, id string) error
	MarkAll(ctx context.Context) error
	Status(ctx context.Context) (drain.Status, error)
	Page(ctx context.Context, q summary.PageQuery) (summary.Page, error)
	Scoped(ctx context.Context, owner, id string) (summary.Scoped, error)
	Connection(ctx context.Context, owner, id string) (*summary.Observation, error)
	RunHistory(ctx context.Context, q summary.RunsQuery) (summary.RunsPage, error)
	Timeline(ctx context.Context, q summary.TimelineQuery) (summary.Timeline, error)
	Diagnosis(ctx context.Context, owner, id string) (*summary.Diagnosis, error)
	Reconcile(ctx context.Context, ids []string) error
	Events(ctx context.Context, q summary.EventQuery) (summary.Events, error)
	Named(ctx context.Context, ids []string) ([]summary.Observation, error)
	Token(ctx context.Context, sha256 [32]byte) (summary.Token, error)
	CreateToken(ctx context.Context, t summary.Token, sha256 [32]byte) error
	Ready(ctx context.Context) ([]summary.Check, error)
}

// Session is one connection of a writer. A failed statement is an error, never the end of the test.
type Session interface {
	// Exec runs one statement; transactions are begun and ended by their own text.
	Exec(ctx context.Context, sql string) error
	// Close ends the session; what was not committed is rolled back.
	Close() error
}

// backend is what differs between the engines.
type backend interface {
	// writer opens a session of an ordinary writer: on Postgres a role with rights on the source tables alone, on SQLite
	// through the hook layer.
	writer(ctx context.Context) (Session, error)
	// foreign opens one that nothing of ours is part of: a superuser on Postgres, a connection without hooks on SQLite.
	foreign(ctx context.Context) (Session, error)
	// shell runs a script in the engine's own command line program.
	shell(ctx context.Context, sql string) error
	// runFile runs a script of the shell.
	runFile(ctx context.Context, path string) error
	// draining reports whether somebody else is in the middle of a drain; on SQLite, whether somebody else writes.
	draining(ctx context.Context) (bool, error)
	// columns lists those of a derived table.
	columns(ctx context.Context, table string) ([]string, error)
	// announced reads what returning clients are told of above a version.
	announced(ctx context.Context, since int64) (Announced, error)
	// snapshot opens a consistent view; release ends it.
	snapshot(ctx context.Context) (s recount.Snapshot, release func(), err error)
	// work runs a statement and tells what it cost.
	work(ctx context.Context, s Traced) (int64, error)
	// dump reads what is derived, for a comparison byte for byte.
	dump(ctx context.Context) ([]Row, error)
}

// Engine is one database under test.
type Engine struct {
	Keeper
	Name string // Postgres or SQLite
	// DSN names the database as the command line takes it.
	DSN string
	// Statements are those that the engine has run.
	Statements *Statements
	backend
}

// The names of the engines.
const (
	Postgres = "postgres"
	SQLite   = "sqlite"
)

// Clock is the time that the engines believe it is: evidence is computed_at Clock on both.
var Clock = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return Clock }

// Statement is one statement, in both dialects.
type Statement struct{ Postgres, SQLite string }

// Same is a statement that is the same text on both engines.
func Same(sql string) Statement { return Statement{sql, sql} }

// Empty empties a table in the way that each engine has for it.
func Empty(table string) Statement {
	return Statement{"TRUNCATE " + table + " CASCADE", "DELETE FROM " + table}
}

// In returns the form of the engine.
func (s Statement) In(e *Engine) string {
	if e.Name == Postgres {
		return s.Postgres
	}
	return s.SQLite
}

// Kind is a kind of writer.
type Kind string

// The kinds of writers: an ordinary one (see backend), a foreign one, and the engine's own command line program.
const (
	Ordinary Kind = "ordinary"
	Foreign  Kind = "foreign"
	Shell    Kind = "shell"
)

// Kinds are all of them.
var Kinds = []Kind{Ordinary, Foreign, Shell}

// Do runs one statement by a writer of that kind.
func (e *Engine) Do(ctx context.Context, kind Kind, sql string) error {
	open := e.writer
	switch kind {
	case Shell:
		return e.shell(ctx, sql+";\n")
	case Foreign:
		open = e.foreign
	}
	s, err := open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.Exec(ctx, sql), s.Close())
}

// Announced is what returning clients are told of beside evidence, sorted.
type Announced struct{ Deletions, Connectors []string }

// Announced lists what was told of after a version.
func (e *Engine) Announced(ctx context.Context, since int64) (Announced, error) {
	return e.announced(ctx, since)
}

// RunFile runs a script in psql or sqlite3.
func (e *Engine) RunFile(ctx context.Context, path string) error { return e.runFile(ctx, path) }

// Draining reports whether another process is in the middle of a drain. On SQLite it reports whether one writes: the test must
// be the only other writer.
func (e *Engine) Draining(t TB) bool {
	t.Helper()
	at, err := e.draining(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	return at
}

// Columns lists the columns of a derived table.
func (e *Engine) Columns(ctx context.Context, table string) ([]string, error) {
	return e.columns(ctx, table)
}

// Counter is the highest version that was given.
func (e *Engine) Counter(t TB) int64 {
	t.Helper()
	status, err := e.Status(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	return status.MaxVersion
}

// Derived puts the schema before the derived table that a statement names after UPDATE, FROM or INTO.
func (e *Engine) Derived(sql string) string {
	if e.Name == Postgres {
		return derivedName.ReplaceAllString(sql, "$1 tidemark.$2")
	}
	return sql
}

var derivedName = regexp.MustCompile(`\b(UPDATE|FROM|INTO) ([a-z_]+)`)

// Exec runs statements as an ordinary writer, each in a transaction of its own. A failure ends the test.
func (e *Engine) Exec(t TB, statements ...string) {
	t.Helper()
	e.exec(t, e.writer, statements)
}

// Foreign runs statements as a foreign writer.
func (e *Engine) Foreign(t TB, statements ...string) {
	t.Helper()
	e.exec(t, e.foreign, statements)
}

func (e *Engine) exec(t TB, open func(context.Context) (Session, error), statements []string) {
	t.Helper()
	s, err := open(t.Context())
	if err != nil {
		t.Fatalf("%s: open session: %v", e.Name, err)
	}
	for _, sql := range statements {
		if err := s.Exec(t.Context(), sql); err != nil {
			t.Errorf("%s: %v\n%s", e.Name, err, clip(sql))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatalf("%s: close session: %v", e.Name, err)
	}
}

// Shell runs statements in psql or sqlite3.
func (e *Engine) Shell(t TB, statements ...string) {
	t.Helper()
	if err := e.shell(t.Context(), strings.Join(statements, ";\n")+";\n"); err != nil {
		t.Fatalf("%s: shell: %v", e.Name, err)
	}
}

// Writer and ForeignWriter open sessions that the test closes.
func (e *Engine) Writer(t TB) Session        { return e.session(t, e.writer) }
func (e *Engine) ForeignWriter(t TB) Session { return e.session(t, e.foreign) }

func (e *Engine) session(t TB, open func(context.Context) (Session, error)) Session {
	t.Helper()
	s, err := open(t.Context())
	if err != nil {
		t.Fatalf("%s: open session: %v", e.Name, err)
	}
	return s
}

// Settle drains until nothing is left that a drain would take.
func (e *Engine) Settle(t TB) {
	t.Helper()
	for range 1000 {
		pending, err := e.Pending(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		if !pending {
			return
		}
		if _, err := e.Drain(t.Context()); err != nil {
			t.Fatalf("%s: drain: %v", e.Name, err)
		}
	}
	t.Fatalf("%s: marks are pending after 1,000 drains", e.Name)
}

func clip(sql string) string {
	if len(sql) > 500 {
		return sql[:500] + "…"
	}
	return sql
}
