package enginetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/db"
	"tidemark/internal/pgtest"
	"tidemark/internal/recount"
	"tidemark/triggers"
)

// WriterRole has rights on the source tables and on nothing else.
const WriterRole = "enginetest_writer"

// Tables are the source tables, parents first.
var Tables = []string{
	"connectors", "connector_instances", "records", "record_changes", "blobs", "spine_events", "connector_schedules",
	"connector_detail_gaps", "connector_attention", "device_heartbeats",
}

// OpenPostgres opens a new database on a cluster; it is gone when the test is over.
func OpenPostgres(t testing.TB, cluster *pgtest.Cluster, f Fixture) *Engine {
	t.Helper()
	dsn := cluster.NewDatabaseFrom(t, postgresTemplate(t, cluster, f))
	e, closeDB, err := connectPostgres(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeDB)
	return e
}

func postgresTemplate(t testing.TB, cluster *pgtest.Cluster, f Fixture) string {
	t.Helper()
	return cluster.Template(t, "enginetest_"+f.Name, func(dsn string) error {
		if err := preparePostgres(t.Context(), dsn); err != nil || len(f.Statements) == 0 {
			return err
		}
		e, closeDB, err := connectPostgres(t.Context(), dsn)
		if err != nil {
			return err
		}
		defer closeDB()
		e.Exec(t, f.Statements...)
		e.Settle(t)
		return nil
	})
}

var fresh atomic.Int64

// FreshPostgres opens a new empty database that the caller discards: a property test uses hundreds.
func FreshPostgres(ctx context.Context, t testing.TB, cluster *pgtest.Cluster) (e *Engine, discard func() error, err error) {
	name := fmt.Sprintf("fresh%d", fresh.Add(1))
	if err := cluster.CreateDatabase(ctx, name, postgresTemplate(t, cluster, Fixture{})); err != nil {
		return nil, nil, err
	}
	e, closeDB, err := connectPostgres(ctx, cluster.DSN(name))
	if err != nil {
		return nil, nil, err
	}
	return e, func() error {
		closeDB()
		return cluster.DropDatabase(context.WithoutCancel(ctx), name)
	}, nil
}

func preparePostgres(ctx context.Context, dsn string) error {
	d, err := db.Open(ctx, dsn, db.Options{Now: clock})
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	if err := Install(ctx, d); err != nil {
		return err
	}
	conn, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, `DO $$ BEGIN CREATE ROLE `+WriterRole+` LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON public.`+strings.Join(Tables, ", public.")+` TO `+WriterRole)
	return err
}

// Install puts the triggers into a migrated database, for tests of packages that know none.
func Install(ctx context.Context, d *db.DB) error {
	conn, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	_, err = triggers.Install(ctx, conn)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// Install puts the triggers in place again after DDL. PostgreSQL only.
func (e *Engine) Install(t testing.TB) {
	t.Helper()
	if err := Install(t.Context(), e.Keeper.(*db.DB)); err != nil {
		t.Fatal(err)
	}
}

type postgres struct {
	dsn  string
	pool *db.DB
}

func connectPostgres(ctx context.Context, dsn string) (*Engine, func(), error) {
	statements := &Statements{}
	d, err := db.Open(ctx, dsn, db.Options{MaxConns: 8, Now: clock, Tracer: statements})
	if err != nil {
		return nil, nil, err
	}
	return &Engine{Keeper: d, Name: Postgres, DSN: dsn, Statements: statements, backend: &postgres{dsn, d}}, d.Close, nil
}

// pgSession is a connection of its own, with the settings of an ordinary client.
type pgSession struct{ conn *pgx.Conn }

func (p *postgres) open(ctx context.Context, first string) (Session, error) {
	conn, err := pgx.Connect(ctx, p.dsn)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, first); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return &pgSession{conn}, nil
}

func (p *postgres) writer(ctx context.Context) (Session, error) {
	return p.open(ctx, "SET SESSION AUTHORIZATION "+WriterRole)
}

func (p *postgres) foreign(ctx context.Context) (Session, error) {
	return p.open(ctx, "SET application_name = 'foreign'")
}

func (s *pgSession) Exec(ctx context.Context, sql string) error {
	_, err := s.conn.Exec(ctx, sql)
	return err
}

func (s *pgSession) Close() error { return s.conn.Close(context.Background()) }

func (p *postgres) shell(ctx context.Context, sql string) error {
	return p.psql(ctx, strings.NewReader(sql))
}

func (p *postgres) runFile(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return p.psql(ctx, file)
}

func (p *postgres) psql(ctx context.Context, script io.Reader) error {
	cmd := exec.CommandContext(ctx, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", p.dsn)
	cmd.Stdin = script
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("psql: %w\n%s", err, out)
	}
	return nil
}

func (p *postgres) snapshot(ctx context.Context) (recount.Snapshot, func(), error) {
	tx, err := p.pool.Pool().BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return recount.Snapshot{}, nil, err
	}
	release := func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }
	if _, err := tx.Exec(ctx, "SELECT pg_current_snapshot()"); err != nil { // the first statement takes the snapshot
		release()
		return recount.Snapshot{}, nil, err
	}
	return recount.Postgres(tx), release, nil
}

func (p *postgres) draining(ctx context.Context) (at bool, err error) {
	err = p.pool.Pool().QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'tidemark.drain_lock'::regclass AND granted)`).Scan(&at)
	return at, err
}

func (p *postgres) columns(ctx context.Context, table string) ([]string, error) {
	rows, err := p.pool.Pool().Query(ctx, `SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'tidemark' AND table_name = $1`, table)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (p *postgres) announced(ctx context.Context, since int64) (a Announced, err error) {
	err = p.pool.Pool().QueryRow(ctx, `
		SELECT (SELECT array_agg(connector_instance_id ORDER BY connector_instance_id) FROM tidemark.evidence_deletions WHERE version > $1),
		       (SELECT array_agg(connector_id ORDER BY connector_id) FROM tidemark.manifest_versions WHERE version > $1)`, since).
		Scan(&a.Deletions, &a.Connectors)
	return a, err
}

func (p *postgres) dump(ctx context.Context) ([]Row, error) {
	var out []Row
	for _, d := range derived {
		var names, texts []string
		for _, c := range d.columns {
			names, texts = append(names, c), append(texts, "coalesce("+c+"::text, 'NULL')")
		}
		for _, c := range d.times {
			names, texts = append(names, c), append(texts, `coalesce(to_char(`+c+` AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'NULL')`)
		}
		rows, err := p.pool.Pool().Query(ctx, `SELECT `+strings.Join(d.key, " || '/' || ")+`, ARRAY[`+strings.Join(texts, ", ")+
			`] FROM tidemark.`+d.name+` ORDER BY `+strings.Join(d.key, ", "))
		if err != nil {
			return nil, err
		}
		var key string
		var values []string
		_, err = pgx.ForEachRow(rows, []any{&key, &values}, func() error {
			r := Row{d.name, key, map[string]string{}}
			for i, name := range names {
				r.Columns[name] = values[i]
			}
			out = append(out, r)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
