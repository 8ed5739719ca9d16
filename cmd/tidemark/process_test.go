package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"tidemark/internal/apitest"
	"tidemark/internal/programtest"
)

// within is how long a test waits for what takes milliseconds on a machine that has nothing else to do.
const within = 60 * time.Second

// process is a `tidemark serve`, whose answers are held against the OpenAPI document.
type process struct{ *programtest.Server }

// startServer runs `tidemark serve` on a free port and returns when it has said where.
func startServer(t *testing.T, dsn string, args ...string) process {
	t.Helper()
	p := process{programtest.Serve(t, dsn, args...)}
	p.Client = &http.Client{Transport: apitest.Checker(t).Transport(t, &http.Transport{DisableKeepAlives: true})}
	return p
}

// end sends the signal and returns the exit status, -1 if the signal ended the process.
func (p process) end(t *testing.T, signal syscall.Signal) int {
	t.Helper()
	p.Signal(t, signal)
	return p.Wait(t)
}

// get reads JSON from the server and returns the status.
func (p process) get(t *testing.T, path, token string, into any) int {
	t.Helper()
	status, body, err := p.Get(t.Context(), path, token)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(body, into); err != nil {
			t.Fatalf("%s: %v in %s", path, err, body)
		}
	}
	return status
}

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

func (p process) rows(t *testing.T, token string) map[string]row {
	t.Helper()
	var list struct {
		Data []row `json:"data"`
	}
	if status := p.get(t, "/_ref/connectors", token, &list); status != http.StatusOK {
		t.Fatalf("list: status %d", status)
	}
	out := map[string]row{}
	for _, r := range list.Data {
		out[r.ConnectionID] = r
	}
	return out
}

// drained reports whether no mark is left.
func drained(t *testing.T, dsn string) bool {
	t.Helper()
	var s struct {
		MarksPending *int64 `json:"marks_pending"`
	}
	text := programtest.Run(t, dsn, "status", "--json")
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
