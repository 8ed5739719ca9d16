package endtoend

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

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

// within is how long anything may take here, on a machine that does other things too.
const within = 60 * time.Second

// tidemark runs the program to its end and returns what it printed; exit is the status that it must have.
func tidemark(t *testing.T, dsn string, exit int, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append(args, "--db", dsn)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("tidemark %v: %v", args, err)
	}
	if got := cmd.ProcessState.ExitCode(); got != exit {
		t.Fatalf("tidemark %v: exit status %d, want %d\n%s%s", args, got, exit, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.Bytes()
}

// verified expects that `tidemark verify` finds nothing.
func verified(t *testing.T, dsn string) {
	t.Helper()
	tidemark(t, dsn, 0, "verify")
}

// service is a running `tidemark serve`.
type service struct {
	cmd    *exec.Cmd
	url    string
	token  string
	stderr *bytes.Buffer
}

// serve starts the service and waits until it answers.
func serve(t *testing.T, dsn, token string) *service {
	t.Helper()
	s := &service{cmd: exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--db", dsn), token: token, stderr: new(bytes.Buffer)}
	s.cmd.Stderr = s.stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("the service said:\n%s", s.stderr)
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if at, ok := strings.CutPrefix(lines.Text(), "Tidemark console: "); ok {
			s.url = strings.TrimSuffix(at, "/")
			break
		}
	}
	if s.url == "" {
		t.Fatalf("the service ended before it gave its address\n%s", s.stderr)
	}
	return s
}

// kill ends the service as kill -9 does.
func (s *service) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait() // which says that it was killed
}

// stop ends it in good order.
func (s *service) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the service ended: %v\n%s", err, s.stderr)
	}
}

// summary is the part of SUMMARY that these tests look at.
type summary struct {
	ConnectionID       string  `json:"connection_id"`
	TotalRecords       *int64  `json:"total_records"`
	TotalRecordsState  string  `json:"total_records_state"`
	TotalRetainedBytes *int64  `json:"total_retained_bytes"`
	LastRecordAt       *string `json:"last_record_updated_at"`
	StreamRecords      []struct {
		Stream      string  `json:"stream"`
		RecordCount *int64  `json:"record_count"`
		LastUpdated *string `json:"last_updated"`
	} `json:"stream_records"`
	Evidence struct {
		Version         int64    `json:"version"`
		Dirty           bool     `json:"dirty"`
		StaleComponents []string `json:"stale_components"`
	} `json:"evidence"`
}

// read gets a connection's summary; ok is false where there is none.
func (s *service) read(ctx context.Context, id string) (got summary, ok bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/_ref/connectors/"+id, nil)
	if err != nil {
		return got, false, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return got, false, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusNotFound:
		return got, false, nil
	case http.StatusOK:
		return got, true, json.NewDecoder(response.Body).Decode(&got)
	}
	return got, false, fmt.Errorf("GET %s: %s", request.URL, response.Status)
}

// until polls the summary of a connection until it is as wanted.
func (s *service) until(t *testing.T, id, what string, wanted func(got summary, ok bool) bool) summary {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	for {
		got, ok, err := s.read(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if wanted(got, ok) {
			return got
		}
		select {
		case <-ctx.Done():
			text, _ := json.Marshal(got)
			t.Fatalf("%s: %s did not come to show it; last seen: %s", what, id, text)
		case <-every.C:
		}
	}
}

// eventually polls until it holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	every := time.NewTicker(time.Millisecond)
	defer every.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("%s: it did not come to that", what)
		case <-every.C:
		}
	}
}

// databases are a new, empty one of each engine, as --db names it.
func databases(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"postgres": pgtest.NewDatabase(t),
		"sqlite":   "sqlite:" + filepath.Join(t.TempDir(), "tidemark.db"),
	}
}

// tokenFor makes one.
func tokenFor(t *testing.T, dsn, owner string) string {
	t.Helper()
	return strings.TrimSpace(string(tidemark(t, dsn, 0, "token", "create", "--owner", owner)))
}
