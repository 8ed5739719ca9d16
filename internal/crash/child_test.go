package crash

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite" // a foreign writer uses it without our hooks

	"tidemark/sqlitecompat"
)

// childEnv makes this test binary a writer on SQLite, that can be killed: "layer", "foreign" or "shell", the number of its first
// transaction, a seed, and the file.
const childEnv = "TIDEMARK_CRASH_CHILD"

// child writes until it is killed, and prints the number of every transaction that was committed.
func child(what string) int {
	fields := strings.SplitN(what, " ", 4)
	first, err := strconv.Atoi(fields[1])
	seed, e := strconv.ParseUint(fields[2], 10, 64)
	if err = errors.Join(err, e); err == nil {
		err = writeForever(fields[0], first, rand.New(rand.NewPCG(seed, 3)), fields[3])
	}
	fmt.Fprintln(os.Stderr, what, err)
	return 1
}

func writeForever(kind string, first int, r *rand.Rand, path string) error {
	ctx := context.Background()
	var db *sql.DB
	if kind == "layer" {
		d, err := sqlitecompat.Open(ctx, path, sqlitecompat.Options{})
		if err != nil {
			return err
		}
		db = d.Writer()
	} else {
		var err error
		address := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + url.Values{"_pragma": {"busy_timeout(30000)", "foreign_keys(1)"}}.Encode()
		if db, err = sql.Open("sqlite", address); err != nil {
			return err
		}
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	for n := first; ; n++ {
		<-time.After(pace)
		_, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE")
		if err != nil && strings.Contains(err.Error(), "SQLITE_BUSY") {
			n--
			continue
		}
		for _, query := range transaction(r, kind, n) {
			if err == nil {
				_, err = conn.ExecContext(ctx, query)
			}
		}
		if err == nil {
			_, err = conn.ExecContext(ctx, "COMMIT")
		}
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// pace is what a writer leaves to the others between two transactions: SQLite lets no one wait in line.
const pace = 3 * time.Millisecond

// writer is such a child.
type writer struct {
	*exec.Cmd
	name string
	done atomic.Int64 // the last transaction that it was told is committed
	read chan struct{}
}

// spawn starts one. The shell is sqlite3 itself, fed with statements; it prints the numbers, too.
func spawn(t *testing.T, kind, path string, first int, seed uint64) *writer {
	t.Helper()
	w := &writer{name: kind, read: make(chan struct{})}
	if kind == "shell" {
		w.Cmd = exec.Command("sqlite3", path)
		w.Stdin = &script{r: rand.New(rand.NewPCG(seed, 4)), n: first}
	} else {
		w.Cmd = exec.Command(os.Args[0])
		w.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d %s", childEnv, kind, first, seed, path))
	}
	w.Stderr = os.Stderr
	out, err := w.StdoutPipe()
	if err == nil {
		err = w.Start()
	}
	if err != nil {
		t.Fatalf("%s: %v (Debian's package sqlite3 has the shell)", kind, err)
	}
	go func() {
		defer close(w.read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
				w.done.Store(n)
			}
		}
	}()
	t.Cleanup(func() { w.kill() })
	return w
}

// kill ends it as kill -9 does.
func (w *writer) kill() {
	_ = w.Process.Kill() // it may have ended
	<-w.read
	_ = w.Wait() // which says that it was killed
}

// script is what the shell reads: transactions without an end. The shell stops at the first error, so that it never says that
// something is committed that is not.
type script struct {
	r    *rand.Rand
	n    int
	left strings.Reader
}

func (s *script) Read(p []byte) (int, error) {
	if s.left.Len() == 0 {
		<-time.After(pace)
		text := ".bail on\n.timeout 30000\nPRAGMA foreign_keys = on;\nBEGIN IMMEDIATE;\n" + strings.Join(transaction(s.r, "shell", s.n), ";\n") + ";\nCOMMIT;\n"
		s.left.Reset(text + fmt.Sprintf(".print %d\n", s.n))
		s.n++
	}
	n, err := s.left.Read(p)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
