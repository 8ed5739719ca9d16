package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/poll"
	"tidemark/server"
)

// A writer that holds a table whose triggers are gone keeps nobody from serving, and from saying what is not to be trusted.
func TestCaptureLostUnderAWriter(t *testing.T) {
	dsn := newDatabase(t, onPostgres)
	e := openEngine(t, dsn)
	writer, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close(t.Context()) //nolint:errcheck // the test is over
	for _, sql := range []string{
		`INSERT INTO connectors (connector_id) VALUES ('shop')`,
		`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'ann', 'shop')`,
		`ALTER TABLE records DISABLE TRIGGER tidemark_insert`, `BEGIN`,
		`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('c1', 's', '1')`,
	} {
		if _, err := writer.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var log strings.Builder
	w := &captureWatch{engine: e, log: slog.New(slog.NewTextHandler(&log, nil))}
	w.start(t.Context())
	w.look(t.Context())
	if n := strings.Count(log.String(), "capture lost"); n != 1 {
		t.Errorf("told %d times: %s", n, log.String())
	}
	ready := func() string {
		t.Helper()
		checks, err := server.Store(e).Ready(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			if c.Name == "capture" {
				return c.Reason
			}
		}
		return ""
	}
	if r := ready(); !strings.Contains(r, "records (") || !strings.Contains(r, "`tidemark migrate up`") {
		t.Errorf("ready says %q", r)
	}
	recount := func() {
		t.Helper()
		if err := recountLost(t.Context(), e, func([]string) {}); err != nil {
			t.Fatal(err)
		}
	}
	if recount(); ready() == "" {
		t.Error("trusted while a transaction that wrote unmarked goes on")
	}
	if _, err := writer.Exec(t.Context(), `COMMIT`); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the triggers are back", func() bool {
		w.look(t.Context())
		return len(w.told) == 0
	})
	if ready() == "" {
		t.Error("trusted before it was recounted")
	}
	if recount(); ready() != "" {
		t.Errorf("recounted: %q", ready())
	}
	if found, err := e.Verify(t.Context(), nil, nil); err != nil || len(found) > 0 {
		t.Errorf("verify: %+v, %v", found, err)
	}
}
