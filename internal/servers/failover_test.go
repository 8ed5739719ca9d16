package servers

import (
	"net/url"
	"strconv"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
)

// The primary is lost and its standby promoted: servers that know both addresses find the new primary by themselves, go on
// draining there, and everything that it had received comes right. The major version makes no difference.
func TestFailover(t *testing.T) {
	primary := pgtest.Start(t)
	e := enginetest.OpenPostgres(t, primary, enginetest.Fixture{
		Name: "failover", Statements: []string{
			`INSERT INTO connectors (connector_id) VALUES ('shop')`,
			`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'ann', 'shop')`,
		},
	})
	standby := primary.Standby(t)
	both := both(t, e.DSN, standby.Port())
	servers := []*server{serve(t, "a", both), serve(t, "b", both)}
	before := observe(t, e.DSN)
	insert := `INSERT INTO public.records (connector_instance_id, stream, record_key, record_json) SELECT 'c1', $1, i::text, '1' FROM generate_series(1, 100) i`
	before.exec(insert, "early")
	before.exec(`BEGIN`) // never committed: it must be gone
	before.exec(insert, "open")
	database := before.text(`SELECT current_database()::text`)
	seen := observe(t, standby.DSN(database))
	poll.Until(t, "the standby has it", func() bool { return seen.text(`SELECT count(*)::text FROM public.records`) == "100" })
	primary.Kill(t)
	standby.Promote(t)
	after := observe(t, standby.DSN(database))
	after.exec(insert, "late")
	poll.Until(t, "a server drains on the new primary", func() bool {
		return after.text(`SELECT total_records::text FROM tidemark.connector_summary_evidence ORDER BY version DESC LIMIT 1`) == "200"
	})
	for _, s := range servers {
		poll.Until(t, s.name+" is ready again", func() bool { ok, _ := s.ready(t); return ok })
	}
	enginetest.Attach(t, standby.DSN(database)).CheckG3(t)
}

// both names a second port in a DSN, and asks for the server that accepts writes.
func both(t *testing.T, dsn string, port int) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Host += ",127.0.0.1:" + strconv.Itoa(port)
	q := u.Query()
	q.Set("target_session_attrs", "read-write")
	u.RawQuery = q.Encode()
	return u.String()
}
