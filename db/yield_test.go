package db_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
)

// awaits polls until a session waits for a lock on the relation.
func (b *bench) awaits(relation string) {
	b.Helper()
	b.until(func() bool {
		return b.value(`SELECT count(*)::text FROM pg_locks WHERE NOT granted AND relation = $1::regclass`, relation) != "0"
	})
}

// locked opens a transaction of another session that does what sql says, and does not end it.
func (b *bench) locked(sql string) pgx.Tx {
	b.Helper()
	tx, err := b.session().Begin(b.Context())
	if err == nil {
		_, err = tx.Exec(b.Context(), sql)
	}
	if err != nil {
		b.Fatalf("%s: %v", sql, err)
	}
	return tx
}

// draining starts a drain beside the test; the returned function waits for its end and demands that it failed nobody.
func (b *bench) draining() (wait func()) {
	type outcome struct {
		drain.Result
		error
	}
	done := make(chan outcome, 1)
	go func() {
		r, err := b.Drain(b.Context())
		done <- outcome{r, err}
	}()
	return func() {
		b.Helper()
		if o := <-done; o.error != nil || len(o.Failed) > 0 {
			b.Errorf("drain: %v; failed %+v", o.error, o.Failed)
		}
	}
}

// A statement waits that takes forever, unless whoever is in its way gives way.
const patient = `SET lock_timeout = '30s'`

// A rewrite that commits while a drain waits for its table leaves that table empty to any snapshot that is older. Were the
// snapshot taken before the lock, the drain would write the emptiness down as the truth.
func TestRecountBesideRewrite(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.record(b.writer, "c1", "s", "1", 10)
	b.dry()
	ddl := b.locked(`ALTER TABLE records ADD COLUMN extra uuid DEFAULT gen_random_uuid()`) // a volatile default: every row is written anew
	b.exec(`SELECT tidemark.mark('c1')`)
	wait := b.draining()
	b.awaits("records")
	if err := ddl.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait()
	b.dry()
	b.want("1/10", totals, "c1")
	b.want("0", `SELECT count(*)::text FROM tidemark.pending_marks`)
	b.clean()
}

// The same beside a TRUNCATE: an older snapshot sees the emptiness, but not yet the mark that explains it.
func TestVerifyBesideTruncate(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.record(b.writer, "c1", "s", "1", 10)
	b.dry()
	ddl := b.locked(`TRUNCATE records`)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if found, err := b.Verify(t.Context(), nil, nil); err != nil || len(found) > 0 {
			t.Errorf("verify: %+v, %v", found, err)
		}
	}()
	b.awaits("records")
	if err := ddl.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-done
}

// A drain that waits for one table must not hold the nine others: behind it the DDL of each would queue, and behind that
// every writer.
func TestWaitingDrainGivesWay(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.dry()
	tx := b.locked(`LOCK TABLE blobs IN ACCESS EXCLUSIVE MODE`)
	b.exec(`SELECT tidemark.mark('c1')`)
	wait := b.draining()
	b.awaits("blobs")
	b.exec(patient)
	b.exec(`ALTER TABLE records ADD COLUMN note text`)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait()
	b.want("0", `SELECT count(*)::text FROM tidemark.failures`)
	b.clean()
}

// stuck makes the drain's writing of evidence take forever, and starts one.
func (b *bench) stuck() (wait func()) {
	b.Helper()
	b.exec(`CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$`)
	b.exec(`CREATE TRIGGER stuck BEFORE INSERT OR UPDATE ON tidemark.connector_summary_evidence FOR EACH ROW EXECUTE FUNCTION stuck()`)
	b.record(b.writer, "c1", "s", "1", 10)
	wait = b.draining()
	b.until(func() bool { return b.value(sleeping) != "0" })
	return wait
}

const sleeping = `SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`

// A drain in the middle of a long statement is cancelled for a DDL statement that waits for it, and begun again.
func TestLongDrainGivesWay(t *testing.T) { captured(t).longDrainGivesWay() }

func (b *bench) longDrainGivesWay() {
	b.Helper()
	b.connection("c1")
	b.dry()
	wait := b.stuck()
	b.exec(patient)
	b.exec(`ALTER TABLE records ADD COLUMN note text`)
	b.exec(`DROP TRIGGER stuck ON tidemark.connector_summary_evidence`)
	wait()
	b.want("1/10", totals, "c1")
	b.clean()
}

// A statement that was cancelled says nothing of the data: nobody's evidence has failed, and the marks are still there.
func TestCancelledDrainFailsNobody(t *testing.T) {
	b := captured(t)
	b.connection("c1", "c2")
	b.dry()
	b.record(b.writer, "c2", "s", "1", 10)
	b.exec(`CREATE FUNCTION cancelled() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE EXCEPTION 'canceling statement due to user request' USING ERRCODE = 'query_canceled'; END $$`)
	b.exec(`CREATE TRIGGER cancelled BEFORE INSERT OR UPDATE ON tidemark.connector_summary_evidence FOR EACH ROW EXECUTE FUNCTION cancelled()`)
	if _, err := b.Drain(t.Context()); !errors.Is(err, drain.ErrInterrupted) {
		t.Errorf("a cancelled drain: %v", err)
	}
	b.want("0", `SELECT count(*)::text FROM tidemark.failures`)
	b.want("current true", `SELECT state || ' ' || dirty FROM tidemark.connector_summary_overview WHERE connector_instance_id = 'c2'`)
	b.exec(`DROP TRIGGER cancelled ON tidemark.connector_summary_evidence`)
	b.drain()
	b.want("1/10", totals, "c2")
}
