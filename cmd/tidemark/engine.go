package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"tidemark/drain"
	"tidemark/listener"
	"tidemark/server"
	"tidemark/summary"
)

// engine is what the commands need of a database; db.DB and sqlitecompat.DB supply most of it, the types postgres and
// sqlite of this package the rest. Safe for concurrent use.
type engine interface {
	server.Store
	drain.ScrubEngine
	listener.Drainer

	Migrate(ctx context.Context) error
	CheckSchema(ctx context.Context) error
	Rebuild(ctx context.Context, ids []string, progress func(done, total int64)) (drain.RebuildResult, error)
	Verify(ctx context.Context, ids []string, progress func(done, total int64)) ([]drain.Difference, error)
	Mark(ctx context.Context, id string) error
	MarkAll(ctx context.Context) error
	Status(ctx context.Context) (drain.Status, error)
	Recount(ctx context.Context, components summary.Set, progress func(done, total int64)) (drain.RebuildResult, error)
	Trust(ctx context.Context, lost []drain.CaptureState) error
	CreateToken(ctx context.Context, t summary.Token, sha256 [32]byte) error
	Tokens(ctx context.Context, owner string) ([]summary.Token, error)
	RevokeToken(ctx context.Context, tokenID string) error
	EnsureConnection(ctx context.Context, owner, connector, connection string) error
	PutRecords(ctx context.Context, connection, stream string, records []summary.Record) (summary.Written, error)

	// schema tells how far the schema is: the version that is there, 0 if none, and the one that this program knows.
	schema(ctx context.Context) (current, latest int64, err error)
	// install puts the triggers in place where they differ; mend is one attempt of it, for who tries again.
	install(ctx context.Context) error
	mend(ctx context.Context) error
	// inventory lists what of them is not as installed; distrust also puts that on record, whoever holds the tables.
	inventory(ctx context.Context) ([]drain.Finding, error)
	distrust(ctx context.Context) ([]drain.Finding, error)
	// watched tells whether loss of capture is noticed at once; if not, why.
	watched(ctx context.Context) (atOnce bool, why string, err error)
	// touched tells, at little cost, whether an inventory is due before its time.
	touched(ctx context.Context) (bool, error)
	// loops are what drains and carries the news of it while a server runs.
	loops(signal listener.Signal, audit bool, log *slog.Logger) (loops, error)
	// insert writes rows of source tables with plain SQL, in one transaction, in the order in which they are given.
	insert(ctx context.Context, tables []rows) error
	// texts reads the only column of a query. Source tables are written {table}, derived ones [table].
	texts(ctx context.Context, sql string) ([]string, error)
	close() error
}

// loops are the background work of a server.
type loops struct {
	run     []func(context.Context) error // each blocks until its context ends
	checks  []func() summary.Check        // whether they are fit for their job
	leads   func() bool                   // whether this server is the one that drains
	status  func() listener.Status        // what the loop that drains is and has done
	changes server.Changes
	metrics []prometheus.Collector // of what runs beside it
}

// rows of one source table. Values are string, int64, float64, bool, []byte, summary.Instant or nil.
type rows struct {
	table   string
	columns []string
	values  [][]any
}

// named finds tables as texts takes them.
var named = regexp.MustCompile(`\{([a-z_]+)\}|\[([a-z_]+)\]`)

// qualify puts the engine's schemas before the names of tables.
func qualify(sql, source, derived string) string {
	return named.ReplaceAllStringFunc(sql, func(name string) string {
		schema := source
		if name[0] == '[' {
			schema = derived
		}
		return schema + name[1:len(name)-1]
	})
}

// open connects to the database that --db names. A SQLite file that is not there is made only if create allows it.
func (a *app) open(ctx context.Context, create bool) (engine, error) {
	kind, rest, _ := strings.Cut(a.settings.db, ":")
	switch kind {
	case "postgres", "postgresql":
		return openPostgres(ctx, a.settings.db, a.settings.readDB)
	case "sqlite":
		if rest == "" {
			break
		}
		if a.settings.readDB != "" {
			return nil, usagef("--read-db is a physical standby of a PostgreSQL --db; SQLite has none")
		}
		if _, err := os.Stat(rest); !create && errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("there is no database %s: create it with `tidemark migrate up`", rest)
		}
		return openSQLite(ctx, rest)
	}
	return nil, usagef("--db must be sqlite:PATH or postgres://USER@HOST/NAME")
}

// with runs do on the database, whose schema must be up to date.
func (a *app) with(ctx context.Context, do func(engine) error) error {
	return a.on(ctx, false, func(e engine) error {
		if err := e.CheckSchema(ctx); err != nil {
			return err
		}
		return do(e)
	})
}

// withNew is with for what may be the first to use a database: one without a schema gets it, triggers included.
func (a *app) withNew(ctx context.Context, do func(engine) error) error {
	return a.on(ctx, true, func(e engine) error {
		current, _, err := e.schema(ctx)
		if err == nil && current == 0 {
			err = prepare(ctx, e)
		}
		if err == nil {
			err = e.CheckSchema(ctx)
		}
		if err != nil {
			return err
		}
		return do(e)
	})
}

func (a *app) on(ctx context.Context, create bool, do func(engine) error) error {
	e, err := a.open(ctx, create)
	if err != nil {
		return err
	}
	return errors.Join(do(e), e.close())
}

// prepare brings the schema up to date and puts the triggers in place.
func prepare(ctx context.Context, e engine) error {
	if err := migrate(ctx, e); err != nil {
		return err
	}
	return e.install(ctx)
}

func migrate(ctx context.Context, e engine) error {
	current, latest, err := e.schema(ctx)
	if err != nil {
		return err
	}
	if current != latest { // where there is nothing to do, no right to create is needed
		return e.Migrate(ctx)
	}
	return nil
}
