package conformance

import (
	"fmt"
	"testing"

	"tidemark/internal/enginetest"
)

func TestConnections(t *testing.T) {
	t.Parallel()
	insert := `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding, created_at, updated_at) VALUES `
	at := `'2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')`
	play(t, []step{
		does("renamed", "ci_home", "UPDATE connector_instances SET display_name = 'Home' WHERE connector_instance_id = 'ci_home'"),
		does("without a name", "ci_home", "UPDATE connector_instances SET display_name = NULL WHERE connector_instance_id = 'ci_home'"),
		nothing("the same name", "UPDATE connector_instances SET display_name = NULL WHERE connector_instance_id = 'ci_home'"),
		nothing("columns that evidence does not hold", "UPDATE connector_instances SET updated_at = '2026-05-01T00:00:00.000000Z', source_binding_key = connector_instance_id"),
		nothing("another member of the binding", `UPDATE connector_instances SET source_binding = '{"browser_profile_key":"profile-home","x":1}' WHERE connector_instance_id = 'ci_home'`),
		does("paused", "ci_work", "UPDATE connector_instances SET status = 'paused' WHERE connector_instance_id = 'ci_work'"),
		does("revoked", "ci_work", "UPDATE connector_instances SET status = 'revoked', revoked_at = '2026-05-01T00:00:00.000000Z' WHERE connector_instance_id = 'ci_work'"),
		does("another owner", "ci_work", "UPDATE connector_instances SET owner_subject_id = 'bob' WHERE connector_instance_id = 'ci_work'").from("ci_work"),
		does("another kind", "ci_work", "UPDATE connector_instances SET source_kind = 'manual' WHERE connector_instance_id = 'ci_work'"),
		does("an earlier creation", "ci_work", "UPDATE connector_instances SET created_at = '2020-05-01T00:00:00.000000Z' WHERE connector_instance_id = 'ci_work'"),
		does("new", "ci_new", insert+`('ci_new', 'ada', 'chase', 'account', '{}', `+at),
		{name: "one that is there", do: enginetest.Same(insert + `('ci_new', 'ada', 'chase', 'account', '{}', ` + at), refused: true},
		{name: "of no connector", do: enginetest.Same(insert + `('ci_newer', 'ada', 'nothing', 'account', '{}', ` + at), refused: true},
		{
			name: "another id for one that nothing refers to", changed: "ci_renamed", gone: "ci_new", dirty: "ci_new ci_renamed",
			do: enginetest.Same("UPDATE connector_instances SET connector_instance_id = 'ci_renamed' WHERE connector_instance_id = 'ci_new'"),
		},
		{
			name: "deleted, with all that refers to it", gone: "ci_home", dirty: "ci_chase_home ci_home",
			do: enginetest.Same("DELETE FROM connector_instances WHERE connector_instance_id = 'ci_home'"),
		},
		nothing("deleted again", "DELETE FROM connector_instances WHERE connector_instance_id = 'ci_home'"),
		does("made anew under its old id", "ci_chase_home ci_home", insert+`('ci_home', 'ada', 'amazon', 'browser_collector', '{"browser_profile_key":"profile-home"}', `+at).but("ci_home"),
	})
}

// Which runs belong to a connection changes with bindings, its own and its siblings' (SPEC section 9 rule 1).
func TestBindings(t *testing.T) {
	t.Parallel()
	bind := func(id, key string) string {
		binding := `'{}'`
		if key != "" {
			binding = `'{"browser_profile_key":"` + key + `"}'`
		}
		return "UPDATE connector_instances SET source_binding = " + binding + " WHERE connector_instance_id = '" + id + "'"
	}
	swap := `UPDATE connector_instances SET source_binding = (CASE connector_instance_id
		WHEN 'ci_home' THEN '{"browser_profile_key":"profile-work"}' ELSE '{"browser_profile_key":"profile-home"}' END)%s
		WHERE connector_instance_id IN ('ci_home', 'ci_work')`
	play(t, []step{
		does("one of two with the same key leaves: the run is the other's", "ci_twin_a ci_twin_b", bind("ci_twin_a", "profile-a")),
		does("it comes back: nobody's again", "ci_twin_a ci_twin_b", bind("ci_twin_a", "profile-twin")),
		{
			name: "it moves to another connector", dirty: "ci_twin_a ci_twin_b", changed: "=",
			do: enginetest.Same("UPDATE connector_instances SET connector_id = 'chase' WHERE connector_instance_id = 'ci_twin_a'"),
		},
		{
			name: "the other is deleted", dirty: "ci_twin_a ci_twin_b", gone: "ci_twin_b",
			do: enginetest.Same("DELETE FROM connector_instances WHERE connector_instance_id = 'ci_twin_b'"),
		},
		does("back at its connector it has the run", "ci_twin_a", "UPDATE connector_instances SET connector_id = 'amazon' WHERE connector_instance_id = 'ci_twin_a'"),
		does("a key that a run of nobody carries", "ci_empty", bind("ci_empty", "profile-unknown")),
		does("a key that another connector's connection has", "ci_chase_home ci_home ci_twin_a", bind("ci_twin_a", "profile-home")).but("ci_home ci_twin_a"),
		does("no key: named runs only", "ci_chase_home ci_home ci_twin_a", bind("ci_twin_a", "")).but("ci_home ci_twin_a"),
		{
			name: "keys swapped", dirty: "ci_chase_home ci_home ci_work", changed: "ci_home ci_work",
			do: enginetest.Statement{Postgres: fmt.Sprintf(swap, "::json"), SQLite: fmt.Sprintf(swap, "")},
		},
	})
}

func TestConnectors(t *testing.T) {
	t.Parallel()
	manifest := func(name, connectors, sql string) step {
		return step{name: name, do: enginetest.Same(sql), connectors: connectors}
	}
	play(t, []step{
		manifest("another manifest", "amazon", `UPDATE connectors SET manifest = '{"version":"2"}' WHERE connector_id = 'amazon'`),
		nothing("the same manifest", `UPDATE connectors SET manifest = '{"version":"2"}' WHERE connector_id = 'amazon'`),
		manifest("another name", "phone", "UPDATE connectors SET display_name = 'Phone' WHERE connector_id = 'phone'"),
		nothing("columns that no summary shows", "UPDATE connectors SET updated_at = '2026-05-01T00:00:00.000000Z'"),
		manifest("no manifest", "amazon odd", "UPDATE connectors SET manifest = NULL WHERE connector_id IN ('amazon', 'odd', 'phone')"),
		manifest("new", "new", "INSERT INTO connectors (connector_id, created_at, updated_at) VALUES ('new', '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')"),
		manifest("deleted", "new", "DELETE FROM connectors WHERE connector_id = 'new'"),
		{name: "deleted while in use", do: enginetest.Same("DELETE FROM connectors WHERE connector_id = 'amazon'"), refused: true},
	})
}

// Whoever had evidence is told of its end.
func TestEveryConnectionDeleted(t *testing.T) {
	t.Parallel()
	all := "ci/é%?# ci_chase ci_chase_home ci_empty ci_gone ci_home ci_manual ci_phone ci_twin_a ci_twin_b ci_work"
	play(t, []step{
		{name: "an emptied table", do: enginetest.Empty("connector_instances"), dirty: all, gone: all},
		nothing("emptied again", "DELETE FROM connector_instances"),
	})
}
