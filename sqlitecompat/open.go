package sqlitecompat

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"tidemark/summary"
)

// Options configure Open. The zero value is what a server wants.
type Options struct {
	// Now is the clock of marked_at, computed_at and retries; nil is the system's.
	Now func() time.Time
	// Readers bounds the read pool; 0 is 8.
	Readers int
	// LockTimeout is how long a write waits for another process's transaction before it fails; 0 is 5 s.
	LockTimeout time.Duration
	// Poll is how often another process's commits are looked for; 0 is 5 ms.
	Poll time.Duration
	// Relaxed lets a commit return before it is on disk (synchronous=NORMAL): a power cut may lose the last ones, but breaks
	// nothing. Without it every commit is durable.
	Relaxed bool
	// Trace is told of every statement of the read pool, with its arguments; nil for nobody. Tests count by it.
	Trace func(query string, args []driver.NamedValue)
}

// DB is a SQLite file that Tidemark keeps. Safe for concurrent use, as are all of its methods.
type DB struct {
	now    func() time.Time
	path   string
	file   os.FileInfo // that is open
	writer *sql.DB     // one connection, hooked
	reader *sql.DB     // read-only
	// drainer is one connection without hooks, for drains. Whoever uses it holds the writer's, too.
	drainer *sql.DB
	// capturing: the schema is this program's, so the hooks capture.
	capturing  atomic.Bool
	lost       atomic.Pointer[[]loss] // that the last inventory found
	watch      *watch
	checkpoint *checkpointer
}

// Open opens the file at path, and creates it if it is not there. It does not migrate: Migrate does. Where the schema is up
// to date already, writes through Writer are captured from the start. Close the result.
func Open(ctx context.Context, path string, opt Options) (*DB, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("open database: Tidemark needs a file, which other programs can open: use sqlite:PATH")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Readers == 0 {
		opt.Readers = 8
	}
	if opt.LockTimeout == 0 {
		opt.LockTimeout = busyTimeout
	}
	if opt.Poll == 0 {
		opt.Poll = 5 * time.Millisecond
	}
	d := &DB{now: opt.Now, path: path}
	if err := d.connect(ctx, path, opt); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *DB) connect(ctx context.Context, path string, opt Options) error {
	synchronous := "synchronous(FULL)"
	if opt.Relaxed {
		synchronous = "synchronous(NORMAL)"
	}
	autocheckpoint := fmt.Sprintf("wal_autocheckpoint(%d)", checkpointAt)
	var err error
	if d.writer, err = openPool(dsn(path, "rwc", "foreign_keys(1)", synchronous, autocheckpoint), connector{db: d, wait: opt.LockTimeout}, 1); err != nil {
		return err
	}
	if err := d.journal(ctx); err != nil {
		return fmt.Errorf("open database %s: %w", path, unreachable(err))
	}
	if d.file, err = os.Stat(path); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if d.reader, err = openPool(dsn(path, "ro", "query_only(1)"), connector{trace: opt.Trace}, opt.Readers); err != nil {
		return err
	}
	var encoding string
	if err := d.reader.QueryRowContext(ctx, `PRAGMA encoding`).Scan(&encoding); err != nil {
		return fmt.Errorf("open database %s: %w", path, unreachable(err))
	}
	if encoding != "UTF-8" { // sizes are counted in octets as stored
		return fmt.Errorf("open database %s: its encoding is %s; Tidemark needs UTF-8: copy it into a file made with PRAGMA encoding = 'UTF-8'", path, encoding)
	}
	m, err := d.Migration(ctx)
	if err != nil {
		return fmt.Errorf("open database %s: %w", path, err)
	}
	if m.Current == m.Latest {
		if err := d.startCapture(ctx); err != nil {
			return err
		}
	}
	if d.drainer, err = openPool(dsn(path, "rw", synchronous, autocheckpoint), connector{wait: opt.LockTimeout}, 1); err != nil {
		return err
	}
	if d.checkpoint, err = d.startCheckpoints(ctx, dsn(path, "rw")); err != nil {
		return err
	}
	d.watch, err = d.startWatch(ctx, dsn(path, "ro", "query_only(1)"), opt.Poll)
	return err
}

// openPool opens a pool of connections as c says, with idle ones kept: each has its prepared statements.
func openPool(dsn string, c connector, size int) (*sql.DB, error) {
	var err error
	if c.Connector, err = sqlite.NewConnector(dsn); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool := sql.OpenDB(c)
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

// journal makes the file one in WAL mode, which is a property of the file. The change needs the file for itself for a
// moment.
func (d *DB) journal(ctx context.Context) error {
	var mode string
	err := d.writer.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode)
	if err == nil && mode != "wal" {
		err = d.writer.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode)
	}
	if err == nil && mode != "wal" {
		err = fmt.Errorf("its file system does not allow WAL mode (journal mode is %s): put it on a local disk", mode)
	}
	return err
}

// Writer is the hooked connection as a database/sql pool of one. Whatever changes source tables through it, in any way that
// database/sql has, leaves its marks in the same transaction. While a caller holds the connection (a Tx, a Conn, Rows),
// every other writer of this process waits, drains included: do not call methods of DB that write meanwhile.
func (d *DB) Writer() *sql.DB { return d.writer }

// Reader is the pool of read-only connections.
func (d *DB) Reader() *sql.DB { return d.reader }

// Close ends the connections and joins what runs in the background. It may be called more than once.
func (d *DB) Close() error {
	var err error
	if d.watch != nil {
		err = d.watch.close()
	}
	if d.checkpoint != nil {
		err = errors.Join(err, d.checkpoint.close())
	}
	for _, pool := range []*sql.DB{d.reader, d.drainer, d.writer} { // the writer last: it folds the WAL into the file
		if pool != nil {
			err = errors.Join(err, pool.Close())
		}
	}
	return err
}

// instant is the clock of marks and evidence.
func (d *DB) instant() summary.Instant { return summary.NewInstant(d.now()) }
