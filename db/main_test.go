package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"tidemark/db"
	"tidemark/drain"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Runner(m)) }

// bench is one database under test: the engine, and a session of a writer beside it. There are no triggers in it unless it is
// captured: the tests write the marks that they need, so that each rule of the drain is tested alone.
type bench struct {
	*testing.T
	*db.DB
	dsn      string
	writer   *pgx.Conn
	captured bool
}

func open(t *testing.T) *bench {
	t.Helper()
	cluster := pgtest.Shared(t)
	dsn := cluster.NewDatabaseFrom(t, cluster.Template(t, "db_migrated", func(dsn string) error {
		d, err := db.Open(context.Background(), dsn, db.Options{})
		if err != nil {
			return err
		}
		defer d.Close()
		return d.Migrate(context.Background())
	}))
	return attach(t, dsn)
}

// captured opens a database with the triggers installed, for what only the marks of real writes bring about. It has the
// connectors shop and mail.
func captured(t *testing.T, opts ...pgtest.Option) *bench {
	t.Helper()
	e := enginetest.OpenPostgres(t, pgtest.Shared(t, opts...), enginetest.Fixture{
		Name: "connectors", Statements: []string{`INSERT INTO connectors (connector_id) VALUES ('shop'), ('mail')`},
	})
	b := attach(t, e.DSN)
	b.captured = true
	return b
}

func attach(t *testing.T, dsn string) *bench {
	t.Helper()
	d, err := db.Open(t.Context(), dsn, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	b := &bench{T: t, DB: d, dsn: dsn}
	b.writer = b.session()
	return b
}

// session opens a session of another program.
func (b *bench) session() *pgx.Conn {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), b.dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

func (b *bench) exec(sql string, args ...any) {
	b.Helper()
	if _, err := b.writer.Exec(b.Context(), sql, args...); err != nil {
		b.Fatalf("%s: %v", sql, err)
	}
}

// value is the single text that a query gives; "<null>" for NULL.
func (b *bench) value(sql string, args ...any) string {
	b.Helper()
	var v *string
	if err := b.writer.QueryRow(b.Context(), sql, args...).Scan(&v); err != nil {
		b.Fatalf("%s: %v", sql, err)
	}
	if v == nil {
		return "<null>"
	}
	return *v
}

func (b *bench) want(want, sql string, args ...any) {
	b.Helper()
	if got := b.value(sql, args...); got != want {
		b.Errorf("%s\n got %s\nwant %s", sql, got, want)
	}
}

func (b *bench) drain() drain.Result {
	b.Helper()
	r, err := b.Drain(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// dry drains until nothing is left to drain.
func (b *bench) dry() {
	b.Helper()
	for range 100 {
		if r := b.drain(); r.Empty() {
			return
		}
	}
	b.Fatal("marks are left after 100 drains")
}

// clean demands that verify finds nothing.
func (b *bench) clean() {
	b.Helper()
	found, err := b.Verify(b.Context(), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range found {
		b.Errorf("verify: %+v", d)
	}
}

// connection inserts connections of ann's and, where there is no trigger, the mark that it would leave.
func (b *bench) connection(ids ...string) {
	b.Helper()
	b.exec(`INSERT INTO connectors (connector_id) VALUES ('shop') ON CONFLICT DO NOTHING`)
	for _, id := range ids {
		b.exec(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ($1, 'ann', 'shop')`, id)
		if !b.captured {
			b.exec(`INSERT INTO tidemark.marks (component, recount, connector_instance_id) VALUES ('identity', true, $1)`, id)
		}
	}
}

// record inserts a live record of n octets and, where there is no trigger, its mark, in one transaction.
func (b *bench) record(conn *pgx.Conn, id, stream, key string, n int) {
	b.Helper()
	sql := `INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at)
		VALUES ($1, $2, $3, to_json(repeat('x', $4 - 2)), '2026-01-01Z')`
	if !b.captured {
		sql = `WITH r AS (` + sql + ` RETURNING *)
			INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_gained)
			SELECT 'records', connector_instance_id, stream, 1, octet_length(record_json::text), emitted_at FROM r`
	}
	if _, err := conn.Exec(b.Context(), sql, id, stream, key, n); err != nil {
		b.Fatal(err)
	}
}
