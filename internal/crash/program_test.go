package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
	"tidemark/internal/programtest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		os.Exit(child(path))
	}
	os.Exit(programtest.Main(pgtest.Runner(m)))
}

// start runs the program; it is killed when the test is over.
func start(t *testing.T, dsn string, args ...string) *programtest.Process {
	t.Helper()
	return programtest.Start(t, programtest.Command(t, dsn, args...))
}

// moment lets up to d go by, and at most as long as the programs run.
func moment(r *rand.Rand, d time.Duration, programs ...*programtest.Process) {
	timer := time.NewTimer(time.Duration(r.Int64N(int64(d))))
	defer timer.Stop()
	var ended <-chan struct{}
	if len(programs) > 0 {
		ended = programs[0].Ended()
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
	poll.Until(t, "the processes stand still", func() bool {
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
