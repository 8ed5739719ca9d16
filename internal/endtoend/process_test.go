package endtoend

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
	"tidemark/internal/programtest"
)

func TestMain(m *testing.M) { os.Exit(programtest.Main(pgtest.Runner(m))) }

// verified expects that `tidemark verify` finds nothing.
func verified(t *testing.T, dsn string) {
	t.Helper()
	programtest.Run(t, dsn, "verify")
}

// service is a running `tidemark serve`, asked as an owner.
type service struct {
	*programtest.Server
	token string
}

// serve starts the service, with a new token of the owner.
func serve(t *testing.T, dsn string, owner string) *service {
	t.Helper()
	token := strings.TrimSpace(programtest.Run(t, dsn, "token", "create", "--owner", owner))
	return &service{programtest.Serve(t, dsn), token}
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
	status, body, err := s.Get(ctx, "/_ref/connectors/"+id, s.token)
	switch {
	case err != nil || status == http.StatusNotFound:
		return got, false, err
	case status == http.StatusOK:
		return got, true, json.Unmarshal(body, &got)
	}
	return got, false, fmt.Errorf("summary of %s: status %d: %s", id, status, body)
}

// until waits until the summary of a connection is as wanted.
func (s *service) until(t *testing.T, id, what string, wanted func(got summary, ok bool) bool) (got summary) {
	t.Helper()
	defer func() {
		if t.Failed() {
			text, _ := json.Marshal(got)
			t.Logf("last seen: %s", text)
		}
	}()
	poll.Until(t, id+" shows it: "+what, func() bool {
		var ok bool
		var err error
		if got, ok, err = s.read(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return wanted(got, ok)
	})
	return got
}

// databases are a new, empty one of each engine, as --db names it.
func databases(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"postgres": pgtest.NewDatabase(t),
		"sqlite":   "sqlite:" + filepath.Join(t.TempDir(), "tidemark.db"),
	}
}
