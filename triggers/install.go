package triggers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNewerSet is returned where a newer program has installed its triggers: they are not to be replaced by older ones.
var ErrNewerSet = errors.New("triggers of a newer tidemark are installed: run a newer tidemark")

// Installed is what Install did.
type Installed struct {
	Version   int      // of the trigger set that is now there
	Changed   []string // functions and triggers that were created or replaced; none if all was there
	Untrusted []string // source tables whose capture this installation declared untrusted
}

// Install sees to it that every source table has the triggers of this program, and records them. It creates and replaces
// only what differs, locks no table where nothing does, and may be run by several programs at once. Where it must lock, it
// holds up writers for less than 2 s at a time (SPEC G6) and tries again until patience ends.
//
// A table that is populated when its triggers are first installed starts untrusted, and so does one whose triggers were
// found missing, disabled or altered: changes may have gone unmarked. An upgrade from an older set loses no trust. The
// connection must be that of the tables' owner, and outside of a transaction.
func Install(ctx context.Context, conn *pgx.Conn) (Installed, error) {
	return installer{patience: time.Minute}.run(ctx, conn)
}

// installer installs; patience is for how long it tries to get its locks.
type installer struct{ patience time.Duration }

func (i installer) run(ctx context.Context, conn *pgx.Conn) (Installed, error) {
	deadline := time.Now().Add(i.patience)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		done, err := install(ctx, conn)
		switch {
		case err == nil:
			return done, nil
		case !errors.Is(err, errLocked) || time.Now().Add(wait).After(deadline):
			return Installed{}, fmt.Errorf("install triggers: %w", err)
		}
		if err := pause(ctx, wait); err != nil {
			return Installed{}, fmt.Errorf("install triggers: %w", err)
		}
	}
}

// install is one attempt, in one transaction.
func install(ctx context.Context, conn *pgx.Conn) (done Installed, err error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
	if err != nil {
		return done, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit there is nothing to undo
	if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; `+pinned); err != nil {
		return done, err
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(installLock)); err != nil {
		return done, err
	}
	c, err := readCatalog(ctx, tx)
	if err != nil {
		return done, err
	}
	s, err := readSet(ctx, tx)
	if err != nil {
		return done, err
	}
	if s.version > SetVersion {
		return done, fmt.Errorf("%w: the database has trigger set %d, this program %d", ErrNewerSet, s.version, SetVersion)
	}
	broken := s.judge(c)
	done.Version = SetVersion
	if done.Changed, err = replace(ctx, tx, c, broken); err != nil {
		return done, err
	}
	if len(done.Changed) > 0 {
		if c, err = readCatalog(ctx, tx); err != nil {
			return done, err
		}
	}
	if err := s.record(ctx, tx, c); err != nil {
		return done, err
	}
	if done.Untrusted, err = distrust(ctx, tx, broken); err != nil {
		return done, err
	}
	return done, tx.Commit(ctx)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
