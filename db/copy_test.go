package db_test

import (
	"testing"

	"tidemark/internal/pgtest"
)

// A copy of a database within its cluster brings the cursor, whose transaction ids are as good there, and the pending marks.
func TestTemplateCopyKeepsPendingMarks(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.dry()
	b.record(b.writer, "c1", "s", "1", 10)
	name := b.value(`SELECT current_database()::text`)
	cluster := pgtest.Shared(t)
	cluster.Exec(t, "postgres", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '`+name+`'`)
	c := attach(t, cluster.NewDatabaseFrom(t, name))
	c.captured = true
	c.clean()
	c.want("1 true", `SELECT total_records || ' ' || dirty FROM tidemark.connector_summary_overview`)
	c.record(c.writer, "c1", "s", "2", 10)
	c.dry()
	c.want("2 false", `SELECT total_records || ' ' || dirty FROM tidemark.connector_summary_overview`)
	c.clean()
}

// The marks of a prepared transaction are invisible until it is committed, and pending then, whatever was drained meanwhile.
func TestPreparedTransactionIsNotLost(t *testing.T) {
	b := captured(t, pgtest.Setting("max_prepared_transactions", "5"))
	b.connection("c1")
	b.exec(`BEGIN; SAVEPOINT a; INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('c1', 's', 'p', '1');
	        RELEASE a; PREPARE TRANSACTION 'x'`)
	for _, key := range []string{"1", "2", "3"} {
		b.exec(`INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('c1', 's', $1, '1')`, key)
		b.drain()
	}
	b.want("3 false", `SELECT total_records || ' ' || dirty FROM tidemark.connector_summary_overview`)
	b.clean()
	b.exec(`COMMIT PREPARED 'x'`)
	b.want("4 true", `SELECT total_records || ' ' || dirty FROM tidemark.connector_summary_overview`)
	b.clean()
	b.dry()
	b.want("4 false", `SELECT total_records || ' ' || dirty FROM tidemark.connector_summary_overview`)
	b.clean()
}
