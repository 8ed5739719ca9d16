package triggers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
// found missing, disabled or altered: changes may have gone unmarked. An upgrade from an older set loses no trust, but that of
// partitioned tables that lack a trigger. The connection must be that of the tables' owner, and outside of a transaction.
func Install(ctx context.Context, conn *pgx.Conn) (Installed, error) {
	return installer{patience: time.Minute}.run(ctx, conn)
}

// Mend is one attempt of Install, for who tries again anyway.
func Mend(ctx context.Context, conn *pgx.Conn) (Installed, error) { return installer{}.run(ctx, conn) }

// Held reports whether an installation failed because of transactions that write to the tables.
func Held(err error) bool { return errors.Is(err, errLocked) }

// errChanged says that somebody changed triggers while an attempt waited for its locks.
var errChanged = errors.New("triggers are being changed; run `tidemark migrate up` again")

// installer installs; patience is for how long it tries to get its locks.
type installer struct{ patience time.Duration }

func (i installer) run(ctx context.Context, conn *pgx.Conn) (Installed, error) {
	deadline := time.Now().Add(i.patience)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		done, err := install(ctx, conn)
		switch {
		case err == nil:
			return done, nil
		case !errors.Is(err, errLocked) && !errors.Is(err, errChanged) || time.Now().Add(wait).After(deadline):
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
	todo, err := changes(c)
	if err != nil {
		return done, err
	}
	locked := tablesOf(append(todo, childChanges(c)...), broken)
	if len(locked) > 0 {
		if err := lock(ctx, tx, locked); err != nil {
			return done, err
		}
		if c, err = readCatalog(ctx, tx); err != nil { // what was attached or touched until the locks were granted
			return done, err
		}
		broken = merged(broken, s.judge(c))
		if todo, err = changes(c); err != nil {
			return done, err
		}
		if len(tablesOf(append(todo, childChanges(c)...), broken)) > len(locked) {
			return done, errChanged
		}
	}
	if done, err = bring(ctx, tx, c, s, todo, broken); err != nil {
		return done, err
	}
	return done, tx.Commit(ctx)
}

// bring makes the changes, and puts on record what is there then.
func bring(ctx context.Context, tx pgx.Tx, c catalog, s set, todo []change, broken []Finding) (done Installed, err error) {
	done.Version = SetVersion
	if done.Changed, err = replace(ctx, tx, todo); err != nil {
		return done, err
	}
	if len(done.Changed) > 0 {
		if c, err = readCatalog(ctx, tx); err != nil {
			return done, err
		}
	}
	below := childChanges(c)
	names, err := replace(ctx, tx, below)
	if err != nil {
		return done, err
	}
	done.Changed = append(done.Changed, names...)
	if err := s.record(ctx, tx, c); err != nil {
		return done, err
	}
	mended := map[string]bool{}
	for _, ch := range append(todo, below...) {
		mended[ch.object.table] = true
	}
	for _, f := range broken {
		mended[f.Table] = true
	}
	if len(mended) > 0 {
		if err := acknowledge(ctx, tx, slices.Sorted(maps.Keys(mended))); err != nil {
			return done, err
		}
	}
	if done.Untrusted, err = distrust(ctx, tx, broken); err != nil {
		return done, err
	}
	return done, watchDDL(ctx, tx, c)
}

// merged adds to a what of b is about tables that a does not name.
func merged(a, b []Finding) []Finding {
	named := map[string]bool{}
	for _, f := range a {
		named[f.Table] = true
	}
	for _, f := range b {
		if !named[f.Table] {
			a = append(a, f)
		}
	}
	return a
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
