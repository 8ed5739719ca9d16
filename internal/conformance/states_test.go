package conformance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/summary"
)

var update = flag.Bool("update", false, "write testdata/states.golden anew")

// golden holds the list row of every connection of testdata/states.sql, and what its scoped read has beside or instead, one a line.
const golden = "testdata/states.golden"

// rendering is one connection as one read shows it at now.
type rendering struct {
	name, when string // the connection, and in which circumstances
	scoped     bool
	summary    summary.Summary
}

// TestStates renders a connection in each state, for each reason: both engines give the golden bytes, and nothing in the closed lists
// is reached by no connection.
func TestStates(t *testing.T) {
	t.Parallel()
	var first, kept []byte
	var all []rendering
	for _, e := range enginetest.Pair(t, enginetest.ReadFixture(t, "testdata/states.sql")) {
		in := states(t, e)
		all = append(slices.Clone(in), reasons(t, e)...)
		text := lines(t, all)
		if first == nil {
			first, kept = text, lines(t, in)
		}
		compare(t, e.Name+" differs from Postgres", first, text)
	}
	if *update {
		if err := os.WriteFile(golden, kept, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "not as "+golden+" has it; run with -update and look at the difference", want, kept)
	reached(t, all)
}

// lines are the renderings as text. A scoped read, which follows its list row, is told by what differs.
func lines(t *testing.T, all []rendering) []byte {
	t.Helper()
	var out []byte
	var row map[string]any
	for _, r := range all {
		doc := document(t, r)
		if shown := doc; r.scoped {
			doc = beside(row, shown)
		} else {
			row = shown
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		kind := "list"
		if r.scoped {
			kind = "scoped"
		}
		out = append(out, r.name+"\t"+r.when+"\t"+kind+"\t"+string(text)+"\n"...)
	}
	return out
}

// beside are the members of doc that row does not have, or has otherwise.
func beside(row, doc map[string]any) map[string]any {
	out := map[string]any{}
	for name, member := range doc {
		was, there := row[name]
		if there && reflect.DeepEqual(was, member) {
			continue
		}
		if a, ok := was.(map[string]any); ok {
			if b, ok := member.(map[string]any); ok {
				member = beside(a, b)
			}
		}
		out[name] = member
	}
	return out
}

func compare(t *testing.T, what string, want, got []byte) {
	t.Helper()
	a, b := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
	if len(a) != len(b) {
		t.Errorf("%s: %d lines, want %d", what, len(b), len(a))
	}
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			t.Errorf("%s:\n%s\nwant\n%s", what, b[i], a[i])
		}
	}
}

// states brings the fixture into each of its circumstances by SQL alone, and renders it in each.
func states(t *testing.T, e *enginetest.Engine) []rendering {
	t.Helper()
	e.CheckG3(t)
	out := look(t, e, "drained", "")
	// More octets than 64 bits count: it cannot be derived.
	e.Exec(t, strings.ReplaceAll(flood, "ci_chase", "s_then_failed"))
	e.CheckG3(t)
	e.Foreign(t, e.Derived("UPDATE marks_parked SET marked_at = '2026-05-20T11:00:00.000000Z'"))
	out = append(out, look(t, e, "failed", "s_then_failed")...)
	// Marks that no drain has seen: for a moment, and for longer. A deleted record leaves the newest time open.
	gap := `INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream, created_at, updated_at)
		VALUES ('late_%', '%', 'orders', '2026-05-20T11:00:00.000000Z', '2026-05-20T11:00:00.000000Z')`
	for _, id := range []string{"s_then_behind", "s_then_late"} {
		e.Exec(t, strings.ReplaceAll(gap, "%", id))
	}
	e.Exec(t, "DELETE FROM records WHERE connector_instance_id = 's_then_recounted' AND record_key = '3'",
		`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding_key, created_at, updated_at)
		VALUES ('s_then_inserted', 'ada', 'auto', 's_then_inserted', '2026-05-20T11:59:59.000000Z', '2026-05-20T11:59:59.000000Z')`)
	e.Foreign(t, e.Derived("UPDATE marks SET marked_at = '2026-05-20T12:00:00.500000Z'"),
		e.Derived("UPDATE marks SET marked_at = '2026-05-20T11:00:00.000000Z' WHERE connector_instance_id = 's_then_late'"))
	for _, id := range []string{"s_then_behind", "s_then_late", "s_then_recounted", "s_then_inserted"} {
		out = append(out, look(t, e, "behind", id)...)
	}
	return append(out, untrusted(t, e)...)
}

// untrusted takes the trust from one component after the other.
func untrusted(t *testing.T, e *enginetest.Engine) []rendering {
	t.Helper()
	e.CheckG3(t)
	var out []rendering
	for _, c := range summary.EvidenceComponents {
		e.Foreign(t, distrust(e, c, "'trigger_disabled'"))
		id := "s_then_untrusted"
		if c == summary.Device {
			id = "s_device_idle"
		}
		out = append(out, look(t, e, "untrusted "+string(c), id)...)
	}
	return out
}

// reasons takes it for each reason that capture_state may give. They are no part of the golden file: the list grows.
func reasons(t *testing.T, e *enginetest.Engine) []rendering {
	t.Helper()
	var out []rendering
	for _, code := range summary.CaptureReasons {
		reason := "'" + code + "'"
		if code == summary.ReasonUntrusted {
			reason = "NULL"
		}
		e.Foreign(t, distrust(e, summary.Runs, reason))
		out = append(out, look(t, e, code, "s_then_untrusted")[:1]...)
	}
	return out
}

func distrust(e *enginetest.Engine, c summary.Component, reason string) string {
	recount := enginetest.Statement{Postgres: "'{" + string(c) + "}'", SQLite: `'["` + string(c) + `"]'`}.In(e)
	return e.Derived("UPDATE capture_state SET trusted = false, since = '2026-05-20T11:00:00.000000Z', reason_code = " + reason +
		", recount = " + recount + " WHERE table_name = 'blobs'")
}

// look renders the list row and the scoped read of one connection, or of all.
func look(t *testing.T, e *enginetest.Engine, when, id string) []rendering {
	t.Helper()
	page, err := e.Page(t.Context(), summary.PageQuery{Owner: "ada", Limit: summary.MaxExamined})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(page.Observations, func(a, b summary.Observation) int { return cmp.Compare(a.ConnectionID, b.ConnectionID) })
	var out []rendering
	for _, o := range page.Observations {
		if id != "" && id != o.ConnectionID {
			continue
		}
		out = append(out, rendering{o.ConnectionID, when, false, summary.Synthesize(o, now, false)})
		scoped, err := e.Scoped(t.Context(), "ada", o.ConnectionID)
		if err != nil || len(scoped.Observations) != 1 || scoped.Detail == nil {
			t.Fatalf("%s: scoped read of %s: %+v, %v", e.Name, o.ConnectionID, scoped, err)
		}
		s := summary.Synthesize(scoped.Observations[0], now, true)
		s.AddDetail(*scoped.Detail)
		out = append(out, rendering{o.ConnectionID, when, true, s})
	}
	if len(out) == 0 {
		t.Fatalf("%s: there is no %s", e.Name, id)
	}
	return out
}

// document is a rendering as a client reads it.
func document(t *testing.T, r rendering) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(render(t, r.summary)), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}
