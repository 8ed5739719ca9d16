package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tidemark/db"
	"tidemark/internal/pgcluster"
	"tidemark/listener"
	"tidemark/triggers"
)

// connections is over how many connections spread writes go.
const connections = 1000

// recordJSON is a record of 300 octets.
var recordJSON = `{"text":"` + strings.Repeat("x", 289) + `"}`

// server is a throw-away Postgres with one database per variant.
type server struct {
	cluster *pgcluster.Cluster
	pools   []*pgxpool.Pool
	stop    []func() error
}

func startServer(ctx context.Context) (*server, error) {
	cluster, err := pgcluster.Start(ctx, pgcluster.Options{Durable: true, Settings: map[string]string{
		"max_connections": "200", "shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "30min",
	}})
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	return &server{cluster: cluster}, nil
}

// close ends everything, listener first.
func (s *server) close() error {
	var errs []error
	for i := len(s.stop) - 1; i >= 0; i-- {
		errs = append(errs, s.stop[i]())
	}
	for _, p := range s.pools {
		p.Close()
	}
	return errors.Join(append(errs, s.cluster.Close())...)
}

// database creates one, migrated, with connections to write for.
func (s *server) database(ctx context.Context, name string, workers int32) (*db.DB, *pgxpool.Pool, error) {
	if err := s.cluster.CreateDatabase(ctx, name, ""); err != nil {
		return nil, nil, err
	}
	d, err := db.Open(ctx, s.cluster.DSN(name), db.Options{})
	if err != nil {
		return nil, nil, err
	}
	s.stop = append(s.stop, func() error { d.Close(); return nil })
	if err := d.Migrate(ctx); err != nil {
		return nil, nil, err
	}
	cfg, err := pgxpool.ParseConfig(s.cluster.SocketDSN(name))
	if err != nil {
		return nil, nil, err
	}
	cfg.MaxConns = workers
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	s.pools = append(s.pools, pool)
	return d, pool, nil
}

// seed makes the connections that records are written for.
func seed(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `INSERT INTO connectors (connector_id) VALUES ('shop')`)
	if err == nil {
		_, err = pool.Exec(ctx, `
			INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id)
			SELECT 'c' || i, 'ann', 'shop' FROM generate_series(0, $1 - 1) i`, connections)
	}
	return err
}

// bare leaves the source tables their primary and foreign keys only: no trigger, no index of Tidemark's, no CHECK, and
// records no domain but that of its foreign key.
func (s *server) bare(ctx context.Context, name string, workers int32) (*pgxpool.Pool, error) {
	_, pool, err := s.database(ctx, name, workers)
	if err != nil {
		return nil, err
	}
	rows, err := pool.Query(ctx, `
		SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u') AND conrelid <> 0
		UNION ALL
		SELECT format('DROP INDEX %s', i.indexrelid::regclass) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		WHERE c.relnamespace = 'public'::regnamespace
		  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
		UNION ALL
		SELECT format('ALTER TABLE records ALTER %I TYPE %s', a.attname, format_type(t.typbasetype, -1)) FROM pg_attribute a
		JOIN pg_type t ON t.oid = a.atttypid AND t.typtype = 'd'
		WHERE a.attrelid = 'records'::regclass AND a.attname NOT LIKE 'connector%'`)
	if err != nil {
		return nil, err
	}
	drops, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	for _, sql := range append(drops, `DROP SCHEMA tidemark CASCADE`) {
		if _, err := pool.Exec(ctx, sql); err != nil {
			return nil, fmt.Errorf("%s: %w", sql, err)
		}
	}
	return pool, seed(ctx, pool)
}

// tidemark is a database as `tidemark serve` leaves it, with its listener at work.
func (s *server) tidemark(ctx context.Context, workers int32) (*pgxpool.Pool, error) {
	d, pool, err := s.database(ctx, "tidemark", workers)
	if err != nil {
		return nil, err
	}
	conn, err := d.Conn(ctx)
	if err != nil {
		return nil, err
	}
	_, err = triggers.Install(ctx, conn)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return nil, err
	}
	if err := seed(ctx, pool); err != nil {
		return nil, err
	}
	stop, err := listen(ctx, s.cluster.DSN("tidemark"), d)
	if err != nil {
		return nil, err
	}
	s.stop = append(s.stop, stop)
	return pool, nil
}

// listen starts the listener of an installed database; the returned function ends it.
func listen(ctx context.Context, dsn string, d *db.DB) (stop func() error, err error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	db.Configure(cfg)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- listener.New(listener.Config{Connect: cfg, Drainer: d}).Run(ctx) }()
	return func() error {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	}, nil
}

// settled waits until the listener has drained every mark.
func settled(pool *pgxpool.Pool) func(context.Context) error {
	return func(ctx context.Context) error {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var pending bool
			err := pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM tidemark.pending_marks)`).Scan(&pending)
			if err != nil || !pending {
				return err
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// flag is the usual design: a row trigger sets a flag column of the connection's row and notifies, each time.
func (s *server) flag(ctx context.Context, workers int32) (*pgxpool.Pool, error) {
	pool, err := s.bare(ctx, "flag", workers)
	if err != nil {
		return nil, err
	}
	for _, sql := range []string{
		`CREATE TABLE summary (connector_instance_id text COLLATE "C" PRIMARY KEY, dirty boolean NOT NULL DEFAULT false)`,
		`INSERT INTO summary SELECT connector_instance_id FROM connector_instances`,
		`CREATE FUNCTION flag() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			UPDATE summary SET dirty = true WHERE connector_instance_id = NEW.connector_instance_id;
			PERFORM pg_notify('dirty', NEW.connector_instance_id);
			RETURN NULL;
		END $$`,
		`CREATE TRIGGER flag AFTER INSERT OR UPDATE ON records FOR EACH ROW EXECUTE FUNCTION flag()`,
	} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	conn, err := pgx.Connect(ctx, s.cluster.DSN("flag"))
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, `LISTEN dirty`); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	done := make(chan error, 1)
	listening, cancel := context.WithCancel(ctx)
	go func() {
		for {
			if _, err := conn.WaitForNotification(listening); err != nil {
				done <- nil // cancelled, or the server is going away: either ends the measurement
				return
			}
		}
	}()
	s.stop = append(s.stop, func() error { cancel(); return errors.Join(<-done, conn.Close(context.WithoutCancel(ctx))) })
	return pool, nil
}
