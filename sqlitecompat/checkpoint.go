package sqlitecompat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// checkpointEvery is how often the WAL is folded into the file while there are commits.
	checkpointEvery = time.Second
	// checkpointAt is from how many pages of WAL on a commit does it itself, if nobody else gets to it.
	checkpointAt = 16_384
)

// checkpointer folds the WAL into the file in the background, so that commits, which would do it by default every thousand
// pages, do not wait for the file's fsync. A passive checkpoint holds up neither readers nor writers.
type checkpointer struct {
	pool *sql.DB // one connection
	stop context.CancelFunc
	done chan struct{}
	once sync.Once
	due  chan struct{} // of one
}

func (d *DB) startCheckpoints(ctx context.Context, dsn string) (*checkpointer, error) {
	pool, err := openPool(dsn, connector{}, 1)
	if err != nil {
		return nil, err
	}
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database for checkpoints: %w", unreachable(err)), pool.Close())
	}
	c := &checkpointer{pool: pool, done: make(chan struct{}), due: make(chan struct{}, 1)}
	ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	go c.run(ctx)
	return c, nil
}

func (c *checkpointer) run(ctx context.Context) {
	defer close(c.done)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-c.due:
		}
		// One that fails, because another process is at it or the disk is full, is made up for by the next.
		_, _ = c.pool.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
		pause.Reset(checkpointEvery)
	}
}

// committed says that there is something to fold.
func (c *checkpointer) committed() {
	select {
	case c.due <- struct{}{}:
	default:
	}
}

func (c *checkpointer) close() (err error) {
	c.once.Do(func() {
		c.stop()
		<-c.done
		err = c.pool.Close()
	})
	return err
}
