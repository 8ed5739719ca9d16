package triggers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// lockWithin bounds, in milliseconds, how long one attempt waits for all its table locks. While it waits, and while it
// holds some of them, writers queue behind it. Less than the default deadlock_timeout of 1 s: in a deadlock with a writer it
// is this attempt that gives up, never the writer.
const lockWithin = 800

// errLocked says that an attempt did not get its locks.
var errLocked = errors.New("end the long transaction that uses the table, or wait, and run `tidemark migrate up` again")

// tablesOf names the tables to lock: those whose triggers change, and those whose capture was broken, even if only a
// function was: a transaction that has written unmarked must end before a recount can make good for it.
func tablesOf(todo []change, broken []Finding) []string {
	touched := map[string]bool{}
	for _, ch := range todo {
		touched[ch.object.table] = touched[ch.object.table] || ch.object.kind == kindTrigger
	}
	for _, f := range broken {
		touched[f.Table] = true
	}
	var tables []string
	for i := range sources {
		if touched[sources[i].table] {
			tables = append(tables, ident("public", sources[i].table))
		}
	}
	return tables
}

// lock takes the locks that creating and enabling triggers needs: they exclude writers, not readers, and those who attach or
// detach a partition. LOCK TABLE locks all below the tables, too. It queues only once those who write now have ended: while a long
// transaction goes on, others must not queue behind this attempt.
func lock(ctx context.Context, tx pgx.Tx, tables []string) error {
	if len(tables) == 0 {
		return nil
	}
	if err := outlast(ctx, tx, tables); err != nil {
		return fmt.Errorf("lock %s: %w", strings.Join(tables, ", "), err)
	}
	return lockNow(ctx, tx, tables)
}

// lockNow is lock without the patience.
func lockNow(ctx context.Context, tx pgx.Tx, tables []string) error {
	if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL statement_timeout = %d`, lockWithin)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `LOCK TABLE `+strings.Join(tables, ", ")+` IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		var pg *pgconn.PgError
		// query_canceled (by the timeout, or else by our context, which whoever tries again will notice), deadlock_detected
		if errors.As(err, &pg) && (pg.Code == "57014" || pg.Code == "40P01") {
			return fmt.Errorf("lock %s: %w: %w", strings.Join(tables, ", "), err, errLocked)
		}
		return fmt.Errorf("lock %s: %w", strings.Join(tables, ", "), err)
	}
	_, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`)
	return err
}

// outlast waits until the transactions that write to the tables now, or to a table below them, have ended; not for those that begin
// meanwhile.
func outlast(ctx context.Context, tx pgx.Tx, tables []string) error {
	const writing = `
		WITH RECURSIVE tree AS (
			SELECT unnest($1::regclass[])::oid AS relation
			UNION SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.relation)
		SELECT DISTINCT l.virtualtransaction || CASE WHEN l.pid IS NULL THEN ' (prepared)' ELSE ' of process ' || l.pid END
		FROM pg_locks l JOIN tree t ON t.relation = l.relation
		WHERE l.locktype = 'relation' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		  AND l.mode IN ('RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
		  AND l.pid IS DISTINCT FROM pg_backend_pid()`
	holders := func() ([]string, error) {
		rows, err := tx.Query(ctx, writing, tables)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[string])
	}
	first, err := holders()
	for deadline := time.Now().Add(lockWithin * time.Millisecond); err == nil && len(first) > 0; {
		if time.Now().After(deadline) {
			return fmt.Errorf("transaction %s writes to it: %w", strings.Join(first, ", "), errLocked)
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
		var now []string
		if now, err = holders(); err == nil {
			first = both(first, now)
		}
	}
	return err
}

// both keeps the order of a.
func both(a, b []string) []string {
	in := map[string]bool{}
	for _, s := range b {
		in[s] = true
	}
	var out []string
	for _, s := range a {
		if in[s] {
			out = append(out, s)
		}
	}
	return out
}
