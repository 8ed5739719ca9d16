package pgcluster_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/pgcluster"
	"tidemark/internal/poll"
)

// openUp lets the server's user into the directories that testing makes for us alone.
func openUp(dir string) error {
	for ; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

func TestKillThenRestartRecovers(t *testing.T) {
	c := start(t, pgcluster.Options{})
	exec(t, c, "CREATE TABLE kept (v text)", "INSERT INTO kept VALUES ('committed')")
	busy, err := pgx.Connect(t.Context(), c.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close(context.Background())
	if _, err := busy.Exec(t.Context(), "BEGIN; INSERT INTO kept VALUES ('lost')"); err != nil {
		t.Fatal(err)
	}
	port, pid := c.Port(), c.Pid()
	if err := c.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := serversIn(t, c.DataDir()); len(left) > 0 || c.Pid() != 0 {
		t.Errorf("still running after Kill: %v, Pid() = %d", left, c.Pid())
	}
	if err := busy.Ping(t.Context()); err == nil {
		t.Error("backend outlived its postmaster")
	}
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.Port() != port || c.Pid() == pid {
		t.Errorf("port %d -> %d, pid %d -> %d: want the same port and another pid", port, c.Port(), pid, c.Pid())
	}
	if got := ask(t, c.DSN("postgres"), "SELECT string_agg(v, ',') FROM kept"); got != "committed" {
		t.Errorf("after recovery the table holds %q", got)
	}
	log, err := os.ReadFile(c.LogFile())
	if err != nil || !strings.Contains(string(log), "was not properly shut down") {
		t.Errorf("the log tells of no recovery (%v)", err)
	}
}

func TestStopAndCloseMayBeRepeated(t *testing.T) {
	c := start(t, pgcluster.Options{})
	for range 2 {
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second restarts a running server
		if err := c.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Restart(t.Context()); err == nil {
		t.Error("a closed cluster was restarted")
	}
}

func TestStandbyStreamsAndIsPromoted(t *testing.T) {
	primary := start(t, pgcluster.Options{})
	exec(t, primary, "CREATE TABLE kept (v text)", "INSERT INTO kept VALUES ('before')")
	standby, err := primary.Standby(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer standby.Close()
	exec(t, primary, "INSERT INTO kept VALUES ('after')")
	poll.Until(t, "standby has both rows", func() bool {
		return ask(t, standby.DSN("postgres"), "SELECT count(*)::text FROM kept") == "2"
	})
	if err := standby.Exec(t.Context(), "postgres", "INSERT INTO kept VALUES ('refused')"); err == nil {
		t.Error("standby accepted a write")
	}
	if err := primary.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, standby, "INSERT INTO kept VALUES ('on the new primary')")
}

// ownerEnv makes this test binary start a cluster, say where it is, and then do what the variable says.
const ownerEnv = "TIDEMARK_TEST_CLUSTER_OWNER"

// own is the child process: it never closes its cluster.
func own() {
	c, err := pgcluster.Start(context.Background(), pgcluster.Options{})
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	pidFile, err := os.ReadFile(filepath.Join(c.DataDir(), "postmaster.pid"))
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	// "key id" of its System V shared memory.
	segment := strings.Fields(strings.Split(string(pidFile), "\n")[6])[1]
	if os.Getenv(ownerEnv) == "leaves a killed server" {
		if err := c.Kill(context.Background()); err != nil {
			fmt.Println("error:", err)
			return
		}
	}
	fmt.Println(c.DataDir(), segment)
	if os.Getenv(ownerEnv) == "is killed" {
		select {}
	}
}

// However the process that owns a cluster ends, nothing of the cluster stays.
func TestClusterEndsWithItsOwner(t *testing.T) {
	for _, fate := range []string{"is killed", "ends without a word", "leaves a killed server"} {
		t.Run(fate, func(t *testing.T) {
			owner := osexec.Command(os.Args[0])
			owner.Env = append(os.Environ(), ownerEnv+"="+fate)
			out, err := owner.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := owner.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			dataDir, segment, ok := strings.Cut(strings.TrimSpace(line), " ")
			if err != nil || !ok || !filepath.IsAbs(dataDir) {
				t.Fatalf("owner says %q (%v)", line, err)
			}
			if fate == "is killed" {
				if len(serversIn(t, dataDir)) == 0 {
					t.Error("no server runs: the test proves nothing")
				}
				if err := owner.Process.Signal(syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			_ = owner.Wait() // it was killed
			poll.Until(t, "no process, directory and shared memory is left", func() bool {
				return len(serversIn(t, dataDir)) == 0 && gone(filepath.Dir(dataDir)) && !hasSegment(t, segment)
			})
		})
	}
}

// serversIn lists the processes that work in a directory, as the system sees them.
func serversIn(t *testing.T, dir string) (pids []int) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && at == dir {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(link)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// hasSegment says whether a System V shared memory segment exists.
func hasSegment(t *testing.T, id string) bool {
	t.Helper()
	table, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[1] == id {
			return true
		}
	}
	return false
}
