package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tidemark/internal/apicheck"
	"tidemark/server"
)

// within is how long a test waits for what takes milliseconds on a machine that has nothing else to do.
const within = 60 * time.Second

// process is a `tidemark serve`.
type process struct {
	cmd    *exec.Cmd
	base   string // http://HOST:PORT/
	token  string // of --demo; "" without
	stdout <-chan string
	stderr *lockedBuffer
}

// lockedBuffer is written by one goroutine and read by another.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// startServer runs `tidemark serve` on a free port and returns when it has said where.
func startServer(t *testing.T, dsn string, args ...string) *process {
	t.Helper()
	p := &process{stderr: &lockedBuffer{}}
	p.cmd = exec.CommandContext(context.Background(), "tidemark", append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	p.cmd.Env = append(os.Environ(), "TIDEMARK_DB="+dsn)
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", p.stderr)
		}
	})
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	p.stdout = lines
	select {
	case line := <-lines:
		_, at, ok := strings.Cut(line, "Tidemark console: ")
		if !ok {
			t.Fatalf("serve printed %q, want the console's address; it said: %s", line, p.stderr)
		}
		p.base, p.token, _ = strings.Cut(at, "#token=")
	case <-time.After(within):
		t.Fatalf("serve printed no address within %s; it said: %s", within, p.stderr)
	}
	return p
}

// end sends the signal and returns the exit status, -1 if the signal ended the process.
func (p *process) end(t *testing.T, signal syscall.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(done) }()
	select {
	case <-done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("serve did not end within %s of %s; it said: %s", within, signal, p.stderr)
		return 0
	}
}

// get reads JSON from the server and returns the status.
func (p *process) get(t *testing.T, path, token string, into any) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	check, err := document()
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: check.Transport(t, &http.Transport{DisableKeepAlives: true})}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(body, into); err != nil {
			t.Fatalf("%s: %v in %s", path, err, body)
		}
	}
	return answer.StatusCode
}

// document is what every answer is held against.
var document = sync.OnceValues(func() (*apicheck.Checker, error) {
	text, err := server.OpenAPI()
	if err != nil {
		return nil, err
	}
	return apicheck.New(text)
})

// row is what the tests read of a summary.
type row struct {
	ConnectionID       string `json:"connection_id"`
	TotalRecords       *int64 `json:"total_records"`
	TotalRetainedBytes *int64 `json:"total_retained_bytes"`
	StreamRecords      []struct {
		Stream      string  `json:"stream"`
		RecordCount *int64  `json:"record_count"`
		LastUpdated *string `json:"last_updated"`
	} `json:"stream_records"`
	Health struct {
		State string `json:"state"`
	} `json:"connection_health"`
	Evidence struct {
		Dirty   bool  `json:"dirty"`
		Version int64 `json:"version"`
	} `json:"evidence"`
}

func (p *process) rows(t *testing.T, token string) map[string]row {
	t.Helper()
	var list struct {
		Data []row `json:"data"`
	}
	if status := p.get(t, "_ref/connectors", token, &list); status != http.StatusOK {
		t.Fatalf("list: status %d", status)
	}
	out := map[string]row{}
	for _, r := range list.Data {
		out[r.ConnectionID] = r
	}
	return out
}

// until waits until what ok looks at is so.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(within); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// tidemark runs a command and returns what it printed; it must end with that status.
func tidemark(t *testing.T, dsn string, status int, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "tidemark", args...)
	c.Env = append(os.Environ(), "TIDEMARK_DB="+dsn)
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != status {
		t.Fatalf("tidemark %s: exit status %d, want %d: %s%s", strings.Join(args, " "), got, status, out, said.String())
	}
	return string(out)
}

// drained reports whether no mark is left.
func drained(t *testing.T, dsn string) bool {
	t.Helper()
	var s struct {
		MarksPending *int64 `json:"marks_pending"`
	}
	text := tidemark(t, dsn, statusFine, "status", "--json")
	if err := json.Unmarshal([]byte(text), &s); err != nil || s.MarksPending == nil {
		t.Fatalf("status: %v in %s", err, text)
	}
	return *s.MarksPending == 0
}

func show(n *int64) string {
	if n == nil {
		return "null"
	}
	return fmt.Sprint(*n)
}
