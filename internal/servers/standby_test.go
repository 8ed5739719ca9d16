package servers

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
	"tidemark/internal/programtest"
)

// serve --read-db reads from a standby; a fresh read shows what was written before it; without the standby reads go on. The major
// version makes no difference.
func TestServeReadsFromAStandby(t *testing.T) {
	primary := pgtest.Start(t)
	e := enginetest.OpenPostgres(t, primary, enginetest.Fixture{
		Name: "read", Statements: []string{
			`INSERT INTO connectors (connector_id) VALUES ('shop')`,
			`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'ann', 'shop')`,
		},
	})
	standby := primary.Standby(t)
	o := observe(t, e.DSN)
	there := standby.DSN(o.text(`SELECT current_database()::text`))
	token := strings.TrimSpace(programtest.Run(t, e.DSN, "token", "create", "--owner", "ann"))
	s := serve(t, "reader", e.DSN, "--read-db", there, "--metrics", "everyone")
	records := func(query string) int {
		t.Helper()
		status, body, err := s.Get(t.Context(), "/_ref/connectors/c1"+query, token)
		if err != nil || status != http.StatusOK {
			t.Fatalf("GET %s: status %d, %v", query, status, err)
		}
		var summary struct {
			TotalRecords int `json:"total_records"`
		}
		if err := json.Unmarshal(body, &summary); err != nil {
			t.Fatal(err)
		}
		return summary.TotalRecords
	}
	insert := func(key string) {
		t.Helper()
		o.exec(`INSERT INTO public.records (connector_instance_id, stream, record_key, record_json) VALUES ('c1', 's', $1, '1')`, key)
	}
	insert("1")
	if got := records("?fresh=true"); got != 1 {
		t.Errorf("a fresh read shows %d records, want 1", got)
	}
	seen := observe(t, there)
	seen.exec("SELECT pg_wal_replay_pause()")
	poll.Until(t, "the replay pauses", func() bool { return seen.text("SELECT pg_get_wal_replay_pause_state()") == "paused" })
	insert("2")
	if got := records(""); got != 1 {
		t.Errorf("a read shows %d records, want 1: that is what the standby has", got)
	}
	if got := records("?fresh=true"); got != 2 {
		t.Errorf("a fresh read shows %d records, want 2", got)
	}
	seen.exec("SELECT pg_wal_replay_resume()")
	poll.Until(t, "the standby has it, too", func() bool { return records("") == 2 })
	standby.Kill(t)
	insert("3")
	if got := records(""); got != 3 {
		t.Errorf("without a standby a read shows %d records, want 3", got)
	}
	ok, why := s.ready(t)
	if !ok || !strings.Contains(why, "reads come from the primary") {
		t.Errorf("ready: %v, %s", ok, why)
	}
	for _, want := range []string{
		"tidemark_standby_fit 0", `tidemark_standby_reads_total{from="standby"} `, `tidemark_standby_reads_total{from="primary"} `,
		"tidemark_standby_lag_seconds", "tidemark_standby_conflicts_total",
	} {
		if text := s.metrics(t); !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s:\n%s", want, text)
		}
	}
	standby.Restart(t)
	poll.Until(t, "reads come from the standby again", func() bool { _, why := s.ready(t); return !strings.Contains(why, "come from the primary") })
	e.CheckG3(t)
}
