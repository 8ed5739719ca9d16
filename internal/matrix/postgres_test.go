package matrix

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// try plays shapes on Postgres, one after the other in one database.
func try(t *testing.T, group string, shapes []shape, opts ...pgtest.Option) {
	t.Helper()
	cluster := pgtest.Shared(t, opts...)
	t.Run(group, func(t *testing.T) {
		t.Parallel()
		playAll(t, enginetest.OpenPostgres(t, cluster, fleet), cluster, shapes)
	})
}

// playAll plays the shapes that the cluster has in a database of it that holds the fleet.
func playAll(t *testing.T, e *enginetest.Engine, cluster *pgtest.Cluster, shapes []shape) {
	t.Helper()
	there := slices.DeleteFunc(slices.Clone(shapes), func(s shape) bool { return s.since > cluster.Major() })
	for i, s := range there {
		if i > 0 {
			again(t, e)
		}
		t.Run(s.name, func(t *testing.T) { s.play(t, e) })
	}
}

// play writes as the shape says, on Postgres.
func (s shape) play(t *testing.T, e *enginetest.Engine) {
	t.Helper()
	for _, sql := range s.given {
		e.Foreign(t, dated(sql))
	}
	w := watching(t, e)
	c := client(t, e, !s.super)
	if s.do != nil {
		s.do(t, c)
	}
	run(t, c, s.write...)
	if !s.lost && c.PgConn().TxStatus() != 'I' {
		t.Fatal("the writer left its transaction open")
	}
	w.wrote(s)
	w.letGo() // before the tables are altered again
	if s.undo != "" {
		e.Foreign(t, s.undo)
	}
}

// client opens a session: of a role that has rights on the source tables alone, or of a superuser.
func client(t *testing.T, e *enginetest.Engine, ordinary bool) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), e.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) }) // a broken one is closed already
	if ordinary {
		run(t, c, "SET SESSION AUTHORIZATION "+enginetest.WriterRole)
	}
	return c
}

// run executes statements one by one; one that begins with ! must fail.
func run(t *testing.T, c *pgx.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		sql, fails := strings.CutPrefix(dated(sql), "!")
		if _, err := c.Exec(t.Context(), sql); (err != nil) != fails {
			t.Fatalf("%s\n%v", sql, err)
		}
	}
}

// Statements that many shapes are made of.
const (
	into    = `INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES `
	columns = `(connector_instance_id, stream, record_key, record_json, emitted_at)`
	oneA    = into + `('a', 's', 'n', '1', @05)`
	oneB    = into + `('b', 's', 'n', '1', @05)`
)

// copyText is a COPY from a client.
func copyText(sql, rows string, fails bool) func(t *testing.T, c *pgx.Conn) {
	return func(t *testing.T, c *pgx.Conn) {
		t.Helper()
		rows = strings.ReplaceAll(rows, "@", "2026-01-")
		if _, err := c.PgConn().CopyFrom(t.Context(), strings.NewReader(rows), sql); (err != nil) != fails {
			t.Fatalf("%s\n%v", sql, err)
		}
	}
}

// copyBinary is what pgx.CopyFrom does.
func copyBinary(rows [][]any) func(t *testing.T, c *pgx.Conn) {
	return func(t *testing.T, c *pgx.Conn) {
		t.Helper()
		names := strings.Split(strings.Trim(columns, "()"), ", ")
		n, err := c.CopyFrom(t.Context(), pgx.Identifier{"public", "records"}, names, pgx.CopyFromRows(rows))
		if err != nil || n != int64(len(rows)) {
			t.Fatalf("%d rows copied: %v", n, err)
		}
	}
}
