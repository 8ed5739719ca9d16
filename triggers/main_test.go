package triggers

import (
	"context"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"tidemark/internal/pgtest"
	"tidemark/migrations"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Runner(m)) }

// bench is one database under test and a superuser's session in it.
type bench struct {
	*testing.T
	dsn string
	*session
}

// open makes a database with every table and trigger, and three connections of two connectors; no mark is left.
func open(t *testing.T, options ...pgtest.Option) *bench {
	t.Helper()
	cluster := pgtest.Shared(t, options...)
	b := connect(t, cluster.NewDatabaseFrom(t, cluster.Template(t, "triggers_installed", func(dsn string) error {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer conn.Close(ctx) //nolint:errcheck // a template
		if err := migrated(ctx, conn); err != nil {
			return err
		}
		if _, err := Install(ctx, conn); err != nil {
			return err
		}
		_, err = conn.Exec(ctx, `
			INSERT INTO connectors (connector_id) VALUES ('shop'), ('bank');
			INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding_key)
			VALUES ('a', 'ann', 'shop', '1'), ('b', 'ann', 'shop', '2'), ('c', 'bob', 'bank', '3');
			DELETE FROM tidemark.marks`)
		return err
	})))
	return b
}

// openMigrated makes a database with every table and no trigger.
func openMigrated(t *testing.T) *bench {
	t.Helper()
	cluster := pgtest.Shared(t)
	return connect(t, cluster.NewDatabaseFrom(t, cluster.Template(t, "triggers_migrated", func(dsn string) error {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer conn.Close(ctx) //nolint:errcheck // a template
		return migrated(ctx, conn)
	})))
}

// migrated applies the migrations as they are.
func migrated(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `CREATE SCHEMA tidemark`); err != nil {
		return err
	}
	files := migrations.Postgres()
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		sql, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, string(sql)); err != nil {
			return err
		}
	}
	return nil
}

func connectEmpty(t *testing.T) *bench {
	t.Helper()
	return connect(t, pgtest.NewDatabase(t))
}

func connect(t *testing.T, dsn string) *bench {
	t.Helper()
	b := &bench{T: t, dsn: dsn}
	b.session = b.open("")
	return b
}

// session is a connection of some program.
type session struct {
	t *testing.T
	*pgx.Conn
}

// open opens another session; as a role, if one is named.
func (b *bench) open(role string) *session {
	b.Helper()
	cfg, err := pgx.ParseConfig(b.dsn)
	if err != nil {
		b.Fatal(err)
	}
	if role != "" {
		cfg.User, cfg.Password = role, ""
	}
	conn, err := pgx.ConnectConfig(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = conn.Close(ctx) // the server ends it otherwise
	})
	return &session{b.T, conn}
}

// exec runs statements; several without arguments are one transaction.
func (s *session) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatalf("%s\n%v", sql, err)
	}
}

// strings reads one text column.
func (s *session) strings(sql string, args ...any) []string {
	s.t.Helper()
	rows, err := s.Query(s.t.Context(), sql, args...)
	if err != nil {
		s.t.Fatalf("%s\n%v", sql, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.t.Fatalf("%s\n%v", sql, err)
	}
	return out
}

// printed is a mark in a line: scope, component, "recount", then what is not null.
const printed = `
	SELECT concat_ws(' ', nullif(scope, 'connection'), component, CASE WHEN recount THEN 'recount' END,
	       connector_instance_id, '/' || stream, n || to_char(records_delta, f), b || to_char(record_bytes_delta, f),
	       n || to_char(changes_delta, f), b || to_char(change_bytes_delta, f),
	       n || to_char(blobs_delta, f), b || to_char(blob_bytes_delta, f),
	       'gained ' || to_char(newest_gained AT TIME ZONE 'UTC', 'DD'),
	       'lost ' || to_char(newest_lost AT TIME ZONE 'UTC', 'DD'),
	       'run=' || run_id, 'profile=' || profile_key, 'connector=' || connector_id)
	FROM tidemark.marks, (VALUES ('n', 'b', 'FMSG9999999999999999999')) AS v (n, b, f)`

// take prints all marks in byte order, and removes them.
func (s *session) take() []string {
	s.t.Helper()
	out := s.strings(printed)
	s.exec(`DELETE FROM tidemark.marks`)
	slices.Sort(out)
	return out
}

// want compares the marks that there are, and removes them.
func (s *session) want(want ...string) {
	s.t.Helper()
	slices.Sort(want)
	if got := s.take(); !slices.Equal(got, want) {
		s.t.Errorf("marks:\n got %q\nwant %q", got, want)
	}
}
