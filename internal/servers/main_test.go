package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/pgtest"
)

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tidemark")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "tidemark")
	if out, err := exec.Command("go", "build", "-o", binary, "tidemark/cmd/tidemark").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return pgtest.Main(m)
}

// patience is how long a test waits for what must happen.
const patience = 2 * time.Minute

// eventually polls until it holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain until %s", what)
		case <-every.C:
		}
	}
}

// server is a running `tidemark serve`.
type server struct {
	name   string // the role that it connects as
	cmd    *exec.Cmd
	url    string
	stderr *lockedBuffer
}

// lockedBuffer is a buffer that may be read while a process writes.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// serve starts a server, with the words of prefix before the command, and waits until it has bound its address.
func serve(t *testing.T, name, dsn string, prefix []string, flags ...string) *server {
	t.Helper()
	args := append(prefix, binary, "serve", "--addr", "127.0.0.1:0", "--db", dsn)
	args = append(args, flags...)
	s := &server{name: name, cmd: exec.Command(args[0], args[1:]...), stderr: new(lockedBuffer)}
	out := new(lockedBuffer)
	s.cmd.Stdout, s.cmd.Stderr = out, s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, s.stderr)
		}
	})
	eventually(t, name+" serves", func() bool {
		if s.cmd.ProcessState != nil {
			return true
		}
		_, at, ok := strings.Cut(out.String(), "Tidemark console: ")
		at, _, whole := strings.Cut(at, "\n")
		s.url = strings.TrimSuffix(at, "/")
		return ok && whole
	})
	return s
}

// kill is kill -9.
func (s *server) kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait() // which says that it was killed
	}
}

func (s *server) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// ready reports whether it calls itself ready, and what it says.
func (s *server) ready(t *testing.T) (bool, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, err.Error()
	}
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(response.Body)
	return response.StatusCode == http.StatusOK && err == nil, body.String()
}

// metrics is what a server started with --metrics everyone shows.
func (s *server) metrics(t *testing.T) string {
	t.Helper()
	response, err := http.Get(s.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return body.String()
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
