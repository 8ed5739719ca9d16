package listener

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tidemark/internal/pgtest"
)

func TestOneLeads(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	first, loop := start(t, config(t, dsn))
	awaitPhase(t, first, PhaseAsleep)
	second, _ := start(t, config(t, dsn))
	awaitPhase(t, second, PhaseStandby)
	writer := connect(t, dsn)
	writer.mark()
	awaitMarks(t, first, 1)
	s := second.Status()
	if s.Role != RoleFollower || s.Signal != SignalNone || s.Reason != ReasonFollower || s.Drains != 0 {
		t.Errorf("%s by %s (%s), %d drains", s.Role, s.Signal, s.Reason, s.Drains)
	}
	if !s.Check().OK {
		t.Error("a follower is ready")
	}
	awaitPhase(t, first, PhaseAsleep)
	loop.end(t)
	if got := first.Status(); got.Role != RoleNone || got.Phase != PhaseStopped || got.Check().OK {
		t.Errorf("stopped: %s, %s", got.Role, got.Phase)
	}
	awaitPhase(t, second, PhaseAsleep)
	writer.mark()
	awaitMarks(t, second, 1)
}

func TestKilledLeaderIsReplaced(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, pgtest.Shared(t))
	kill := startChild(t, dsn)
	writer := connect(t, dsn)
	if writer.flag() != 2 {
		t.Fatal("the child does not sleep")
	}
	l, _ := start(t, config(t, dsn))
	awaitPhase(t, l, PhaseStandby)
	kill()
	writer.mark() // perhaps while nobody leads
	awaitPhase(t, l, PhaseAsleep)
	writer.mark()
	eventually(t, "nothing is left", func() bool { return ask[int](writer, "SELECT count(*)::int FROM tidemark.marks") == 0 })
}

// childDSN names the environment variable that makes the test binary a listener on that database.
const childDSN = "TIDEMARK_LISTENER_TEST_DSN"

// startChild returns when a listener in another process sleeps; kill is kill -9.
func startChild(t *testing.T, dsn string) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDSN+"="+dsn)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it was killed: that is no news
		}
	}
	t.Cleanup(kill)
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the child said nothing")
	}
	return kill
}

// runChild is a listener until it is killed.
func runChild(dsn string) {
	ctx := context.Background()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		panic(err)
	}
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		panic(err)
	}
	l := New(Config{Connect: cfg, Drainer: &plainDrainer{pool: pool}, SafetyPoll: never})
	go func() {
		for range time.Tick(time.Millisecond) {
			if l.Status().Phase == PhaseAsleep {
				fmt.Println("asleep")
				return
			}
		}
	}()
	panic(l.Run(ctx))
}
