package conformance

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
)

// tampering changes one column of one row behind everybody's back. Verify must name the connection and the column.
var tampering = map[string]string{
	"connector_id": "'other'", "owner_subject_id": "'other'", "display_name": "NULL", "status": "'paused'", "source_kind": "'manual'",
	"browser_profile_key": "'other'", "created_at": "'2020-01-01T00:00:00.000000Z'", "revoked_at": "'2020-01-01T00:00:00.000000Z'",
	"total_records": "total_records + 1", "stream_count": "stream_count + 1", "last_record_updated_at": "'2030-01-01T00:00:00.000000Z'",
	"stream_records_json": "'[]'", "retained_bytes_json": `'{"record_json_bytes":0,"record_changes_json_bytes":0,"blob_bytes":0,"total_bytes":0}'`,
	"total_retained_bytes": "total_retained_bytes - 1", "last_run_json": "NULL", "last_successful_run_json": "NULL",
	"last_finished_run_json": "last_successful_run_json", "open_runs_json": `'{"count":0,"runs":[]}'`, "consecutive_failures": "0",
	"schedule_json": "NULL", "gaps_json": `'{}'`, "attention_json": `'{"count":0,"items":[]}'`, "device_json": `'{"devices":1}'`,
}

// untampered are columns that are no content: what a row is about, and when and how it came to be.
var untampered = []string{"computed_at", "connector_instance_id", "last_error", "state", "version"}

func TestVerifyNamesWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t)[:2] {
		t.Run(p.Name, func(t *testing.T) {
			e := p.Engine
			columns, err := e.Columns(t.Context(), "connector_summary_evidence")
			if err != nil {
				t.Fatal(err)
			}
			known := append(slices.Collect(maps.Keys(tampering)), untampered...)
			slices.Sort(known)
			slices.Sort(columns)
			if !slices.Equal(columns, known) {
				t.Fatalf("evidence has the columns %q, this test knows %q", columns, known)
			}
			for _, column := range slices.Sorted(maps.Keys(tampering)) {
				found(t, e, "ci_home", column, "UPDATE connector_summary_evidence SET "+column+" = "+tampering[column]+" WHERE connector_instance_id = 'ci_home'")
			}
			for _, column := range []string{"record_count", "record_bytes", "change_count", "change_bytes", "blob_count", "blob_bytes"} {
				found(t, e, "ci_home", "retained_size_stream[orders]", "UPDATE retained_size_stream SET "+column+" = "+column+" + 1 WHERE connector_instance_id = 'ci_home' AND stream = 'orders'")
			}
			found(t, e, "ci_home", "retained_size_stream[orders]", "UPDATE retained_size_stream SET newest_emitted_at = NULL WHERE connector_instance_id = 'ci_home' AND stream = 'orders'")
			found(t, e, "ci_home", "retained_size_stream[orders]", "DELETE FROM retained_size_stream WHERE connector_instance_id = 'ci_home' AND stream = 'orders'")
			found(t, e, "ci_chase", "run_evidence", "DELETE FROM run_evidence WHERE run_id = 'r_chase_1'")
			found(t, e, "ci_chase", "run_evidence", "UPDATE run_evidence SET first_seq = 7 WHERE run_id = 'r_chase_1'")
			found(t, e, "", "run_evidence[r_nobody]", "DELETE FROM unattributed WHERE name = 'r_nobody'")
			found(t, e, "ci_home", "connector_instance_id", "DELETE FROM connector_summary_evidence WHERE connector_instance_id = 'ci_home'")
			found(t, e, "ci_ghost", "connector_instance_id", "INSERT INTO connector_summary_evidence ("+strings.Join(columns, ", ")+") SELECT "+
				strings.Replace(strings.Join(columns, ", "), "connector_instance_id", "'ci_ghost'", 1)+" FROM connector_summary_evidence WHERE connector_instance_id = 'ci_home'")
		})
	}
}

// found tampers, expects verify and the recount to see it, and rebuilds.
func found(t *testing.T, e *enginetest.Engine, id, field, sql string) {
	t.Helper()
	counter := e.Counter(t)
	e.Foreign(t, e.Derived(sql))
	differences, err := e.Verify(t.Context(), nil, nil)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	named := false
	for _, d := range differences {
		if d.ConnectionID != id && field != "run_evidence" { // a run may have named others
			t.Errorf("%s: verify names %q", sql, d.ConnectionID)
		}
		named = named || d.ConnectionID == id && d.Field == field
	}
	if !named {
		t.Errorf("%s: verify found %+v, want %s of %s", sql, differences, field, id)
	}
	if field != "run_evidence" { // which the recount does not look at
		if problems := e.Load(t).Check(); len(problems) == 0 {
			t.Errorf("%s: the recount found nothing", sql)
		}
	}
	rebuild(t, e, nil)
	e.CheckG3(t)
	if changed := e.Counter(t) - counter; changed > 2 {
		t.Errorf("%s: to mend it the rebuild took %d versions", sql, changed)
	}
}

func rebuild(t *testing.T, e *enginetest.Engine, ids []string) {
	t.Helper()
	if _, err := e.Rebuild(t.Context(), ids, nil); err != nil {
		t.Fatal(err)
	}
}

// SPEC section 4: no synthesized column, in no derived table.
func TestNothingSynthesizedIsStored(t *testing.T) {
	t.Parallel()
	synthesized := regexp.MustCompile(`fresh|health|verdict|label|copy|pill|tone|headline|action|posture|resolver|axes|badge|condition`)
	for _, p := range fleet(t)[:2] {
		for _, table := range []string{"connector_summary_evidence", "retained_size_stream", "run_evidence"} {
			columns, err := p.Columns(t.Context(), table)
			if err != nil {
				t.Fatal(err)
			}
			if len(columns) == 0 {
				t.Errorf("%s: %s has no columns", p.Name, table)
			}
			for _, c := range columns {
				if synthesized.MatchString(c) {
					t.Errorf("%s: %s.%s looks synthesized", p.Name, table, c)
				}
			}
		}
	}
}

func TestRebuildOfWhatIsRightChangesNothing(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t)[:2] {
		before := versions(t, p.Engine)
		for _, ids := range [][]string{nil, {"ci_home", "ci_work"}, {"ci_never"}} {
			r, err := p.Rebuild(t.Context(), ids, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Changed != 0 || r.Deleted != 0 || len(r.Failed) != 0 || r.Resumed {
				t.Errorf("%s: rebuild of %v: %+v", p.Name, ids, r)
			}
			if ids == nil && (r.Connections != int64(len(before)) || r.Runs == 0) {
				t.Errorf("%s: rebuild of all: %+v, want %d connections", p.Name, r, len(before))
			}
		}
		if after := versions(t, p.Engine); !maps.Equal(before, after) {
			t.Errorf("%s: versions %v became %v", p.Name, before, after)
		}
		p.CheckG3(t)
	}
}

// A rebuild that is cut off after its first chunk goes on where it stopped; what was written meanwhile is not lost.
func TestRebuildResumes(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t)[:2] {
		e := p.Engine
		e.Foreign(t, e.Derived("DELETE FROM run_evidence"), e.Derived("DELETE FROM retained_size_stream"), e.Derived("UPDATE connector_summary_evidence SET total_records = 77"))
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := e.Rebuild(ctx, nil, func(int64, int64) { cancel() }); err == nil {
			t.Fatalf("%s: the rebuild was not cut off", e.Name)
		}
		e.Exec(t, "DELETE FROM records WHERE connector_instance_id = 'ci_home' AND record_key = '1'")
		r, err := e.Rebuild(t.Context(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Resumed || r.Runs != 0 || r.Connections == 0 {
			t.Errorf("%s: %+v, want a rebuild that goes on after the runs", e.Name, r)
		}
		e.CheckG3(t)
		if r, err = e.Rebuild(t.Context(), nil, nil); err != nil || r.Resumed || r.Runs == 0 {
			t.Errorf("%s: the next rebuild is a new one: %+v, %v", e.Name, r, err)
		}
	}
}
