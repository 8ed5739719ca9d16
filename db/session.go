package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// setting is one of a session's.
type setting struct{ name, value string }

// settings are those that every statement of Tidemark's relies on. Not start-up parameters: pgbouncer refuses all that it does
// not keep for each of its clients.
var settings = []setting{
	{"search_path", "pg_catalog"}, // every name of ours is schema-qualified
	{"jit", "off"},                // statements are short; compiling them is not
	{"statement_timeout", "0"},    // a role's limit would end a long recount again and again
	{"row_security", "off"},       // a recount that a policy hides rows from fails, instead of missing them
	// A program that hangs, or whose cable was cut, must not keep the drain lock: another is to take over within 10 s.
	{"idle_in_transaction_session_timeout", "6s"},
}

// sessionSettings are those that only a session of our own has: behind a pooler they are the pooler's.
var sessionSettings = []setting{
	{"default_transaction_read_only", "off"}, // a session keeps it long after a database has been let go again
	{"idle_session_timeout", "0"},            // the pool ends its idle sessions itself
	{"transaction_timeout", "0"},             // as statement_timeout; new in PostgreSQL 17
	{"tcp_keepalives_idle", "3"}, {"tcp_keepalives_interval", "1"}, {"tcp_keepalives_count", "3"},
	{"tcp_user_timeout", "6s"},
}

// Configure gives a connection the session settings that every statement of Tidemark's relies on, unless a pooler lies between:
// there the session is every client's, and transactions bring their own (DB.local).
func Configure(cfg *pgx.ConnConfig) { configure(cfg, func(bool) error { return nil }) }

// configure tells found for every new connection whether a pooler lies between; an error of its own refuses the connection.
func configure(cfg *pgx.ConnConfig, found func(pooled bool) error) {
	p := cfg.RuntimeParams
	if p["application_name"] == "" {
		p["application_name"] = ApplicationName
	}
	p["timezone"], p["client_encoding"] = "UTC", "UTF8" // which a pooler keeps for each of its clients; the driver knows no other encoding
	cfg.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		pooled, err := settle(ctx, conn)
		if err != nil {
			return err
		}
		return found(pooled)
	}
}

// settle makes the settings if the server's process is the one that the start-up message named: a pooler names one of its own
// making. One statement does both, and passes over what this version of the server does not know.
func settle(ctx context.Context, conn *pgconn.PgConn) (pooled bool, err error) {
	var calls []string
	for _, s := range slices.Concat(settings, sessionSettings) {
		calls = append(calls, fmt.Sprintf("CASE WHEN pg_catalog.current_setting('%[1]s', true) IS NOT NULL THEN pg_catalog.set_config('%[1]s', '%[2]s', false) END", s.name, s.value))
	}
	sql := fmt.Sprintf("SELECT %s WHERE pg_catalog.pg_backend_pid() = %d", strings.Join(calls, ", "), conn.PID())
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return false, fmt.Errorf("configure session: %w", err)
	}
	return len(results) != 1 || len(results[0].Rows) == 0, nil
}

// errPooled and errDirect refuse a connection that was prepared for the other case; the next one is prepared for this.
var (
	errPooled = errors.New("a connection pooler has come between; try again")
	errDirect = errors.New("the connection pooler has gone; try again")
)

// noticed remembers what lies between.
func (d *DB) noticed(pooled bool) error {
	switch was := d.pooled.Swap(pooled); {
	case pooled && !was:
		return errPooled
	case was && !pooled:
		return errDirect
	}
	return nil
}

// suit prepares a connection for what lies between. A prepared statement would be on another server session than its next
// execution; with descriptions cached, every execution parses the statement anew.
func (d *DB) suit(_ context.Context, cfg *pgx.ConnConfig) error {
	if d.pooled.Load() && cfg.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		cfg.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	return nil
}

// Pooled reports whether a pooler that may share sessions lies between.
func (d *DB) Pooled() bool { return d.pooled.Load() }

// local are statements that begin a transaction with the settings, where the session does not have them.
func (d *DB) local() string {
	if !d.pooled.Load() {
		return ""
	}
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "SET LOCAL %s = '%s'; ", s.name, s.value)
	}
	return b.String()
}
