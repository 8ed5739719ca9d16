package enginetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite" // foreign writers and snapshots use it without our hooks

	"tidemark/internal/recount"
	"tidemark/sqlitecompat"
)

// OpenSQLite opens a new file; it is gone when the test is over.
func OpenSQLite(t testing.TB, f Fixture) *Engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tidemark.db")
	e, closeDB, err := newSQLite(t.Context(), t, path, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closeDB(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// FreshSQLite opens a new empty file that the caller discards.
func FreshSQLite(ctx context.Context, t testing.TB) (e *Engine, discard func() error, err error) {
	dir, err := os.MkdirTemp("", "enginetest")
	if err != nil {
		return nil, nil, err
	}
	e, closeDB, err := newSQLite(ctx, t, filepath.Join(dir, "tidemark.db"), Fixture{})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return e, func() error { return errors.Join(closeDB(), os.RemoveAll(dir)) }, nil
}

// files holds the content of a file for each fixture; nobody builds one twice.
var files struct {
	sync.Mutex
	content map[string][]byte
}

func newSQLite(ctx context.Context, t testing.TB, path string, f Fixture) (*Engine, func() error, error) {
	content, err := sqliteFile(t, f)
	if err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return nil, nil, err
	}
	return connectSQLite(ctx, path)
}

func sqliteFile(t testing.TB, f Fixture) ([]byte, error) {
	t.Helper()
	files.Lock()
	defer files.Unlock()
	if content, ok := files.content[f.Name]; ok {
		return content, nil
	}
	path := filepath.Join(t.TempDir(), "fixture.db")
	e, closeDB, err := connectSQLite(t.Context(), path)
	if err != nil {
		return nil, err
	}
	e.Exec(t, f.Statements...)
	e.Settle(t)
	if err := closeDB(); err != nil { // which folds the WAL into the file
		return nil, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if files.content == nil {
		files.content = map[string][]byte{}
	}
	files.content[f.Name] = content
	return content, nil
}

type sqlite struct {
	path   string
	layer  *sqlitecompat.DB
	reader *sql.DB // without hooks, read-only
	prober *sql.DB // nil until it is needed
}

func connectSQLite(ctx context.Context, path string) (*Engine, func() error, error) {
	statements := &Statements{}
	layer, err := sqlitecompat.Open(ctx, path, sqlitecompat.Options{Now: clock, Relaxed: true, Trace: statements.traceSQLite})
	if err != nil {
		return nil, nil, err
	}
	if err := layer.Migrate(ctx); err != nil {
		return nil, nil, errors.Join(err, layer.Close())
	}
	reader, err := sql.Open("sqlite", plainDSN(path, "query_only(1)"))
	if err != nil {
		return nil, nil, errors.Join(err, layer.Close())
	}
	s := &sqlite{path: path, layer: layer, reader: reader}
	return &Engine{Keeper: layer, Name: SQLite, DSN: "sqlite:" + path, Statements: statements, backend: s}, s.close, nil
}

func (s *sqlite) close() error {
	var err error
	if s.prober != nil {
		err = s.prober.Close()
	}
	return errors.Join(err, s.reader.Close(), s.layer.Close())
}

func plainDSN(path string, pragmas ...string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + url.Values{"_pragma": pragmas}.Encode()
}

// layerSession writes through the layer. It holds the one writer connection only while a transaction is open.
type layerSession struct {
	pool *sql.DB
	conn *sql.Conn // of the open transaction; nil without one
}

func (s *sqlite) writer(context.Context) (Session, error) {
	return &layerSession{pool: s.layer.Writer()}, nil
}

func (s *layerSession) Exec(ctx context.Context, query string) (err error) {
	word, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch {
	case s.conn == nil && word == "BEGIN":
		if s.conn, err = s.pool.Conn(ctx); err != nil {
			return err
		}
		if _, err = s.conn.ExecContext(ctx, query); err != nil {
			err = errors.Join(err, s.release())
		}
	case s.conn == nil:
		_, err = s.pool.ExecContext(ctx, query)
	default:
		_, err = s.conn.ExecContext(ctx, query)
		if err == nil && query == "COMMIT" || query == "ROLLBACK" { // an interrupted statement may have rolled back already
			err = errors.Join(err, s.release())
		}
	}
	return err
}

func (s *layerSession) release() error {
	conn := s.conn
	s.conn = nil
	return conn.Close()
}

func (s *layerSession) Close() error {
	if s.conn == nil {
		return nil
	}
	_, _ = s.conn.ExecContext(context.Background(), "ROLLBACK")
	return s.release()
}

// plainSession is a connection that knows nothing of us.
type plainSession struct {
	pool *sql.DB
	conn *sql.Conn
}

func (s *sqlite) foreign(ctx context.Context) (Session, error) {
	pool, err := sql.Open("sqlite", plainDSN(s.path, "foreign_keys(1)", "busy_timeout(30000)", "synchronous(off)"))
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &plainSession{pool, conn}, nil
}

func (s *plainSession) Exec(ctx context.Context, query string) error {
	_, err := s.conn.ExecContext(ctx, query)
	return err
}

func (s *plainSession) Close() error { return errors.Join(s.conn.Close(), s.pool.Close()) }

func (s *sqlite) shell(ctx context.Context, script string) error {
	return s.sqlite3(ctx, strings.NewReader(script))
}

func (s *sqlite) runFile(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return s.sqlite3(ctx, file)
}

func (s *sqlite) sqlite3(ctx context.Context, script io.Reader) error {
	cmd := exec.CommandContext(ctx, "sqlite3", s.path)
	cmd.Stdin = io.MultiReader(strings.NewReader(".bail on\n.timeout 30000\nPRAGMA foreign_keys = on;\n"), script)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("sqlite3: %w\n%s", err, stderr.String())
	}
	return nil
}

func (s *sqlite) snapshot(ctx context.Context) (recount.Snapshot, func(), error) {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return recount.Snapshot{}, nil, err
	}
	release := func() { _ = tx.Rollback() }
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n); err != nil { // the first read takes the snapshot
		release()
		return recount.Snapshot{}, nil, err
	}
	return recount.SQLite(tx), release, nil
}

func (s *sqlite) draining(ctx context.Context) (at bool, err error) {
	if s.prober == nil { // it does not wait for locks
		if s.prober, err = sql.Open("sqlite", plainDSN(s.path, "busy_timeout(0)")); err != nil {
			return false, err
		}
		s.prober.SetMaxOpenConns(1)
	}
	_, err = s.prober.ExecContext(ctx, "BEGIN IMMEDIATE; ROLLBACK")
	var busy interface{ Code() int }
	if errors.As(err, &busy) && busy.Code()&0xff == sqliteBusy {
		return true, nil
	}
	return false, err
}

// sqliteBusy is SQLITE_BUSY.
const sqliteBusy = 5

func (s *sqlite) columns(ctx context.Context, table string) ([]string, error) {
	return s.column(ctx, "SELECT name FROM pragma_table_info(?)", table)
}

func (s *sqlite) announced(ctx context.Context, since int64) (a Announced, err error) {
	a.Deletions, err = s.column(ctx, "SELECT connector_instance_id FROM evidence_deletions WHERE version > ? ORDER BY 1", since)
	if err == nil {
		a.Connectors, err = s.column(ctx, "SELECT connector_id FROM manifest_versions WHERE version > ? ORDER BY 1", since)
	}
	return a, err
}

func (s *sqlite) column(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func (s *sqlite) dump(ctx context.Context) ([]Row, error) {
	var out []Row
	for _, d := range derived {
		names := append(append([]string{}, d.columns...), d.times...)
		texts := make([]string, len(names))
		for i, c := range names {
			texts[i] = "coalesce(CAST(" + c + " AS TEXT), 'NULL')"
		}
		rows, err := s.reader.QueryContext(ctx, "SELECT "+strings.Join(d.key, " || '/' || ")+", "+strings.Join(texts, ", ")+
			" FROM "+d.name+" ORDER BY "+strings.Join(d.key, ", "))
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			r := Row{d.name, "", map[string]string{}}
			values := make([]string, len(names))
			into := []any{&r.Key}
			for i := range values {
				into = append(into, &values[i])
			}
			if err := rows.Scan(into...); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			for i, name := range names {
				r.Columns[name] = values[i]
			}
			out = append(out, r)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
