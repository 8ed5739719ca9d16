package conformance

import (
	"fmt"
	"testing"

	"tidemark/internal/enginetest"
)

// event is one spine event of run, by number.
func event(seq int, kind, run, source, data string) string {
	return fmt.Sprintf(`INSERT INTO spine_events (event_seq, event_id, event_type, occurred_at, recorded_at, run_id, source_kind, source_id, data)
		VALUES (%[1]d, 'e%[1]d', '%[2]s', '2026-05-01T00:00:00.%06[1]dZ', '2026-05-01T00:00:00.000000Z', '%[3]s', 'connector', '%[4]s', '%[5]s')`,
		seq, kind, run, source, data)
}

func TestRuns(t *testing.T) {
	t.Parallel()
	chase := func(seq int, kind, run, data string) string {
		return event(seq, kind, run, "chase", `{"connection_id":"ci_chase"`+data+`}`)
	}
	play(t, []step{
		does("started", "ci_chase", chase(100, "run.started", "r1", "")),
		does("progress", "ci_chase", chase(101, "run.progress", "r1", `,"n":1`)),
		does("succeeded", "ci_chase", chase(102, "run.completed", "r1", `,"records_emitted":3,"streams":[{"stream":"transactions","considered":3,"covered":3}]`)),
		does("a second terminal event only counts", "ci_chase", chase(103, "run.failed", "r1", `,"failure_reason":"late"`)),
		does("failed", "ci_chase", chase(110, "run.failed", "r2", `,"failure_reason":"session_expired"`)),
		does("failed without a reason", "ci_chase", chase(111, "run.failed", "r3", "")),
		does("failed with a secret", "ci_chase", chase(112, "run.failed", "r4", `,"failure_reason":"token ghp_0123456789abcdef0123 refused"`)),
		does("abandoned", "ci_chase", chase(113, "run.abandoned", "r5", `,"failure_reason":"other_owner"`)),
		does("cancelled", "ci_chase", chase(114, "run.cancelled", "r6", `,"terminal_reason":"by_hand"`)),
		does("surface failed, waiting", "ci_chase", chase(115, "surface.failed", "r7", `,"browser_surface_wait_reason":"captcha","browser_surface_status":"up"`)),
		does("surface failed, by status", "ci_chase", chase(116, "surface.failed", "r8", `,"browser_surface_wait_reason":7,"browser_surface_status":"crashed"`)),
		does("surface failed, unsaid", "ci_chase", chase(117, "surface.failed", "r9", "")),
		does("a late beginning of an earlier run", "ci_chase", chase(90, "run.started", "r0", "")),
		does("succeeded again: no failures in a row", "ci_chase", chase(118, "run.completed", "r10", "")),
		nothing("columns that evidence does not hold", "UPDATE spine_events SET recorded_at = '2026-05-02T00:00:00.000000Z', status = 'x', source_kind = 'y'"),
		nothing("an event without a run", `INSERT INTO spine_events (event_seq, event_id, event_type, data) VALUES (200, 'e200', 'note', '{"connection_id":"ci_chase"}')`),
		nothing("what an ordinary event says", `UPDATE spine_events SET data = '{"connection_id":"ci_chase","n":2}' WHERE event_seq = 101`),
		does("an earlier time", "ci_chase", "UPDATE spine_events SET occurred_at = '2025-05-01T00:00:00.000000Z' WHERE event_seq = 118"),
		does("a terminal event becomes another", "ci_chase", "UPDATE spine_events SET event_type = 'run.cancelled' WHERE event_seq = 118"),
		does("an event goes to another run", "ci_chase", "UPDATE spine_events SET run_id = 'r0' WHERE event_seq = 118"),
		does("a later number", "ci_chase", "UPDATE spine_events SET event_seq = 300 WHERE event_seq = 90"),
		does("a run loses its terminal event", "ci_chase", "DELETE FROM spine_events WHERE event_seq = 117"),
		does("all runs of one connection go", "ci_chase ci_chase_home ci_gone ci_home", "DELETE FROM spine_events WHERE connector_instance_id = 'ci_chase'").but("ci_chase ci_chase_home ci_gone"),
		nothing("deletion of nothing", "DELETE FROM spine_events WHERE connector_instance_id = 'ci_chase'"),
		{name: "an emptied table", do: enginetest.Empty("spine_events"), dirty: everyone, changed: "ci_gone ci_home ci_work"},
	})
}

// Whose run it is (SPEC section 9 rule 1): what belongs to none is never assigned to a sibling.
func TestAttribution(t *testing.T) {
	t.Parallel()
	play(t, []step{
		does("by its key", "ci_chase_home ci_home", event(100, "run.completed", "k1", "amazon", `{"browser_surface_profile_key":"profile-home"}`)).but("ci_home"),
		does("by its key, whoever it names", "ci_chase_home ci_home ci_work", event(101, "run.completed", "k2", "amazon", `{"browser_surface_profile_key":"profile-home","connection_id":"ci_work"}`)).but("ci_home"),
		does("its key is another connector's", "ci_chase_home ci_home", event(102, "run.completed", "k3", "phone", `{"browser_surface_profile_key":"profile-home"}`)).but(""),
		does("a key that two share", "ci_twin_a ci_twin_b", event(103, "run.completed", "k4", "amazon", `{"browser_surface_profile_key":"profile-twin"}`)).but(""),
		does("a key that two share, though it names one", "ci_twin_a ci_twin_b", event(104, "run.completed", "k5", "amazon", `{"browser_surface_profile_key":"profile-twin","connection_id":"ci_twin_a"}`)).but(""),
		does("a second key: nobody's", "ci_chase_home ci_home ci_work", event(105, "run.progress", "k2", "amazon", `{"browser_surface_profile_key":"profile-work"}`)).but("ci_home"),
		does("the second key goes: whose it was", "ci_chase_home ci_home ci_work", "DELETE FROM spine_events WHERE event_seq = 105").but("ci_home"),
		does("a second source: nobody's", "ci_chase_home ci_home ci_work", event(106, "run.progress", "k2", "chase", `{}`)).but("ci_home"),
		does("named", "ci_empty", event(110, "run.completed", "n1", "amazon", `{"connector_instance_id":"ci_empty"}`)),
		does("named, by either name", "ci_empty", event(111, "run.completed", "n2", "amazon", `{"connection_id":"ci_empty"}`)),
		does("named both ways: the first counts", "ci_empty", event(112, "run.completed", "n3", "amazon", `{"connection_id":"ci_work","connector_instance_id":"ci_empty"}`)),
		does("named though the source is another", "ci_empty", event(113, "run.completed", "n4", "chase", `{"connection_id":"ci_empty"}`)),
		does("names a second one: nobody's", "ci_empty ci_manual", event(114, "run.progress", "n4", "amazon", `{"connection_id":"ci_manual"}`)).but("ci_empty"),
		does("a key after the fact", "ci_empty ci_work", event(115, "run.progress", "n3", "amazon", `{"browser_surface_profile_key":"profile-work"}`)).but("ci_empty ci_work"),
		does("it names one that is not there", "", event(116, "run.completed", "n5", "amazon", `{"connection_id":"ci_later"}`)).but("").marked(),
		does("until it is", "ci_later", `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, created_at, updated_at)
			VALUES ('ci_later', 'ada', 'chase', '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')`),
		does("names nobody", "", event(117, "run.completed", "n6", "amazon", `{}`)).but("").marked(),
		does("then somebody", "ci_work", `UPDATE spine_events SET data = '{"connection_id":"ci_work"}' WHERE run_id = 'n6'`),
		does("of two members of one name the last counts", "ci_gone", event(118, "run.completed", "n7", "amazon", `{"connection_id":"ci_work","connection_id":"ci_gone"}`)),
		does("then somebody else", "ci_empty ci_work", `UPDATE spine_events SET data = '{"connection_id":"ci_empty"}' WHERE run_id = 'n6'`),
	})
}
