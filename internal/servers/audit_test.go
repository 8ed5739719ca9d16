package servers

import (
	"strings"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
)

// serve --audit finds rows that were brought in with the triggers off for the length of a transaction, beside the watch over the
// triggers, which sees the same: whoever is first, what the API shows becomes right, and the metrics tell of the suspicion.
func TestServeAudits(t *testing.T) {
	e := enginetest.OpenPostgres(t, pgtest.Start(t, pgtest.Setting("wal_level", "logical")), enginetest.Fixture{
		Name: "audit", Statements: []string{
			`INSERT INTO connectors (connector_id) VALUES ('shop')`,
			`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'ann', 'shop')`,
		},
	})
	s := serve(t, "auditor", e.DSN, "--audit", "on", "--metrics", "everyone")
	metric := func(name string) string {
		t.Helper()
		for line := range strings.Lines(s.metrics(t)) {
			if value, ok := strings.CutPrefix(line, name+" "); ok {
				return strings.TrimSpace(value)
			}
		}
		return "missing"
	}
	poll.Until(t, "the auditor watches", func() bool { return metric("tidemark_audit_watching") == "1" })
	o := observe(t, e.DSN)
	o.exec(`BEGIN; ALTER TABLE public.records DISABLE TRIGGER tidemark_insert;
		INSERT INTO public.records (connector_instance_id, stream, record_key, record_json) VALUES ('c1', 's', '1', '1');
		ALTER TABLE public.records ENABLE TRIGGER tidemark_insert; COMMIT`)
	poll.Until(t, "the transaction is suspected", func() bool { return metric("tidemark_audit_suspected_total") == "1" })
	poll.Until(t, "evidence is right and trusted", func() bool {
		return o.text(`SELECT total_records::text FROM tidemark.connector_summary_overview WHERE connector_instance_id = 'c1'`) == "1" &&
			metric(`tidemark_capture_trusted{table="records"}`) == "1"
	})
	e.CheckG3(t)
	if metric("tidemark_audit_bypassed_total") == "missing" {
		t.Error("there is no count of bypasses")
	}
}
