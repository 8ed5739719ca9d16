package db_test

import (
	"context"
	"testing"
)

// A mark that comes between the runs of a rebuild and its connections is consumed with the connection's chunk, so what it
// asks for is done there: the runs, too.
func TestRebuildKeepsTheSayOfMarks(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.started', 'r1', 'shop', '{"connection_id":"c1"}')`)
	b.dry()
	runs := true
	_, err := b.Rebuild(t.Context(), nil, func(int64, int64) {
		if !runs {
			return
		}
		runs = false
		b.exec(`ALTER TABLE spine_events DISABLE TRIGGER ALL`)
		b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.completed', 'r1', 'shop', '{"connection_id":"c1"}')`)
		b.exec(`ALTER TABLE spine_events ENABLE TRIGGER ALL`)
		b.exec(`SELECT tidemark.mark('c1')`)
	})
	if err != nil {
		t.Fatal(err)
	}
	b.dry()
	b.want("0", `SELECT count(*)::text FROM tidemark.pending_marks`)
	b.want("succeeded", `SELECT last_run_json ->> 'status' FROM tidemark.connector_summary_evidence`)
	b.clean()
}

// Two rebuilds may share one row; the one that ends last must not close, or write its place into, one opened since.
func TestRebuildLeavesAnotherAlone(t *testing.T) {
	b := open(t)
	b.connection("c1")
	b.drain()
	first := true
	_, err := b.Rebuild(t.Context(), nil, func(int64, int64) {
		if !first {
			return
		}
		first = false
		if _, err := b.Rebuild(t.Context(), nil, nil); err != nil { // goes on with the same row, and finishes it
			t.Error(err)
		}
		b.want("0", `SELECT count(*)::text FROM tidemark.rebuilds WHERE finished_at IS NULL`)
		b.exec(`INSERT INTO tidemark.rebuilds (total) VALUES (77)`)
	})
	if err != nil {
		t.Error(err)
	}
	b.want("runs  0 77", `SELECT concat_ws(' ', phase, after_id, done, total) FROM tidemark.rebuilds WHERE finished_at IS NULL`)
}

// What a rebuild recounted before capture was lost earns no trust: the next one begins anew rather than go on with it.
// manyConnections is a fixture of several steps of a rebuild, and how to cut one off after the first.
func manyConnections(t *testing.T, b *bench) (cutOff func()) {
	b.exec(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id)
	        SELECT 'c' || lpad(i::text, 4, '0'), 'ann', 'shop' FROM generate_series(1, 150) i`)
	b.record(b.writer, "c0001", "s", "1", 10)
	b.dry()
	return func() {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if _, err := b.Rebuild(ctx, nil, func(int64, int64) { cancel() }); err == nil {
			t.Fatal("the rebuild was not cut off")
		}
	}
}

func TestRebuildOlderThanTheLossIsNotResumed(t *testing.T) {
	b := captured(t)
	manyConnections(t, b)()
	b.exec(`ALTER TABLE records DISABLE TRIGGER USER`)
	b.exec(`DELETE FROM records`)
	b.exec(`ALTER TABLE records ENABLE TRIGGER USER`)
	b.exec(`UPDATE tidemark.capture_state SET trusted = false, since = clock_timestamp(), reason_code = 'trigger_disabled',
	        recount = '{records,retained_bytes}' WHERE table_name = 'records'`) // as the inventory does
	r, err := b.Rebuild(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Resumed || r.Connections != 150 {
		t.Errorf("%+v, want a rebuild of everything", r)
	}
	b.want("0/0", totals, "c0001")
	b.clean()
}

// One that was cut off long ago is not gone on with, though all is trusted: nobody knows what happened since.
func TestRebuildOfLongAgoIsNotResumed(t *testing.T) {
	b := captured(t)
	cutOff := manyConnections(t, b)
	for _, c := range []struct {
		ago     string
		resumed bool
	}{{"50 minutes", true}, {"2 hours", false}} {
		cutOff()
		b.exec(`UPDATE tidemark.rebuilds SET started_at = started_at - interval '` + c.ago + `' WHERE finished_at IS NULL`)
		if r, err := b.Rebuild(t.Context(), nil, nil); err != nil || r.Resumed != c.resumed {
			t.Errorf("begun %s ago: %+v, %v; want resumed = %v", c.ago, r, err, c.resumed)
		}
	}
}

func TestRebuildOfSomeCountsThem(t *testing.T) {
	b := open(t)
	b.connection("c1", "c2")
	b.drain()
	if r, err := b.Rebuild(t.Context(), []string{"c1"}, nil); err != nil || r.Connections != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}
