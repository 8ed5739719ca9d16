package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"tidemark/internal/apitest"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// world is one engine behind one server, whose clock the test sets.
type world struct {
	*enginetest.Engine
	t   *testing.T
	now time.Time
	api http.Handler
}

// each runs a test on both engines.
func each(t *testing.T, test func(w *world)) {
	t.Helper()
	enginetest.Each(t, enginetest.Fixture{}, func(t *testing.T, e *enginetest.Engine) { test(open(t, e)) })
}

func open(t *testing.T, e *enginetest.Engine) *world {
	t.Helper()
	w := &world{Engine: e, t: t, now: enginetest.Clock}
	w.api = apitest.Checker(t).Handler(t, apitest.New(t, e, nil, func() time.Time { return w.now }))
	return w
}

// get reads as an owner, and returns the status.
func (w *world) get(owner, target string, into any) int {
	w.t.Helper()
	r := httptest.NewRequest("GET", target, nil).WithContext(w.t.Context())
	r.Header.Set("Authorization", "Bearer "+owner)
	answer := httptest.NewRecorder()
	w.api.ServeHTTP(answer, r)
	if into != nil {
		if answer.Code != http.StatusOK {
			w.t.Fatalf("%s: %s: status %d: %s", w.Name, target, answer.Code, answer.Body)
		}
		if err := json.Unmarshal(answer.Body.Bytes(), into); err != nil {
			w.t.Fatalf("%s: %s: %v", w.Name, target, err)
		}
	}
	return answer.Code
}

// row is what the tests look at of a summary.
type row struct {
	ID           string  `json:"connection_id"`
	DisplayName  *string `json:"display_name"`
	Status       string  `json:"status"`
	TotalRecords *int64  `json:"total_records"`
	RecordsState string  `json:"total_records_state"`
	LastRun      *run    `json:"last_run"`
	Successful   *run    `json:"last_successful_run"`
	Freshness    struct {
		Status string `json:"status"`
	} `json:"freshness"`
	Health struct {
		State  string  `json:"state"`
		Reason *string `json:"reason_code"`
	} `json:"connection_health"`
	Verdict struct {
		Pill struct {
			Label string `json:"label"`
			Tone  string `json:"tone"`
		} `json:"pill"`
	} `json:"rendered_verdict"`
	Schedule *struct {
		Interval int64 `json:"interval_seconds"`
		Enabled  bool  `json:"enabled"`
	} `json:"schedule"`
	Manifest string `json:"manifest_version"`
	Evidence struct {
		Version int64    `json:"version"`
		Dirty   bool     `json:"dirty"`
		Stale   []string `json:"stale_components"`
	} `json:"evidence"`
	RecentRuns   *[]run            `json:"recent_runs"`
	Gaps         *[]map[string]any `json:"gaps"`
	Attention    *[]map[string]any `json:"attention"`
	Unattributed *int64            `json:"unattributed_run_count"`
	StreamCount  int               `json:"stream_count"`
	Streams      []string          `json:"streams"`
}

type run struct {
	RunID  string  `json:"run_id"`
	Status string  `json:"status"`
	Reason *string `json:"failure_reason"`
	Text   *string `json:"failure_text"`
}

// list reads the whole list of an owner, by id.
func (w *world) list(owner string) map[string]row {
	w.t.Helper()
	out := map[string]row{}
	for target := "/_ref/connectors"; target != ""; {
		var page struct {
			Data []row   `json:"data"`
			Next *string `json:"next_cursor"`
		}
		w.get(owner, target, &page)
		for _, r := range page.Data {
			out[r.ID] = r
		}
		if target = ""; page.Next != nil {
			target = "/_ref/connectors?cursor=" + *page.Next
		}
	}
	return out
}

// scoped reads one connection, deep.
func (w *world) scoped(owner, id string) row {
	w.t.Helper()
	var r row
	w.get(owner, "/_ref/connectors/"+id, &r)
	return r
}

// fill writes connections CONNECTOR_FROM to CONNECTOR_TO of an owner and connector, each with one record, a profile key of its own, and runs.
func (w *world) fill(owner, connector string, from, to, runs int) {
	w.t.Helper()
	begin, numbers, id := w.numbered(connector, from, to)
	w.Exec(w.t,
		fmt.Sprintf(`INSERT INTO connectors (connector_id, manifest, created_at, updated_at) VALUES ('%s', '{"streams":[{"name":"items"}]}', %s, %[2]s) ON CONFLICT DO NOTHING`, connector, at),
		`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, status, source_kind, source_binding_key, source_binding, created_at, updated_at) `+
			begin+`SELECT `+id+`, '`+owner+`', '`+connector+`', 'active', 'account', `+id+`, `+w.object("browser_profile_key", id)+`, `+at+`, `+at+` FROM `+numbers,
		`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) `+
			begin+`SELECT `+id+`, 'items', 'k', '{}', `+at+` FROM `+numbers)
	if runs > 0 {
		w.history(connector, from, to, runs)
	}
}

// history writes runs of one event for each of these connections: CONNECTOR_N/J, which names it, and CONNECTOR_N/key/J with its profile key.
func (w *world) history(connector string, from, to, runs int) {
	w.t.Helper()
	begin, numbers, id := w.numbered(connector, from, to)
	times := fmt.Sprintf("generate_series(1, %d) r (j)", runs)
	if w.Name == enginetest.SQLite {
		begin += fmt.Sprintf(", r (j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM r WHERE j < %d) ", runs)
		times = "r"
	}
	for part, data := range map[string]string{"/": w.object("connection_id", id), "/key/": w.object("browser_surface_profile_key", id)} {
		run := id + ` || '` + part + `' || j`
		w.Exec(w.t, `INSERT INTO spine_events (event_id, event_type, occurred_at, recorded_at, run_id, source_id, data) `+
			begin+`SELECT `+run+`, 'run.completed', `+at+`, `+at+`, `+run+`, '`+connector+`', `+data+` FROM `+numbers+`, `+times)
	}
}

// numbered begins a statement that selects from numbers, and gives the id that each connection has.
func (w *world) numbered(connector string, from, to int) (begin, numbers, id string) {
	if w.Name == enginetest.SQLite {
		return fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", from, to), "n",
			"'" + connector + "_' || printf('%06d', i)"
	}
	return "", fmt.Sprintf("generate_series(%d, %d) n (i)", from, to), "'" + connector + "_' || lpad(i::text, 6, '0')"
}

// object is an SQL expression of an object with one member.
func (w *world) object(name, value string) string {
	if w.Name == enginetest.SQLite {
		return "json_object('" + name + "', " + value + ")"
	}
	return "json_build_object('" + name + "', " + value + ")"
}

// at is a time in SQL.
const at = `'2026-05-01T00:00:00.000000Z'`
