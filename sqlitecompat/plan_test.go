package sqlitecompat

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tidemark/summary"
)

// TestPlans looks at how the statements that must not read everything are run.
func TestPlans(t *testing.T) {
	f := stocked(t)
	page, args := chosenPage(summary.PageQuery{Owner: "o", Limit: 10})
	ids := array([]string{"c1"})
	stream := `[["c1","orders"]]`
	for _, c := range []struct {
		name, query string
		args        []any
		want        []string // each must be in the plan
		never       []string
	}{
		{"run grouping of a source is an index-only scan",
			`SELECT run_id, max(occurred_at) FROM spine_events WHERE source_kind = 'a' AND source_id = 'b' AND run_id IS NOT NULL GROUP BY run_id`, nil,
			[]string{"USING COVERING INDEX spine_events_source_run (source_kind=? AND source_id=? AND run_id>?)"}, []string{"TEMP B-TREE"}},
		{"page", page, args, []string{"USING INDEX connector_instances_page (owner_subject_id=?)"}, []string{"TEMP B-TREE"}},
		{"marks of a page", pendingOf, []any{ids},
			[]string{"m USING INDEX marks_connection (connector_instance_id=?)", "p USING INDEX marks_parked_connection", "m USING INDEX marks_profile (profile_key=?)", "m USING INDEX marks_all"},
			[]string{"SCAN p\n", "SCAN c\n"}},
		{"recount of a connection", recounts[0] + ofWhole + byStream, []any{ids}, []string{"t USING PRIMARY KEY (connector_instance_id=?)"}, []string{"SCAN t"}},
		{"recount of a stream", recounts[0] + ofStreams + byStream, []any{stream}, []string{"t USING PRIMARY KEY (connector_instance_id=? AND stream=?)"}, []string{"SCAN t"}},
		{"recount of blobs", recounts[2] + ofStreams + byStream, []any{stream}, []string{"t USING COVERING INDEX blobs_connection (connector_instance_id=? AND stream=?)"}, []string{"SCAN t"}},
		{"newest runs", newestRuns, []any{ids},
			[]string{"r USING COVERING INDEX run_evidence_profile (profile_key=? AND source_id=? AND status=?)", "r USING COVERING INDEX run_evidence_connection (connection_id=? AND status=?)"},
			[]string{"SCAN r\n"}},
		{"failures", failuresSince, []any{ids, "[]"},
			[]string{"r USING COVERING INDEX run_evidence_profile (profile_key=? AND source_id=? AND status=? AND first_seq>?)"}, []string{"SCAN r\n"}},
		{"open runs", openRuns, []any{ids, 20}, []string{"r USING INDEX run_evidence_connection (connection_id=? AND status=?)"}, []string{"SCAN r\n"}},
		{"profile owners", profileOwners, []any{`[["p","shop"]]`},
			[]string{"INDEX connector_instances_profile (browser_profile_key=? AND connector_id=?)"}, []string{"SCAN c\n"}},
		{"run history", newestRunsOf, []any{ids, 10, 99},
			[]string{"r USING COVERING INDEX run_evidence_profile (profile_key=? AND source_id=? AND status=? AND first_seq<?)", "r USING COVERING INDEX run_evidence_connection (connection_id=? AND status=? AND first_seq<?)"},
			[]string{"SCAN r\n"}},
		{"timeline", timeline, []any{"o", "r", 1, 10, 99},
			[]string{"spine_events USING COVERING INDEX spine_events_run (run_id=? AND event_seq>?)", "e USING INTEGER PRIMARY KEY (rowid=?)"}, []string{"SCAN spine_events", "SCAN e\n"}},
		{"events", eventsAbove, []any{1, ids, 10},
			[]string{"connector_summary_evidence USING INDEX connector_summary_evidence_version (version>?)", "evidence_deletions USING INTEGER PRIMARY KEY (rowid>?)", "m USING COVERING INDEX manifest_versions_version (version>?)"},
			[]string{"SCAN connector_summary_evidence", "SCAN m\n"}},
	} {
		var plan strings.Builder
		rows, err := f.Reader().QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+c.query, c.args...)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(detail + "\n")
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		for _, w := range c.want {
			if !strings.Contains(plan.String(), w) {
				t.Errorf("%s: no %q in\n%s", c.name, w, plan.String())
			}
		}
		for _, n := range c.never {
			if strings.Contains(plan.String(), n) {
				t.Errorf("%s: %q in\n%s", c.name, n, plan.String())
			}
		}
	}
}

// TestUpgradedDatabaseGetsItsIndexes: one whose source tables were there before, without any.
func TestUpgradedDatabaseGetsItsIndexes(t *testing.T) {
	source, err := steps()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "old.db")
	bare := regexp.MustCompile(`(?s)CREATE INDEX .*?;`).ReplaceAllString(source[0].sql, "")
	if out, err := sqliteShell(path, bare+`INSERT INTO spine_events (event_type, run_id) VALUES ('run.completed', 'r');`); err != nil {
		t.Fatal(out)
	}
	f := &fixture{reopen(t, path), path}
	if err := f.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var id, parent, unused int
	var plan string
	err = f.Reader().QueryRowContext(t.Context(), `EXPLAIN QUERY PLAN SELECT run_id, max(occurred_at) FROM spine_events
		WHERE source_kind = 'a' AND source_id = 'b' AND run_id IS NOT NULL GROUP BY run_id`).Scan(&id, &parent, &unused, &plan)
	if err != nil || !strings.Contains(plan, "USING COVERING INDEX spine_events_source_run") {
		t.Errorf("plan: %s, %v", plan, err)
	}
}

// TestUntrustedWithoutAReason: what cannot be trusted is not, though nothing says why.
func TestUntrustedWithoutAReason(t *testing.T) {
	f := stocked(t)
	f.settle(t)
	if _, err := f.Writer().ExecContext(t.Context(), `INSERT OR REPLACE INTO capture_state (table_name, trusted, recount) VALUES ('spine_events', 0, '["runs"]')`); err != nil {
		t.Fatal(err)
	}
	page, err := f.Page(t.Context(), summary.PageQuery{Owner: "ann", Limit: 1})
	if err != nil || len(page.Observations) == 0 || page.Observations[0].Untrusted[summary.Runs] != "untrusted" {
		t.Errorf("%+v, %v", page, err)
	}
}
