package listener

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// probeChannel carries the self-probe; nobody else has a reason to listen to it.
	probeChannel = "tidemark_probe"
	// probeWithin is how long a NOTIFY may take before it counts as swallowed. It takes a millisecond.
	probeWithin = 3 * time.Second
	// surveyAgain is how long a connection is used that did not pass the probe: a server may have been merely slow.
	surveyAgain = time.Minute
)

// errSurveyAgain ends a session in good order so that the next one looks again at what the server can do.
var errSurveyAgain = errors.New("what the server can do may have changed")

// errStepDown ends, in good order, a session whose leader fails again and again: another server may have the rights, the address
// or the memory that this one lacks.
var errStepDown = fmt.Errorf("drains keep failing: %w", errSurveyAgain)

// facts are what must be known of a server, and of what lies between, before it is relied on.
type facts struct {
	standby  bool // in recovery
	prepared bool // max_prepared_transactions > 0
	hears    bool // a NOTIFY of another session arrives on this connection; not tried where it makes no difference
	full     bool // the notification queue is too full to try that
	// sticky: this connection has one server session to itself, so session locks and settings may be used.
	sticky bool
	unfit  *unfit // for SignalWAL, if that is wanted
}

// survey finds the facts out, those about NOTIFY only if it is wanted. Another connection is opened for the probe: a pooler in transaction mode would deliver what
// a session sends to itself.
func survey(ctx context.Context, w *wire, cfg *pgx.ConnConfig, notify bool) (facts, error) {
	var f facts
	var pid uint32
	var prepared int
	var installed bool
	var usage float64
	err := w.row(ctx, "survey server", `SELECT pg_catalog.pg_backend_pid()::int8, pg_catalog.pg_is_in_recovery(),
		pg_catalog.current_setting('max_prepared_transactions')::int, pg_catalog.to_regclass('tidemark.wake_flag') IS NOT NULL,
		pg_catalog.pg_notification_queue_usage()`, &pid, &f.standby, &prepared, &installed, &usage)
	switch {
	case err != nil:
		return f, err
	case !installed:
		return f, errors.New("survey server: the database has no schema tidemark: run `tidemark migrate up`")
	}
	f.prepared = prepared > 0
	f.full = usage > crowdedAbove
	if notify && !f.standby && !f.full { // a standby refuses LISTEN
		if f.hears, err = probe(ctx, w, cfg); err != nil {
			return f, err
		}
	}
	// A pooler hands out process ids of its own making. One that lets the probe through keeps sessions apart.
	f.sticky = f.hears || pid == w.conn.PgConn().PID()
	return f, nil
}

// probe reports whether a NOTIFY from another session arrives on w.
func probe(ctx context.Context, w *wire, cfg *pgx.ConnConfig) (bool, error) {
	if err := w.exec(ctx, "probe LISTEN", "LISTEN "+probeChannel); err != nil {
		return false, err
	}
	other, err := dial(ctx, cfg, applicationName+" probe")
	if err != nil {
		return false, err
	}
	defer other.close()
	token := rand.Text()
	notify := fmt.Sprintf("SELECT pg_catalog.pg_notify('%s', '%s')", probeChannel, token)
	if err := other.exec(ctx, "probe NOTIFY", notify); err != nil {
		return false, err
	}
	arrived := false
	for until := time.Now().Add(probeWithin); !arrived; {
		n, err := w.await(ctx, time.Until(until))
		if err != nil {
			return false, err
		}
		if n == nil {
			break
		}
		arrived = n.Payload == token
	}
	return arrived, w.exec(ctx, "end probe", "UNLISTEN "+probeChannel)
}
