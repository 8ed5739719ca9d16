package programtest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for the end of a process that was told to end.
const patience = 2 * time.Minute

// Command is the program with its arguments, on a database as --db names it. The caller may change it and has to start it.
func Command(t testing.TB, dsn string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := path()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "TIDEMARK_DB="+dsn)
	return cmd
}

// Run runs the program to its end, which must be a good one, and returns what it printed.
func Run(t testing.TB, dsn string, args ...string) string {
	t.Helper()
	return Exit(t, dsn, 0, args...)
}

// Exit runs the program to its end, which must have that exit status, and returns what it printed.
func Exit(t testing.TB, dsn string, status int, args ...string) string {
	t.Helper()
	cmd := Command(t, dsn, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != status {
		t.Fatalf("tidemark %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), got, status, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// Process is a process in the background. It is killed when the test is over; if that failed, the last of what it logged is told.
type Process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{}
}

// Start starts a Command. Its output is the Process's.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // how it ended is asked of ProcessState
	}()
	t.Cleanup(func() {
		p.Kill(t)
		if t.Failed() {
			t.Logf("%s logged at last:\n%s", p.name(), tail(p.Stderr()))
		}
	})
	return p
}

// Pid is its process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Runs reports whether it has not ended.
func (p *Process) Runs() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Stdout and Stderr are what it has printed and logged so far.
func (p *Process) Stdout() string { return p.stdout.String() }
func (p *Process) Stderr() string { return p.stderr.String() }

// Signal sends a signal; to one that has ended it sends none.
func (p *Process) Signal(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// Wait waits for its end and returns the exit status, -1 if a signal ended it.
func (p *Process) Wait(t testing.TB) int {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		t.Fatalf("%s does not end; it logged:\n%s", p.name(), tail(p.Stderr()))
	}
	return p.cmd.ProcessState.ExitCode()
}

// Kill ends it as kill -9 does, if it has not ended, and waits.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	p.Signal(t, os.Kill)
	<-p.ended
}

// Stop ends it in good order, which it must say.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	if status := p.Wait(t); status != 0 {
		t.Errorf("%s ended with status %d; it logged:\n%s", p.name(), status, tail(p.Stderr()))
	}
}

func (p *Process) name() string {
	return filepath.Base(p.cmd.Path) + " " + strings.Join(p.cmd.Args[1:], " ")
}

// output is written by one goroutine while another reads.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// tail is the end of a log.
func tail(log string) string {
	const enough = 4000
	return log[max(0, len(log)-enough):]
}
