package sqlitecompat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// watch tells of commits: those of this process when they have happened, those of others by PRAGMA data_version, which
// changes on a connection whenever any other connection has committed.
type watch struct {
	pool *sql.DB // one connection, which never writes
	conn *sql.Conn
	stop context.CancelFunc
	done chan struct{}
	once sync.Once

	checkpoint *checkpointer

	wake chan struct{} // of one, never closed

	mu   sync.Mutex
	next chan struct{} // closed by the next commit
}

// startWatch reads the first version and goes on in the background until close.
func (d *DB) startWatch(ctx context.Context, dsn string, every time.Duration) (*watch, error) {
	pool, err := openPool(dsn, connector{}, 1)
	if err != nil {
		return nil, err
	}
	w := &watch{pool: pool, checkpoint: d.checkpoint, done: make(chan struct{}), wake: make(chan struct{}, 1), next: make(chan struct{})}
	if w.conn, err = pool.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("watch commits: %w", unreachable(err)), pool.Close())
	}
	version, err := w.version(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("watch commits: %w", unreachable(err)), w.conn.Close(), pool.Close())
	}
	ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	go w.run(ctx, version, every)
	return w, nil
}

func (w *watch) version(ctx context.Context) (version int64, err error) {
	err = w.conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&version)
	return version, err
}

func (w *watch) run(ctx context.Context, version int64, every time.Duration) {
	defer close(w.done)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now, err := w.version(ctx)
		if err == nil && now == version { // what cannot be read may have changed
			continue
		}
		version = now
		w.committed()
		w.changed()
		w.checkpoint.committed()
	}
}

// committed wakes whoever drains.
func (w *watch) committed() {
	select {
	case w.wake <- struct{}{}:
	default: // a wake-up that nobody has seen yet says the same
	}
}

// changed tells waiting reads that evidence may have changed.
func (w *watch) changed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.next)
	w.next = make(chan struct{})
}

func (w *watch) close() (err error) {
	w.once.Do(func() {
		w.stop()
		<-w.done
		err = errors.Join(w.conn.Close(), w.pool.Close())
	})
	return err
}

// Wake yields when marks may have been committed, by this process or another. It holds one wake-up until it is received, and
// is for one receiver.
func (d *DB) Wake() <-chan struct{} { return d.watch.wake }

// Next returns a channel that is closed after the next commit that may have changed evidence, by this process or another.
// Whoever waits takes it before the read whose outdating it wants to hear of.
func (d *DB) Next() <-chan struct{} {
	d.watch.mu.Lock()
	defer d.watch.mu.Unlock()
	return d.watch.next
}

// marked is called after a commit of this process that wrote marks.
func (d *DB) marked() { d.watch.committed() }
