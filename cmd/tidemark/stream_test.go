package main

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidemark/internal/programtest"
)

// stream opens GET /_ref/events and returns its lines until it ends.
func (p process) stream(t *testing.T, token string) <-chan string {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/_ref/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("stream: status %d", answer.StatusCode)
	}
	lines := make(chan string, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(lines)
		for s := bufio.NewScanner(answer.Body); s.Scan(); {
			lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		leave()
		_ = answer.Body.Close()
		<-done
	})
	return lines
}

// awaitLine waits for a line that holds all the words.
func awaitLine(t *testing.T, lines <-chan string, words ...string) {
	t.Helper()
	limit := time.After(within)
	for {
		select {
		case line, open := <-lines:
			if !open {
				t.Fatalf("the stream ended before a line with %q", words)
			}
			found := true
			for _, w := range words {
				found = found && strings.Contains(line, w)
			}
			if found {
				return
			}
		case <-limit:
			t.Fatalf("no line with %q within %s", words, within)
		}
	}
}

// TestServeStreams: plain SQL of somebody else reaches a browser, of whichever server; the end of a token or of the server ends
// the stream; an operator sees it in the metrics.
func TestServeStreams(t *testing.T) {
	eachEngine(t, func(t *testing.T, dsn string) {
		p := startServer(t, dsn, "--demo")
		lines := p.stream(t, p.Token)
		awaitLine(t, lines, "id: ")
		mustForeign(t, dsn, `INSERT INTO {records} (connector_instance_id, stream, record_key, record_json) VALUES ('ci_spotify', 'plays', 'streamed', '{}')`)
		awaitLine(t, lines, `"connection_id":"ci_spotify"`, `"reason":"evidence"`)
		mustForeign(t, dsn, `UPDATE {connectors} SET display_name = 'Other' WHERE connector_id = 'spotify'`)
		awaitLine(t, lines, `"connection_id":"ci_spotify"`, `"reason":"manifest"`)
		mustForeign(t, dsn, `DELETE FROM {connector_instances} WHERE connector_instance_id = 'ci_spotify'`)
		awaitLine(t, lines, `"connection_id":"ci_spotify"`, `"version"`)

		operator := strings.TrimSpace(programtest.Run(t, dsn, "token", "create", "--operator"))
		for path, want := range map[string]int{"/metrics": http.StatusUnauthorized, "/_ref/connectors": http.StatusUnauthorized} {
			if status := p.get(t, path, "", nil); status != want {
				t.Errorf("%s without a token: status %d", path, status)
			}
		}
		if status := p.get(t, "/metrics", p.Token, nil); status != http.StatusForbidden {
			t.Errorf("metrics for an owner: status %d", status)
		}
		_, body, err := p.Get(t.Context(), "/metrics", operator)
		if err != nil {
			t.Fatal(err)
		}
		text := string(body)
		for _, want := range []string{
			"tidemark_sse_clients 1", `tidemark_capture_trusted{table="records"} 1`, "tidemark_drains_total", "tidemark_marks_pending", "tidemark_database_up 1",
			"tidemark_listener_state{", "tidemark_drain_lag_seconds",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the metrics lack %s", want)
			}
		}
		if status := p.end(t, syscall.SIGTERM); status != statusFine {
			t.Errorf("exit status %d with a stream open", status)
		}
		for range lines { // the server ended it
		}
	})
}
