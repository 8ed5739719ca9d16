package sqlitecompat

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tidemark/internal/recount"
	"tidemark/summary"
)

// tb is testing.T or rapid.T.
type tb interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// fixture is a migrated file with two connectors and three connections, drained.
type fixture struct {
	*DB
	path string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	template.once.Do(func() { template.content = template.build(t) })
	path := filepath.Join(t.TempDir(), "tide mark%?#.db") // characters that an address would mistake
	if err := os.WriteFile(path, template.content, 0o600); err != nil {
		t.Fatal(err)
	}
	return &fixture{reopen(t, path), path}
}

// template is the content of a new fixture's file. Nobody builds it twice.
var template contents

type contents struct {
	once    sync.Once
	content []byte
}

func (*contents) build(t *testing.T) []byte {
	t.Helper()
	f := newEmpty(t)
	f.must(t,
		`INSERT INTO connectors (connector_id, display_name, manifest) VALUES ('amazon', 'Amazon', '{"version":"1"}'), ('bank', NULL, NULL)`,
		`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding_key, source_binding) VALUES
			('c1', 'ann', 'amazon', 'browser_collector', 'k1', '{"browser_profile_key":"p1"}'),
			('c2', 'ann', 'amazon', 'browser_collector', 'k2', '{"browser_profile_key":"p2"}'),
			('c3', 'bob', 'bank', 'account', NULL, '{}')`)
	f.settle(t)
	if err := f.Close(); err != nil { // which folds the WAL into the file
		t.Fatal(err)
	}
	content, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func newEmpty(t *testing.T) *fixture {
	t.Helper()
	path := filepath.Join(t.TempDir(), "new.db")
	db := reopen(t, path)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &fixture{db, path}
}

// reopen opens a file until the test ends.
func reopen(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, Options{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// must runs statements through the layer, each by itself.
func (f *fixture) must(t tb, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := f.Writer().ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%v\n%s", err, s)
		}
	}
}

// fails runs a statement that must fail.
func (f *fixture) fails(t tb, statement string) error {
	t.Helper()
	_, err := f.Writer().ExecContext(t.Context(), statement)
	if err == nil {
		t.Fatalf("does not fail: %s", statement)
	}
	return err
}

// shell runs a script in the sqlite3 shell, and python one in Python: foreign writers both.
func (f *fixture) shell(t tb, script string) string {
	t.Helper()
	out, err := sqliteShell(f.path, script)
	if err != nil {
		t.Fatalf("sqlite3: %v: %s\n%s", err, out, script)
	}
	return out
}

func sqliteShell(path, script string) (string, error) {
	cmd := exec.Command("sqlite3", "-bail", "-cmd", ".timeout 10000", path)
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// marks are the pending marks as text, sorted: scope, component, recount, ids, stream, deltas.
func (f *fixture) marks(t tb) []string {
	t.Helper()
	return f.query(t, `
		SELECT concat_ws(' ', scope, component, CASE WHEN recount THEN 'recount' END,
			connector_instance_id, stream, 'run:' || run_id, 'profile:' || profile_key, 'connector:' || connector_id,
			'records:' || nullif(records_delta || '/' || record_bytes_delta, '0/0'), 'history:' || nullif(changes_delta || '/' || change_bytes_delta, '0/0'),
			'blobs:' || nullif(blobs_delta || '/' || blob_bytes_delta, '0/0'), 'gained:' || newest_gained, 'lost:' || newest_lost)
		FROM marks ORDER BY 1`)
}

// query reads the only column.
func (f *fixture) query(t tb, query string) []string {
	t.Helper()
	out, err := source{q: f.Reader()}.list(t.Context(), query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	return out
}

// wantMarks compares the pending marks.
func (f *fixture) wantMarks(t tb, want ...string) {
	t.Helper()
	got := f.marks(t)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("marks are\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	f.check(t)
}

// check holds this moment's snapshot against G2, by an independent recount in plain SQL.
func (f *fixture) check(t tb) { f.judge(t, (*recount.State).Check) }

// settle drains until nothing is left, and holds what there is then against G3.
func (f *fixture) settle(t tb) {
	t.Helper()
	for range 1000 {
		pending, err := f.Pending(t.Context())
		if err != nil {
			t.Fatalf("%v", err)
		}
		if !pending {
			f.judge(t, (*recount.State).Settled)
			return
		}
		if _, err := f.Drain(t.Context()); err != nil {
			t.Fatalf("%v", err)
		}
		f.check(t)
	}
	t.Fatalf("marks are pending after 1,000 drains")
}

// untrusted names the tables whose capture is not trusted, each with why; trust trusts them: the marks that were left cover them.
func (f *fixture) untrusted(t tb) []string {
	t.Helper()
	states, err := f.Capture(t.Context())
	if err != nil {
		t.Fatalf("%v", err)
	}
	var out []string
	for _, s := range states {
		if !s.Trusted {
			out = append(out, fmt.Sprint(s.Table, " ", *s.ReasonCode, " ", s.Recount))
		}
	}
	return out
}

// captureChanged is when trust in capture was last lost or earned.
func (f *fixture) captureChanged(t tb) summary.Instant {
	t.Helper()
	events, err := f.Events(t.Context(), summary.EventQuery{After: math.MaxInt64})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return events.Capture
}

func (f *fixture) trust(t tb) {
	t.Helper()
	states, err := f.Capture(t.Context())
	if err == nil {
		err = f.Trust(t.Context(), states)
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func (f *fixture) judge(t tb, judge func(*recount.State) []recount.Problem) {
	t.Helper()
	tx, err := f.Reader().BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	state, err := recount.Load(t.Context(), recount.SQLite(tx))
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, p := range judge(state) {
		t.Errorf("%s", p)
	}
}

// records renders a VALUES list: key=json@second, live.
func records(connection, stream string, rows ...string) string {
	var out []string
	for _, r := range rows {
		key, rest, _ := strings.Cut(r, "=")
		json, second, _ := strings.Cut(rest, "@")
		out = append(out, fmt.Sprintf(`('%s', '%s', '%s', '%s', '%s')`, connection, stream, key, json, at(second)))
	}
	return `INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ` + strings.Join(out, ", ")
}

// at is a time in the form of the source tables.
func at(second string) string { return fmt.Sprintf("2026-01-01T00:00:%2s.000000Z", second) }
