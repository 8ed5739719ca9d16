package db_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

const totals = `SELECT total_records || '/' || total_retained_bytes FROM tidemark.connector_summary_evidence WHERE connector_instance_id = $1`

func TestDrainFoldsDeltas(t *testing.T) {
	b := open(t)
	b.connection("c1")
	b.record(b.writer, "c1", "orders", "1", 10)
	if r := b.drain(); r.Marks != 2 || len(r.Changed) != 1 || r.More {
		t.Errorf("first drain: %+v", r)
	}
	b.want("1/10", totals, "c1")
	b.record(b.writer, "c1", "orders", "2", 20)
	b.record(b.writer, "c1", "items", "1", 5)
	b.drain()
	b.want("3/35", totals, "c1")
	b.want("0", `SELECT count(*)::text FROM tidemark.marks`)
	if r := b.drain(); !r.Empty() {
		t.Errorf("a drain with nothing to do: %+v", r)
	}
	b.clean()
}

// A mark that commits after the drain's snapshot, with an older transaction id, is not lost behind the cursor.
func TestDrainSeesLateCommits(t *testing.T) {
	b := open(t)
	b.connection("c1")
	b.drain()
	late := b.session()
	tx, err := late.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.record(tx.Conn(), "c1", "orders", "late", 7)
	b.record(b.writer, "c1", "orders", "early", 10) // a younger id commits first
	b.drain()
	b.want("1/10", totals, "c1")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want("true", `SELECT dirty::text FROM tidemark.connector_summary_overview`)
	b.want("2", `SELECT total_records::text FROM tidemark.connector_summary_overview`)
	b.drain()
	b.want("2/17", totals, "c1")
	b.clean()
}

// A recount and the deltas that it makes obsolete come from one snapshot: a commit between the two would count twice or never.
func TestRecountAndDeltasTogether(t *testing.T) {
	b := open(t)
	b.connection("c1")
	b.record(b.writer, "c1", "orders", "1", 10)
	b.exec(`SELECT tidemark.mark('c1')`)
	b.record(b.writer, "c1", "orders", "2", 10)
	b.drain()
	b.want("2/20", totals, "c1")
	b.clean()
}

func TestCursorSurvivesPinnedSnapshotAndRestore(t *testing.T) {
	b := open(t)
	b.connection("c1")
	pin := b.session()
	tx, err := pin.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	var before, after string
	if err := tx.QueryRow(t.Context(), `SELECT total_records || dirty::text FROM tidemark.connector_summary_overview`).Scan(&before); err != nil {
		t.Fatal(err)
	}
	b.record(b.writer, "c1", "orders", "1", 10)
	b.drain()
	if err := tx.QueryRow(t.Context(), `SELECT total_records || dirty::text FROM tidemark.connector_summary_overview`).Scan(&after); err != nil {
		t.Fatal(err)
	}
	if before != after || before != "0true" {
		t.Errorf("a pinned snapshot changed its answer from %s to %s", before, after)
	}
	// A restored dump brings marks whose transaction ids mean nothing here.
	b.exec(`UPDATE tidemark.drain_cursor SET system_identifier = 1, snap = '900000000:900000000:'`)
	b.record(b.writer, "c1", "orders", "2", 10)
	b.drain()
	b.want("2/20", totals, "c1")
	b.exec(`DELETE FROM tidemark.drain_cursor`)
	b.record(b.writer, "c1", "orders", "3", 10)
	b.drain()
	b.want("3/30", totals, "c1")
	b.want("1", `SELECT count(*)::text FROM tidemark.drain_cursor`)
	b.clean()
}

// More marks than a page can scan are moved to the backlog, where readers still add them, and drained chunk by chunk.
func TestBacklog(t *testing.T) {
	b := open(t)
	b.exec(`INSERT INTO connectors (connector_id) VALUES ('shop')`)
	b.exec(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id)
	        SELECT 'c' || i, 'ann', 'shop' FROM generate_series(1, 3000) i`)
	b.exec(`INSERT INTO tidemark.marks (component, recount, connector_instance_id)
	        SELECT 'identity', true, connector_instance_id FROM connector_instances`)
	b.exec(`INSERT INTO records (connector_instance_id, stream, record_key, record_json)
	        SELECT 'c' || i, 's', j::text, '1' FROM generate_series(1, 3000) i, generate_series(1, 7) j`)
	b.exec(`INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_gained)
	        SELECT 'records', connector_instance_id, stream, 1, record_bytes, emitted_at FROM records`)
	r := b.drain()
	if !r.More || r.Marks == 0 || r.Marks >= 24000 {
		t.Fatalf("first drain: %d marks, more %v", r.Marks, r.More)
	}
	b.want("true", `SELECT (count(*) > 0)::text FROM tidemark.marks_backlog`)
	b.want("21000", `SELECT sum(total_records)::text FROM tidemark.connector_summary_overview`)
	b.clean()
	b.record(b.writer, "c1", "s", "new", 5)
	for r.More {
		r = b.drain()
	}
	b.want("21001", `SELECT sum(total_records)::text FROM tidemark.connector_summary_evidence`)
	b.want("0", `SELECT count(*)::text FROM tidemark.pending_marks`)
	b.clean()
}

func TestMarkAllAndDeletion(t *testing.T) {
	b := open(t)
	b.connection("c1", "c2")
	b.record(b.writer, "c1", "orders", "1", 10)
	b.drain()
	b.exec(`DELETE FROM records`) // no mark: behind the triggers' back
	b.exec(`DELETE FROM connector_instances WHERE connector_instance_id = 'c2'`)
	found, err := b.Verify(t.Context(), nil, nil)
	if err != nil || len(found) == 0 {
		t.Fatalf("verify found nothing: %v", err)
	}
	b.exec(`SELECT tidemark.mark_all()`)
	b.want("true", `SELECT dirty::text FROM tidemark.connector_summary_overview`)
	r := b.drain()
	if len(r.Deleted) != 1 || r.Deleted[0].ConnectionID != "c2" {
		t.Errorf("deleted: %+v", r.Deleted)
	}
	b.want("0/0", totals, "c1")
	b.want("ann c2", `SELECT owner_subject_id || ' ' || connector_instance_id FROM tidemark.evidence_deletions`)
	b.clean()
}

// The version rises exactly if the content changes.
func TestVersionRisesOnlyWithContent(t *testing.T) {
	b := open(t)
	b.connection("c1")
	b.drain()
	version := b.value(`SELECT version::text FROM tidemark.connector_summary_evidence`)
	b.exec(`SELECT tidemark.mark('c1')`)
	if r := b.drain(); len(r.Changed) != 0 || r.MaxVersion != 0 {
		t.Errorf("a recount without a difference: %+v", r)
	}
	if _, err := b.Rebuild(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	b.want(version, `SELECT version::text FROM tidemark.connector_summary_evidence`)
	b.record(b.writer, "c1", "orders", "1", 10)
	b.drain()
	b.want("true", `SELECT (version > $1::bigint)::text FROM tidemark.connector_summary_evidence`, version)
}
