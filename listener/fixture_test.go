package listener

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"tidemark/drain"
	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
	"tidemark/migrations"
)

// patience is how long a test waits for what must happen. Tests share a cluster, and a transaction that one holds open
// keeps the leaders of all others from sleeping for as long as it takes.
const patience = 2 * time.Minute

// never is an interval that does not pass while a test runs: with it as the safety poll, only a signal wakes.
const never = time.Hour

func TestMain(m *testing.M) {
	if dsn := os.Getenv(childDSN); dsn != "" {
		runChild(dsn)
		return
	}
	goleak.VerifyTestMain(pgtest.Runner(m))
}

// newDatabase returns the DSN of a migrated database on the cluster.
func newDatabase(t *testing.T, c *pgtest.Cluster) string {
	t.Helper()
	return c.NewDatabaseFrom(t, c.Template(t, "listener", migrate))
}

func migrate(dsn string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE SCHEMA tidemark"); err != nil {
		return err
	}
	names, err := fs.Glob(migrations.Postgres(), "*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		sql, err := fs.ReadFile(migrations.Postgres(), name)
		if err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, string(sql)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// config is that of a listener which only a signal wakes.
func config(t *testing.T, dsn string) Config {
	t.Helper()
	return Config{
		Connect: parse(t, dsn), Drainer: newPlainDrainer(t, dsn),
		SafetyPoll: never, TakeOver: 20 * time.Millisecond, PingEvery: 100 * time.Millisecond,
	}
}

func parse(t *testing.T, dsn string) *pgx.ConnConfig {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// running is a loop that a test has started.
type running struct {
	stop context.CancelFunc
	done chan error
}

// run starts a loop; the test fails if it ends with an error, or not at all.
func run(t *testing.T, loop func(context.Context) error) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- loop(ctx) }()
	t.Cleanup(func() { r.end(t) })
	return r
}

// outcome is the error with which a loop ends by itself; nil if it does not.
func outcome(t *testing.T, loop func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return loop(ctx)
}

// end stops the loop and waits for its end. It may be called again.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	select {
	case err, first := <-r.done:
		if first {
			close(r.done)
		}
		if err != nil {
			t.Errorf("the loop ended with: %v", err)
		}
	case <-time.After(patience):
		t.Error("the loop does not end")
	}
}

// start runs a new listener.
func start(t *testing.T, cfg Config) (*Listener, *running) {
	t.Helper()
	l := New(cfg)
	return l, run(t, l.Run)
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	poll.Until(t, what, holds)
}

func awaitPhase(t *testing.T, l *Listener, p Phase) {
	t.Helper()
	eventually(t, "the phase is "+string(p), func() bool { return l.Status().Phase == p })
}

// awaitMarks waits until the listener has drained n marks in all.
func awaitMarks(t *testing.T, l *Listener, n int64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d marks are drained", n), func() bool { return l.Status().Marks >= n })
	if got := l.Status().Marks; got != n {
		t.Fatalf("%d marks drained, want %d", got, n)
	}
}

// plainDrainer is the simplest drainer: it deletes marks. Its hooks, if any, run before a drain, and after a look for
// marks that found none.
type plainDrainer struct {
	pool  *pgxpool.Pool
	looks atomic.Int64

	mu     sync.Mutex
	hook   func(context.Context) error
	looked func()
}

func newPlainDrainer(t *testing.T, dsn string) *plainDrainer {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &plainDrainer{pool: pool}
}

func (d *plainDrainer) before(hook func(context.Context) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hook = hook
}

func (d *plainDrainer) afterLook(looked func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looked = looked
}

func (d *plainDrainer) Drain(ctx context.Context) (drain.Result, error) {
	d.mu.Lock()
	hook := d.hook
	d.mu.Unlock()
	if hook != nil {
		if err := hook(ctx); err != nil {
			return drain.Result{}, err
		}
	}
	tag, err := d.pool.Exec(ctx, "DELETE FROM tidemark.marks")
	return drain.Result{Marks: tag.RowsAffected()}, err
}

func (d *plainDrainer) Pending(ctx context.Context) (pending bool, err error) {
	err = d.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM tidemark.marks)").Scan(&pending)
	d.looks.Add(1)
	d.mu.Lock()
	looked := d.looked
	d.mu.Unlock()
	if looked != nil && !pending && err == nil {
		looked()
	}
	return pending, err
}

// program is a session of some other program's.
type program struct {
	t    *testing.T
	conn *pgx.Conn
}

func connect(t *testing.T, dsn string) *program {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &program{t, conn}
}

// exec may be called from any goroutine, so it does not end the test.
func (p *program) exec(sql string, args ...any) {
	p.t.Helper()
	if _, err := p.conn.Exec(context.Background(), sql, args...); err != nil {
		p.t.Errorf("%s: %v", sql, err)
	}
}

// newRole is one that may log in and use the schema; it goes with the test.
func newRole(t *testing.T, dsn, attribute string) string {
	t.Helper()
	name := parse(t, dsn).Database + "_" + strings.ToLower(attribute)
	role := pgx.Identifier{name}.Sanitize()
	admin := connect(t, dsn)
	admin.exec("CREATE ROLE " + role + " LOGIN " + attribute)
	t.Cleanup(func() {
		admin.exec("REASSIGN OWNED BY " + role + " TO CURRENT_USER; DROP OWNED BY " + role + "; DROP ROLE " + role)
	})
	admin.exec("GRANT USAGE ON SCHEMA tidemark TO " + role)
	return name
}

// mark leaves a mark and notifies if the flag is up, as the triggers do.
func (p *program) mark() { p.t.Helper(); p.exec("SELECT tidemark.mark('ci_1')") }

// flag is the wake-up flag: 2 is up, 1 down.
func (p *program) flag() int64 {
	p.t.Helper()
	return ask[int64](p, "SELECT last_value FROM tidemark.wake_flag")
}

// endSessions ends those with the given application name, as an administrator would.
func (p *program) endSessions(name string) {
	p.t.Helper()
	if n := ask[int](p, "SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity WHERE datname = current_database() AND application_name = '"+name+"'"); n == 0 {
		p.t.Fatalf("nobody is called %s", name)
	}
}

func ask[T any](p *program, sql string) T {
	p.t.Helper()
	var answer T
	if err := p.conn.QueryRow(context.Background(), sql).Scan(&answer); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

// errTest is a failure that a test makes.
var errTest = errors.New("made to fail")
