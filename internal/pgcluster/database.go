package pgcluster

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// CreateDatabase makes a database: an empty one if template is "", else a copy of template, to which nobody may be
// connected. (PostgreSQL waits 5 s for the last session to leave.)
func (c *Cluster) CreateDatabase(ctx context.Context, name, template string) error {
	if template == "" {
		template = "template0"
	}
	statement := fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", quote(name), quote(template))
	if err := c.Exec(ctx, "postgres", statement); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// DropDatabase drops a database and ends the sessions in it; one that does not exist is no error.
func (c *Cluster) DropDatabase(ctx context.Context, name string) error {
	// FORCE ends sessions, but stops at a replication slot that one of them still holds.
	const release = "SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE database = %s AND active"
	if err := c.Exec(ctx, "postgres", fmt.Sprintf(release, "'"+strings.ReplaceAll(name, "'", "''")+"'"),
		fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", quote(name))); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

// Exec runs statements in a database as the superuser, each in a transaction of its own, on one connection that it
// opens and closes: no pool, so that nothing stays behind that would keep a template busy.
func (c *Cluster) Exec(ctx context.Context, database string, statements ...string) (err error) {
	conn, err := pgx.Connect(ctx, c.SocketDSN(database))
	if err != nil {
		return err
	}
	// Closing only says goodbye: what the statements did is committed.
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
