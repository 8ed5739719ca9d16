package crash

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidemark/internal/pgtest"
)

// built is the program, built once.
var built string

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		os.Exit(child(path))
	}
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tidemark")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = filepath.Join(dir, "tidemark")
	if out, err := exec.Command("go", "build", "-o", built, "tidemark/cmd/tidemark").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return pgtest.Main(m)
}

// within is how long anything may take here, on a machine that does other things too.
const within = 2 * time.Minute

// program is a running tidemark.
type program struct {
	*exec.Cmd
	said  strings.Builder
	ended chan struct{}
}

// start runs tidemark; it is killed when the test is over.
func start(t *testing.T, dsn string, args ...string) *program {
	t.Helper()
	p := &program{Cmd: exec.Command(built, append(args, "--db", dsn)...), ended: make(chan struct{})}
	p.Stderr = &p.said
	out, err := p.StdoutPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{}, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "Tidemark console: ") {
				ready <- struct{}{}
			}
		}
		_ = p.Wait() // how it ended is asked of ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill(t)
		if t.Failed() {
			t.Logf("tidemark %v said:\n%s", args, p.said.String())
		}
	})
	if args[0] == "serve" {
		select {
		case <-ready:
		case <-p.ended:
			t.Fatalf("tidemark serve ended before it gave its address\n%s", p.said.String())
		}
	}
	return p
}

// serve starts the service.
func serve(t *testing.T, dsn string) *program {
	t.Helper()
	return start(t, dsn, "serve", "--addr", "127.0.0.1:0")
}

// kill ends it as kill -9 does, if it has not ended, and waits.
func (p *program) kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-p.ended
}

// runs reports whether it has not ended.
func (p *program) runs() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// tidemark runs the program to its end, which must be a good one.
func tidemark(t *testing.T, dsn string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), built, append(args, "--db", dsn)...).CombinedOutput(); err != nil {
		t.Fatalf("tidemark %v: %v\n%s", args, err, out)
	}
}

// moment lets up to d go by, and at most as long as the programs run.
func moment(r *rand.Rand, d time.Duration, programs ...*program) {
	timer := time.NewTimer(time.Duration(r.Int64N(int64(d))))
	defer timer.Stop()
	ended := make(chan struct{})
	if len(programs) > 0 {
		ended = programs[0].ended
	}
	select {
	case <-timer.C:
	case <-ended:
	}
}

// freeze stops processes until thaw.
func freeze(t *testing.T, pids ...int) (thaw func()) {
	t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
	eventually(t, "the processes stand still", func() bool {
		for _, pid := range pids {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if _, after, _ := strings.Cut(string(stat), ") "); err == nil && !strings.ContainsAny(after[:1], "TZX") {
				return false
			}
		}
		return true
	})
	return func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGCONT) // it may have ended
		}
	}
}

// eventually polls until it holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	every := time.NewTicker(2 * time.Millisecond)
	defer every.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("%s: it did not come to that", what)
		case <-every.C:
		}
	}
}
