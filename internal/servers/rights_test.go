package servers

import (
	"encoding/json"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/poll"
	"tidemark/internal/programtest"
)

// said is what `tidemark status` tells of the servers, by process.
func said(t *testing.T, dsn string) map[string]serverState {
	t.Helper()
	var status struct{ Servers []serverState }
	if err := json.Unmarshal([]byte(programtest.Run(t, dsn, "status", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	states := map[string]serverState{}
	for _, s := range status.Servers {
		_, pid, _ := strings.Cut(s.Name, ":")
		states[pid] = s
	}
	return states
}

type serverState struct {
	Name, Role, Signal, Reason string
	Failing                    int64
	LastFault                  string `json:"last_fault"`
	Faults                     map[string]int64
}

// A server that loses its rights leaves the lead to one that has them; alone, it says what is wrong and goes on trying. No
// writer fails, and when the rights come back nobody restarts anything. The major version makes no difference.
func TestRevokedRights(t *testing.T) {
	cluster := pgtest.Start(t)
	e := enginetest.OpenPostgres(t, cluster, enginetest.Fixture{
		Name: "rights", Statements: []string{
			`INSERT INTO connectors (connector_id) VALUES ('shop')`,
			`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'ann', 'shop')`,
		},
	})
	o := observe(t, e.DSN)
	for _, role := range []string{"poor", "rich"} {
		o.exec("CREATE ROLE " + role + " LOGIN")
		o.exec("GRANT postgres TO " + role) // the owner of everything
	}
	database := o.text("SELECT current_database()::text")
	serving := func(role string) *server {
		t.Helper()
		return serve(t, role, cluster.DSNAs(role, database))
	}
	n := 0
	written := func() string {
		t.Helper()
		n++
		o.exec(`INSERT INTO public.records (connector_instance_id, stream, record_key, record_json) SELECT 'c1', 's', i::text, '1' FROM generate_series($1::int, $1) i`, n)
		return o.text(`SELECT count(*)::text FROM public.records`)
	}
	drained := func(what string) {
		t.Helper()
		want := written()
		poll.Until(t, what, func() bool {
			return o.text(`SELECT total_records::text FROM tidemark.connector_summary_evidence ORDER BY version DESC LIMIT 1`) == want
		})
	}
	poor := serving("poor")
	poll.Until(t, "poor leads", func() bool { return o.leader() == "poor" })
	drained("poor drains")

	o.exec("REVOKE postgres FROM poor")
	for range 10 {
		written()
	}
	poll.Until(t, "poor says what is wrong", func() bool {
		ok, why := poor.ready(t)
		return !ok && strings.Contains(why, "permission denied")
	})
	rich := serving("rich")
	drained("rich drains in the place of poor")
	poll.Until(t, "status shows who leads", func() bool {
		for _, s := range said(t, e.DSN) {
			if s.Role == "leader" && s.Signal == "notify" && s.Reason == "configured" && s.Failing == 0 {
				return true
			}
		}
		return false
	})

	o.exec("GRANT postgres TO poor")
	o.exec("ALTER ROLE rich NOLOGIN") // as a changed password would, it keeps out who comes anew
	o.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rich'")
	drained("poor drains again")
	poll.Until(t, "rich says what is wrong", func() bool { ok, why := rich.ready(t); return !ok && why != "" })
	o.exec("ALTER ROLE rich LOGIN")
	poll.Until(t, "rich is back", func() bool { ok, _ := rich.ready(t); return ok })
	e.CheckG3(t)
}

// A leader that may not take marks away, though it may do all else, cannot know why; it steps down.
func TestLeaderThatCannotDrainStepsDown(t *testing.T) {
	cluster := pgtest.Shared(t)
	e := enginetest.OpenPostgres(t, cluster, enginetest.Fixture{Name: "steps"})
	o := observe(t, e.DSN)
	database := o.text("SELECT current_database()::text")
	o.exec("CREATE ROLE half SUPERUSER LOGIN")
	half := serve(t, "half", cluster.DSNAs("half", database))
	poll.Until(t, "half leads", func() bool { return o.leader() == "half" })
	// A trigger stands for whatever only this server fails at.
	o.exec(`CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF session_user = 'half' THEN RAISE EXCEPTION 'not you'; END IF; RETURN NULL; END $$`)
	o.exec(`CREATE TRIGGER refuse AFTER DELETE ON tidemark.drain_cursor FOR EACH STATEMENT EXECUTE FUNCTION public.refuse()`)
	whole := serve(t, "whole", e.DSN)
	o.exec(`INSERT INTO public.connectors (connector_id) VALUES ('shop')`)
	o.exec(`INSERT INTO public.connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'ann', 'shop')`)
	poll.Until(t, "the other drains", func() bool {
		return o.text(`SELECT count(*)::text FROM tidemark.connector_summary_evidence`) == "1"
	})
	if o.leader() == "half" {
		t.Error("half still leads")
	}
	for _, s := range []*server{half, whole} {
		poll.Until(t, s.name+" is ready", func() bool { ok, _ := s.ready(t); return ok })
	}
	o.exec(`DROP TRIGGER refuse ON tidemark.drain_cursor`)
	e.CheckG3(t)
}
