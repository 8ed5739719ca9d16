package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tidemark/drain"
	"tidemark/summary"
)

func records(at summary.Instant, pairs ...string) []summary.Record {
	var out []summary.Record
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, summary.Record{Key: pairs[i], JSON: pairs[i+1], EmittedAt: at})
	}
	return out
}

// contents are the rows of records and record_changes in short form.
func contents(t *testing.T, e engine) string {
	t.Helper()
	var out []string
	for _, sql := range []string{
		`SELECT record_key || ' v' || version || ' ' || coalesce(CAST(record_json AS text), '-') || CASE WHEN deleted THEN ' deleted' ELSE '' END || CASE WHEN deleted_at IS NULL THEN '' ELSE ' at' END FROM {records} ORDER BY record_key`,
		`SELECT record_key || ' v' || version || ' ' || coalesce(CAST(record_json AS text), '-') || CASE WHEN deleted THEN ' deleted' ELSE '' END FROM {record_changes} ORDER BY record_key, version`,
	} {
		rows, err := e.texts(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.Join(rows, "; "))
	}
	return strings.Join(out, " | ")
}

func settle(t *testing.T, e engine) {
	t.Helper()
	for {
		r, err := e.Drain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if r.Empty() {
			return
		}
	}
}

func marks(t *testing.T, e engine) int64 {
	t.Helper()
	s, err := e.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.MarksPending
}

func TestPutRecords(t *testing.T) {
	eachEngine(t, func(t *testing.T, dsn string) {
		e, ctx := openEngine(t, dsn), t.Context()
		at := summary.NewInstant(time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC))
		if err := e.EnsureConnection(ctx, "o", "k", "c"); err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct {
			before  string // foreign SQL
			records []summary.Record
			want    summary.Written
			content string
		}{
			{"", records(at, "b", `{"x": 1}`, "a", `"é"`), summary.Written{Inserted: 2}, `a v1 "é"; b v1 {"x": 1} | a v1 "é"; b v1 {"x": 1}`},
			{"", records(at.Add(time.Hour), "a", `"é"`, "b", `{"x":1}`), summary.Written{Updated: 1, Unchanged: 1}, `a v1 "é"; b v2 {"x":1} | a v1 "é"; b v1 {"x": 1}; b v2 {"x":1}`},
			{ // one that was deleted reappears; one that is gone goes on from its history
				"UPDATE {records} SET deleted = true, deleted_at = '2026-03-02T00:00:00.000000Z' WHERE record_key = 'a'; DELETE FROM {records} WHERE record_key = 'b'",
				records(at, "a", `"é"`, "b", "3"), summary.Written{Inserted: 1, Updated: 1},
				`a v2 "é"; b v3 3 | a v1 "é"; a v2 "é"; b v1 {"x": 1}; b v2 {"x":1}; b v3 3`,
			},
			{ // one whose JSON was cleared
				"UPDATE {records} SET record_json = NULL WHERE record_key = 'b'; DELETE FROM {record_changes} WHERE version < 3",
				records(at, "b", "3"), summary.Written{Updated: 1}, `a v2 "é"; b v4 3 | b v3 3; b v4 3`,
			},
			{ // one key several times: one after the other
				"DELETE FROM {record_changes}", records(at, "b", "4", "c", "1", "b", "5", "b", "5"), summary.Written{Inserted: 1, Updated: 2, Unchanged: 1},
				`a v2 "é"; b v6 5; c v1 1 | b v5 4; b v6 5; c v1 1`,
			},
			{"DELETE FROM {record_changes}", nil, summary.Written{}, `a v2 "é"; b v6 5; c v1 1 | `},
		} {
			if step.before != "" {
				mustForeign(t, dsn, step.before)
			}
			got, err := e.PutRecords(ctx, "c", "s", step.records)
			if err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
			if got != step.want {
				t.Errorf("step %d: %+v, want %+v", i, got, step.want)
			}
			if c := contents(t, e); c != step.content {
				t.Errorf("step %d: content\n got %s\nwant %s", i, c, step.content)
			}
		}
		settle(t, e)
		found, err := e.Verify(ctx, nil, nil)
		if err != nil || len(found) > 0 {
			t.Errorf("verify: %v %v", found, err)
		}
	})
}

// Writing what is there already leaves no mark and no other time (SPEC G4).
func TestPutEqualRecordsMarksNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, dsn string) {
		e, ctx := openEngine(t, dsn), t.Context()
		at := summary.NewInstant(time.Now())
		var many []summary.Record
		for i := range 2500 {
			many = append(many, summary.Record{Key: fmt.Sprint(i), JSON: fmt.Sprintf(`{"i":%d}`, i), EmittedAt: at})
		}
		put := func(batch []summary.Record) summary.Written {
			t.Helper()
			if err := e.EnsureConnection(ctx, "o", "k", "c"); err != nil {
				t.Fatal(err)
			}
			w, err := e.PutRecords(ctx, "c", "s", batch)
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		put(many)
		if marks(t, e) == 0 {
			t.Fatal("the first import left no mark")
		}
		settle(t, e)
		before := highest(t, e)
		for i := range many {
			many[i].EmittedAt = at.Add(time.Hour)
		}
		if w := put(many); w.Unchanged != 2500 {
			t.Errorf("again: %+v", w)
		}
		if n := marks(t, e); n != 0 {
			t.Errorf("%d marks after equal records", n)
		}
		settle(t, e)
		if after := highest(t, e); after != before {
			t.Errorf("version rose from %d to %d", before, after)
		}
	})
}

func highest(t *testing.T, e engine) int64 {
	t.Helper()
	s, err := e.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.MaxVersion
}

func TestPutRecordsRefuses(t *testing.T) {
	eachEngine(t, func(t *testing.T, dsn string) {
		e, ctx := openEngine(t, dsn), t.Context()
		one := records(summary.NewInstant(time.Now()), "a", "1")
		if err := e.EnsureConnection(ctx, "o", "k", "c"); err != nil {
			t.Fatal(err)
		}
		if _, err := e.PutRecords(ctx, "nobody", "s", one); !errors.Is(err, drain.ErrUnknownConnection) {
			t.Errorf("unknown connection: %v", err)
		}
		for owner, connector := range map[string]string{"other": "k", "o": "other"} {
			if err := e.EnsureConnection(ctx, owner, connector, "c"); err == nil {
				t.Errorf("owner %s, connector %s: the connection is somebody else's", owner, connector)
			}
		}
		if k, err := e.texts(ctx, `SELECT connector_id FROM {connectors} ORDER BY connector_id`); err != nil || strings.Join(k, " ") != "k" {
			t.Errorf("connectors %v (%v): what was refused left something", k, err)
		}
		mustForeign(t, dsn, `UPDATE {connector_instances} SET status = 'revoked'`)
		if _, err := e.PutRecords(ctx, "c", "s", one); !errors.Is(err, summary.ErrConnectionRevoked) {
			t.Errorf("revoked connection: %v", err)
		}
		if err := e.EnsureConnection(ctx, "o", "k", "c"); !errors.Is(err, summary.ErrConnectionRevoked) {
			t.Errorf("revoked connection: %v", err)
		}
		if c := contents(t, e); c != " | " {
			t.Errorf("something was written: %s", c)
		}
	})
}
