package conformance

import (
	"slices"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/summary"
)

// flood retains more octets in two streams of ci_chase than 64 bits count; each stream alone still fits.
const flood = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1025)
	INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes)
	SELECT 'flood' || i, 'ci_chase', 's' || (i % 2), 9007199254740991 FROM n`

const ebb = "DELETE FROM blobs WHERE blob_id LIKE 'flood%'"

// A connection that cannot be recomputed says so, starves nobody, backs off, and recovers.
func TestFailedConnection(t *testing.T) {
	t.Parallel()
	players := fleet(t)
	for _, p := range players {
		e := p.Engine
		do(t, p, flood)
		e.CheckG2(t)
		e.CheckG3(t)
		state(t, e, "failed", "size_overflow")

		// The others go on.
		do(t, p, "UPDATE records SET deleted = NOT deleted WHERE stream IN ('orders', 'transactions')")
		e.CheckG2(t)
		e.CheckG3(t)
		state(t, e, "failed", "size_overflow")
		if got := dirty(t, e); !slices.Equal(got, []string{"ci_chase"}) {
			t.Errorf("%s: dirty %q, want only the one that failed", e.Name, got)
		}

		// It is tried again, in vain: nothing changes.
		before := versions(t, e)
		retry(t, e)
		e.CheckG3(t)
		if got := risen(before, versions(t, e)); len(got) != 0 {
			t.Errorf("%s: a failure repeated changed %q", e.Name, got)
		}

		// What made it fail goes; a run of its own comes before it is tried again.
		notDue(t, e)
		do(t, p, ebb)
		do(t, p, `INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('ci_chase', 's', 'k', '{}', '2026-05-01T00:00:00.000000Z')`)
		do(t, p, event(500, "run.started", "r_new", "chase", `{"connection_id":"ci_chase"}`))
		e.CheckG2(t)
		e.CheckG3(t)
		state(t, e, "failed", "size_overflow")
		retry(t, e)
		e.CheckG3(t)
		state(t, e, "current", "")
		if n := e.Marks(t); n != 0 {
			t.Errorf("%s: %d marks are left", e.Name, n)
		}
	}
	same(t, players, "recovered", true)
}

// Rebuild tries what failed, back-off or not; a new connection may fail before it ever had evidence; and one that failed may
// be deleted.
func TestFailedConnectionByOtherWays(t *testing.T) {
	t.Parallel()
	for _, p := range fleet(t) {
		e := p.Engine
		do(t, p, flood)
		e.CheckG3(t)
		do(t, p, ebb)
		rebuild(t, e, []string{"ci_chase"})
		e.CheckG3(t)
		state(t, e, "current", "")

		do(t, p, flood)
		rebuild(t, e, nil)
		e.CheckG2(t)
		e.CheckG3(t)
		state(t, e, "failed", "size_overflow")
		do(t, p, "DELETE FROM connector_instances WHERE connector_instance_id = 'ci_chase'")
		e.CheckG2(t)
		retry(t, e)
		e.CheckG3(t)
		if n := e.Marks(t); n != 0 {
			t.Errorf("%s: %d marks are left of a connection that is gone", e.Name, n)
		}

		do(t, p, `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, created_at, updated_at)
			VALUES ('ci_chase', 'ada', 'chase', '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')`)
		do(t, p, flood)
		e.CheckG2(t)
		e.CheckG3(t)
		state(t, e, "failed", "size_overflow")
		do(t, p, ebb)
		retry(t, e)
		e.CheckG3(t)
		state(t, e, "current", "")
	}
}

func do(t *testing.T, p player, sql string) {
	t.Helper()
	if err := p.Do(t.Context(), p.kind, sql); err != nil {
		t.Fatalf("%s, %s writer: %v", p.Name, p.kind, err)
	}
}

// retry ends the back-off of what failed.
func retry(t *testing.T, e *enginetest.Engine) {
	t.Helper()
	e.Foreign(t, e.Derived("UPDATE failures SET retry_at = '2001-01-01T00:00:00.000000Z'"))
}

// notDue puts a retry off that might otherwise come while the test takes its time.
func notDue(t *testing.T, e *enginetest.Engine) {
	t.Helper()
	e.Foreign(t, e.Derived("UPDATE failures SET retry_at = '2999-01-01T00:00:00.000000Z'"))
}

// state expects that of ci_chase, in evidence and as it is read.
func state(t *testing.T, e *enginetest.Engine, want, reason string) {
	t.Helper()
	if got := e.Load(t).Stored["ci_chase"]["state"]; got != want {
		t.Fatalf("%s: evidence of ci_chase is %v, want %s", e.Name, got, want)
	}
	scoped, err := e.Scoped(t.Context(), "ada", "ci_chase")
	if err != nil {
		t.Fatal(err)
	}
	o := scoped.Observations[0]
	got := ""
	if o.LastError != nil {
		got = *o.LastError
	}
	if o.State != want || got != reason {
		t.Errorf("%s: read as %s (%s), want %s (%s)", e.Name, o.State, got, want, reason)
	}
	health := summary.Synthesize(o, now, true).Health.State
	if want == "failed" && health != "unknown" {
		t.Errorf("%s: a failed connection reads as %s", e.Name, health)
	}
}
