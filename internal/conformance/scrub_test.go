package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/drain"
	"tidemark/internal/enginetest"
)

// round scrubs until a round ends. Steps that fail are tried again, as a server does.
func round(t *testing.T, e *enginetest.Engine) []drain.ScrubFinding {
	t.Helper()
	s := drain.NewScrubber(e, time.Now)
	var found []drain.ScrubFinding
	for range 100 {
		step, err := s.Step(t.Context())
		if err != nil {
			t.Logf("%s: %v", e.Name, err)
		}
		found = append(found, step.Findings...)
		if step.Ended {
			return found
		}
	}
	t.Fatalf("%s: the round does not end", e.Name)
	return nil
}

// scrubState is where the scrub is, as it is stored.
func scrubState(t *testing.T, e *enginetest.Engine) drain.ScrubState {
	t.Helper()
	s, err := e.Scrub(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	return s
}

// spoilt is something that goes wrong behind everybody's back, in one connection.
type spoilt struct {
	name    string
	prepare []string // by a writer; what it leaves is drained only if spoil does not delete its mark
	spoil   []string // by hand, in the derived tables
	id      string
	cause   drain.Cause
	only    string // engine
}

// ambiguous are the columns that are kept nowhere else, changed to what a drain might have written.
var ambiguous = []string{
	"connector_id", "owner_subject_id", "display_name", "status", "source_kind", "browser_profile_key", "created_at", "revoked_at",
	"schedule_json", "attention_json",
}

func spoiltThings() []spoilt {
	var out []spoilt
	for column, value := range tampering {
		cause := drain.CauseEvidence
		if slices.Contains(ambiguous, column) {
			cause = drain.CauseUnknown
		}
		out = append(out, spoilt{name: column, id: "ci_home", cause: cause, spoil: []string{
			"UPDATE connector_summary_evidence SET " + column + " = " + value + " WHERE connector_instance_id = 'ci_home'",
		}})
	}
	slices.SortFunc(out, func(a, b spoilt) int { return strings.Compare(a.name, b.name) })
	const home = " WHERE connector_instance_id = 'ci_home' AND stream = 'orders'"
	const lost = "DELETE FROM marks"
	return append(out,
		spoilt{name: "a retained count", id: "ci_home", cause: drain.CauseRetained, spoil: []string{"UPDATE retained_size_stream SET record_count = 77" + home}},
		spoilt{name: "a retained time", id: "ci_home", cause: drain.CauseRetained, spoil: []string{"UPDATE retained_size_stream SET newest_emitted_at = NULL" + home}},
		spoilt{name: "a retained row gone", id: "ci_home", cause: drain.CauseRetained, spoil: []string{"DELETE FROM retained_size_stream" + home}},
		spoilt{name: "a retained row of nothing", id: "ci_home", cause: drain.CauseRetained, spoil: []string{"INSERT INTO retained_size_stream VALUES ('ci_home', 'ghost', 1, 0, 0, 0, 0, 0, 0, NULL)"}},
		spoilt{name: "sizes of nobody", id: "ci_ghost", cause: drain.CauseRetained, spoil: []string{"INSERT INTO retained_size_stream VALUES ('ci_ghost', 's', 1, 5, 5, 5, 5, 5, 5, NULL)"}},
		spoilt{name: "unreadable evidence", id: "ci_home", cause: drain.CauseEvidence, spoil: []string{"UPDATE connector_summary_evidence SET gaps_json = '[]' WHERE connector_instance_id = 'ci_home'"}},
		spoilt{name: "evidence gone", id: "ci_home", cause: drain.CauseEvidence, spoil: []string{"DELETE FROM connector_summary_evidence WHERE connector_instance_id = 'ci_home'"}},
		spoilt{name: "evidence and sizes gone", id: "ci_chase", cause: drain.CauseUnknown, spoil: []string{
			"DELETE FROM connector_summary_evidence WHERE connector_instance_id = 'ci_chase'", "DELETE FROM retained_size_stream WHERE connector_instance_id = 'ci_chase'",
		}},
		spoilt{name: "a run", id: "ci_chase", cause: drain.CauseRun, spoil: []string{"DELETE FROM run_evidence WHERE run_id = 'r_chase_1'"}},
		spoilt{name: "what a run says", id: "ci_chase", cause: drain.CauseRun, spoil: []string{`UPDATE run_evidence SET run_json = '{"run_id":"r_chase_1"}' WHERE run_id = 'r_chase_1'`}},
		spoilt{name: "a run beyond reading", id: "ci_chase", cause: drain.CauseUnknown, spoil: []string{`UPDATE run_evidence SET run_json = '[]' WHERE run_id = 'r_chase_1'`}},
		spoilt{name: "a run of nobody", cause: drain.CauseRun, spoil: []string{"UPDATE run_evidence SET status = 'failed' WHERE run_id = 'r_nobody'"}},
		spoilt{name: "a run that never was", cause: drain.CauseRun, only: enginetest.SQLite, spoil: []string{
			`INSERT INTO run_evidence (run_id, version, first_seq, status, profile_keys, connection_ids, source_ids, run_json) VALUES ('r_ghost', 1, 1, 'failed', '[]', '[]', '[]', '{}')`,
		}},
		spoilt{name: "a run that never was", cause: drain.CauseRun, only: enginetest.Postgres, spoil: []string{
			`INSERT INTO run_evidence (run_id, version, first_seq, status, profile_keys, connection_ids, source_ids, run_json) VALUES ('r_ghost', 1, 1, 'failed', '{}', '{}', '{}', '{}')`,
		}},
		spoilt{name: "whose a run is", id: "ci_chase", cause: drain.CauseRun, only: enginetest.SQLite, spoil: []string{"UPDATE run_evidence SET connection_id = 'ci_home' WHERE run_id = 'r_chase_1'"}},
		spoilt{name: "the names of a run", id: "ci_chase", cause: drain.CauseMarkLost, only: enginetest.SQLite, spoil: []string{"DELETE FROM run_names WHERE run_id = 'r_chase_1'"}},
		spoilt{name: "the list of what is nobody's", cause: drain.CauseRun, spoil: []string{"DELETE FROM unattributed WHERE kind = 'profile'"}},
		spoilt{name: "a mark of records", id: "ci_work", cause: drain.CauseMarkLost, spoil: []string{lost}, prepare: []string{
			"INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('ci_work', 'orders', 'lost', '{}')",
		}},
		spoilt{name: "a mark of a deletion of records", id: "ci_work", cause: drain.CauseMarkLost, spoil: []string{lost}, prepare: []string{
			"DELETE FROM records WHERE connector_instance_id = 'ci_work' AND record_key = 'lost'",
		}},
		spoilt{name: "a mark of a run", id: "ci_chase", cause: drain.CauseMarkLost, spoil: []string{lost}, prepare: []string{
			event(600, "run.failed", "r_lost", "chase", `{"connection_id":"ci_chase"}`),
		}},
		spoilt{name: "a mark of a gap", id: "ci_work", cause: drain.CauseUnknown, spoil: []string{lost}, prepare: []string{
			`INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream, status, attempt_count) VALUES ('lost', 'ci_work', 'orders', 'pending', 1)`,
		}},
		spoilt{name: "a mark of a connection", id: "ci_new", cause: drain.CauseUnknown, spoil: []string{lost}, prepare: []string{
			"INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('ci_new', 'ada', 'amazon')",
		}},
		spoilt{name: "a mark of a connection's end", id: "ci_work", cause: drain.CauseMarkLost, spoil: []string{lost}, prepare: []string{
			"DELETE FROM connector_instances WHERE connector_instance_id = 'ci_work'",
		}},
		spoilt{name: "a mark that was never written", id: "ci_manual", cause: drain.CauseCaptureGap, only: enginetest.Postgres, spoil: []string{
			lost, "UPDATE capture_state SET trusted = false, reason_code = 'x', recount = '{records,retained_bytes}' WHERE table_name = 'records'",
		}, prepare: []string{"INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('ci_manual', 'notes', 'lost', '{}')"}},
		spoilt{name: "a mark that was never written", id: "ci_manual", cause: drain.CauseCaptureGap, only: enginetest.SQLite, spoil: []string{
			lost, `UPDATE capture_state SET trusted = 0, reason_code = 'x', recount = '["records","retained_bytes"]' WHERE table_name = 'records'`,
		}, prepare: []string{"INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('ci_manual', 'notes', 'lost', '{}')"}},
	)
}

// What goes wrong is found, named, explained, counted by its cause and repaired, without anything done by hand.
func TestScrub(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t)[:2] {
		t.Run(p.Name, func(t *testing.T) {
			e := p.Engine
			counted := map[drain.Cause]int64{}
			for _, s := range spoiltThings() {
				if s.only != "" && s.only != e.Name {
					continue
				}
				e.Exec(t, s.prepare...)
				for _, sql := range s.spoil {
					e.Foreign(t, e.Derived(sql))
				}
				found := round(t, e)
				named := false
				for _, f := range found {
					named = named || f.ConnectionID == s.id && f.Cause == s.cause && f.Explanation != ""
					if f.ConnectionID != s.id && f.Cause != drain.CauseRun && f.Cause != drain.CauseMarkLost { // a run may have named others
						t.Errorf("%s: %s: the scrub names %q for %s", e.Name, s.name, f.ConnectionID, f.Cause)
					}
					counted[f.Cause]++
				}
				if !named {
					t.Errorf("%s: %s: found %+v, want %s in %q", e.Name, s.name, found, s.cause, s.id)
				}
				e.Foreign(t, e.Derived(map[string]string{
					enginetest.Postgres: "UPDATE capture_state SET trusted = true, recount = '{}' WHERE NOT trusted",
					enginetest.SQLite:   "UPDATE capture_state SET trusted = 1, recount = '[]' WHERE NOT trusted",
				}[e.Name]))
				e.CheckG3(t)
				if t.Failed() {
					return
				}
			}
			if again := round(t, e); len(again) > 0 {
				t.Errorf("%s: found again: %+v", e.Name, again)
			}
			for _, c := range scrubState(t, e).Findings {
				if c.Found != counted[c.Cause] {
					t.Errorf("%s: %d findings of %s are counted, there were %d", e.Name, c.Found, c.Cause, counted[c.Cause])
				}
				delete(counted, c.Cause)
			}
			if len(counted) > 0 {
				t.Errorf("%s: not counted: %v", e.Name, counted)
			}
		})
	}
}

// A mark that waits explains a difference: nothing is found, and the scrub takes nothing away from the drain.
func TestScrubLeavesWhatIsBehindToTheDrain(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t) {
		e := p.Engine
		for _, sql := range []string{
			"UPDATE records SET deleted = NOT deleted WHERE stream IN ('orders', 'transactions')",
			"UPDATE connector_instances SET display_name = 'other' WHERE connector_instance_id = 'ci_work'",
			"DELETE FROM connector_instances WHERE connector_instance_id = 'ci_gone'",
			"INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('ci_new', 'ada', 'amazon')",
			event(600, "run.failed", "r_new", "chase", `{"connection_id":"ci_chase"}`),
			event(601, "run.failed", "r_nobody_either", "chase", `{}`),
		} {
			do(t, p, sql)
		}
		behind := dirty(t, e)
		if found := round(t, e); len(found) > 0 {
			t.Errorf("%s, %s writer: %+v", e.Name, p.kind, found)
		}
		if after := dirty(t, e); !slices.Equal(after, behind) {
			t.Errorf("%s, %s writer: dirty %q before the scrub, %q after it", e.Name, p.kind, behind, after)
		}
		e.CheckG3(t)
	}
}

// A round goes on where it was, whatever server goes on with it, and looks at everything once.
func TestScrubResumes(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t)[:2] {
		e := p.Engine
		for i := range 30 {
			e.Exec(t, fmt.Sprintf("INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('ci_%02d', 'ada', 'amazon')", i))
		}
		e.Settle(t)
		all := int64(len(e.Load(t).Stored))
		var found []drain.ScrubFinding
		steps, ended := 0, false
		for ; !ended && steps < 100; steps++ { // a server that is restarted all the time
			step, err := drain.NewScrubber(e, time.Now).Step(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", e.Name, err)
			}
			found, ended = append(found, step.Findings...), step.Ended
		}
		s := scrubState(t, e)
		if len(found) > 0 || s.Last == nil || s.Last.Checked != all || s.Last.Found != 0 || s.BeganAt != nil || s.Last.EndedAt.Before(s.Last.BeganAt) {
			t.Errorf("%s: found %+v, last round %+v, want %d connections", e.Name, found, s.Last, all)
		}
		if least := int(all)/8 + 3; steps < least {
			t.Errorf("%s: the round took %d steps, want %d at least", e.Name, steps, least)
		}
		status, err := e.Status(t.Context())
		if err != nil || status.Scrub.Last == nil || *status.Scrub.Last != *s.Last {
			t.Errorf("%s: status says %+v, %v", e.Name, status.Scrub, err)
		}
	}
}

// A connection that failed, and whose parked marks were lost, would never be tried again.
func TestScrubFindsWhatNobodyWouldTryAgain(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t)[:2] {
		e := p.Engine
		do(t, p, flood)
		e.CheckG3(t)
		state(t, e, "failed", "size_overflow")
		notDue(t, e)
		do(t, p, ebb)
		e.Settle(t)
		e.Foreign(t, e.Derived("DELETE FROM marks_parked"), e.Derived("DELETE FROM failures"))
		found := round(t, e)
		if len(found) == 0 || found[0].ConnectionID != "ci_chase" || found[0].Cause != drain.CauseMarkLost {
			t.Errorf("%s: found %+v", e.Name, found)
		}
		state(t, e, "current", "")
		e.CheckG3(t)
	}
}
