package readapi

import (
	"encoding/json"
	"testing"

	"tidemark/internal/enginetest"
)

// told is what an event says.
type told struct {
	Connection string `json:"connection_id"`
	Version    int64  `json:"version"`
	Reason     string `json:"reason"`
}

func (s *site) expect(events <-chan event, name, connection, reason string) event {
	s.t.Helper()
	e := s.await(events)
	var got told
	if err := json.Unmarshal([]byte(e.data), &got); err != nil {
		s.t.Fatal(err)
	}
	if e.name != name || got.Connection != connection || got.Reason != reason {
		s.t.Fatalf("event %+v, want %s of %q, reason %q", e, name, connection, reason)
	}
	return e
}

// TestStream follows plain SQL through drain, versions and feed to the client.
func TestStream(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		ada, hello := s.listen("ada", "")
		bob, _ := s.listen("bob", "")
		s.does("UPDATE connector_instances SET display_name = 'Home' WHERE connector_instance_id = 'ci_home'")
		first := s.expect(ada, "summary.changed", "ci_home", "evidence")
		s.does("DELETE FROM connector_instances WHERE connector_instance_id = 'ci_gone'")
		s.expect(ada, "summary.deleted", "ci_gone", "")
		s.does("UPDATE connectors SET display_name = 'The phone' WHERE connector_id = 'phone'")
		phone := s.expect(ada, "summary.changed", "ci_phone", "manifest")
		// A manifest is read live by every connection of the connector, whoever owns it.
		s.does("UPDATE connectors SET display_name = 'The shop' WHERE connector_id = 'amazon'")
		for _, id := range []string{"ci_home", "ci_twin_a", "ci_twin_b", "ci_work"} {
			s.expect(ada, "summary.changed", id, "manifest")
		}
		s.expect(bob, "summary.changed", "ci_empty", "manifest")
		// A connection changes hands.
		s.does("UPDATE connector_instances SET owner_subject_id = 'bob' WHERE connector_instance_id = 'ci_chase'")
		s.expect(ada, "summary.deleted", "ci_chase", "")
		s.expect(bob, "summary.changed", "ci_chase", "evidence")
		s.does("UPDATE connector_instances SET display_name = 'Mine' WHERE connector_instance_id = 'ci_chase'",
			"UPDATE connector_instances SET display_name = 'Work' WHERE connector_instance_id = 'ci_work'")
		last := s.expect(ada, "summary.changed", "ci_work", "evidence")
		s.expect(bob, "summary.changed", "ci_chase", "evidence")

		// Who comes back is told of all that, in the order of versions; what was replaced meanwhile once.
		again, _ := s.listen("ada", hello)
		s.expect(again, "summary.changed", "ci_home", "evidence")
		s.expect(again, "summary.deleted", "ci_gone", "")
		s.expect(again, "summary.changed", "ci_phone", "manifest")
		for _, id := range []string{"ci_home", "ci_twin_a", "ci_twin_b", "ci_work"} {
			s.expect(again, "summary.changed", id, "manifest")
		}
		s.expect(again, "summary.deleted", "ci_chase", "")
		s.expect(again, "summary.changed", "ci_work", "evidence")
		half, _ := s.listen("ada", phone.id)
		s.expect(half, "summary.changed", "ci_home", "manifest")

		// Deletions are forgotten after an hour: who saw less than the newest of those has to read anew.
		s.age(t)
		s.does("DELETE FROM connector_instances WHERE connector_instance_id = 'ci_twin_b'")
		old, _ := s.listen("ada", first.id)
		s.expectResync(old, "too_old")
		young, _ := s.listen("ada", last.id)
		s.expect(young, "summary.deleted", "ci_twin_b", "")
		future, _ := s.listen("ada", "999999999")
		s.expectResync(future, "unknown_id")
	})
}

func (s *site) expectResync(events <-chan event, reason string) {
	s.t.Helper()
	if e := s.await(events); e.name != "resync" || e.data != `{"reason":"`+reason+`"}` || e.id == "" {
		s.t.Errorf("event %+v, want resync, %s", e, reason)
	}
}

// age makes all deletions older than an hour.
func (s *site) age(t *testing.T) {
	t.Helper()
	past := enginetest.Statement{
		Postgres: "UPDATE tidemark.evidence_deletions SET deleted_at = deleted_at - interval '2 hours'",
		SQLite:   "UPDATE evidence_deletions SET deleted_at = '2026-05-20T09:00:00.000000Z'",
	}
	s.Foreign(t, past.In(s.Engine))
}
