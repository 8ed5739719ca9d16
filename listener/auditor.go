package listener

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"tidemark/drain"
	"tidemark/summary"
)

const (
	// auditorName is how the auditor's own connection shows in pg_stat_activity, auditStreamName its replication connection.
	auditorName, auditStreamName = "tidemark auditor", "tidemark audit"
	// AuditLockKey is the session-level advisory lock of the server that audits: "tideaudi" in ASCII.
	AuditLockKey int64 = 0x74696465_61756469
	// auditWatch is how often the auditor looks whether it still leads and whether every published table is still safe.
	auditWatch = 2 * time.Second
)

// AuditEngine is the engine as the auditor sees it.
type AuditEngine interface {
	drain.AuditEngine
	// Distrust declares the capture of a table untrusted: these components are to be recounted before it is trusted again.
	Distrust(ctx context.Context, table, reason, detail string, recount []summary.Component) error
	// BeginAudit stores that a slot has begun, and VerifiedAudit that what was changed before it has been verified.
	BeginAudit(ctx context.Context, slot string) error
	VerifiedAudit(ctx context.Context, found int64) error
	// Bypassed counts confirmed bypasses of a table, the last of them by a transaction that touched a connection.
	Bypassed(ctx context.Context, table string, found int64, xid int64, connection string) error
	// Suspected stores which transaction may have changed any row of a table; 0 is none any more.
	Suspected(ctx context.Context, table string, xid int64) error
}

// AuditConfig says what an Auditor works with. Connect, Engine and Leads are required; every other zero value is a default.
type AuditConfig struct {
	Connect *pgx.ConnConfig
	Engine  AuditEngine
	// Leads reports whether this server is the one that drains: only that one audits.
	Leads  func() bool
	Watch  time.Duration    // how often to look whether that is so, and whether what is published is safe
	Logger *slog.Logger     // nil: no log
	Now    func() time.Time // nil: time.Now; must advance
	Jitter func() float64   // nil: random; in [0, 1), spreads retries
}

// Auditor finds committed changes of source tables that wrote no mark (SPEC section 6): it reads the source tables and the
// marks in the WAL, has recounted what is suspected, and counts and repairs what differs. Make it with NewAuditor, start it
// with Run. Safe for concurrent use.
type Auditor struct {
	cfg AuditConfig

	mu     sync.Mutex
	status AuditStatus
}

// AuditStatus is what an auditor does and has done since the process began.
type AuditStatus struct {
	Watching  bool     // every change of Tables is seen, from now on
	Tables    []string // that are published
	Verified  bool     // what was changed before is known to be right
	Suspected int64    // transactions
	Bypassed  int64    // connections, runs or tables that differed
	Sessions  int64    // slots that were made
	LastError *Fault
}

// NewAuditor returns an Auditor that is not running yet.
func NewAuditor(cfg AuditConfig) *Auditor {
	cfg.Watch = positive(cfg.Watch, auditWatch)
	cfg.Logger, cfg.Now, cfg.Jitter = surroundings(cfg.Logger, cfg.Now, cfg.Jitter)
	return &Auditor{cfg: cfg}
}

// Status is what the auditor is and has done until now.
func (a *Auditor) Status() AuditStatus {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status
}

func (a *Auditor) update(change func(*AuditStatus)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.status)
}

// Check says what the auditor does, for /readyz. Reads are right without it.
func (a *Auditor) Check() summary.Check {
	s, c := a.Status(), summary.Check{Name: summary.CheckAudit, OK: true}
	switch {
	case s.Watching && s.Verified:
	case s.Watching:
		c.Reason = "what was changed before the audit began is being verified"
	case !a.cfg.Leads():
		c.Reason = "another server audits"
	case s.LastError != nil:
		c.Reason = "not watching: " + s.LastError.Message
	default:
		c.Reason = "the replication slot is being made"
	}
	return c
}

// Run audits while this server leads, until ctx ends, and returns nil. What the configuration of the database rules out is an
// error at once; a database that cannot be reached, even at first, is tried again. Call it once. No goroutine outlives it.
func (a *Auditor) Run(ctx context.Context) error {
	var ruledOut *unfit
	a.retry(ctx, func() (done bool, err error) {
		ruledOut, err = a.survey(ctx)
		return err == nil, err
	})
	if ruledOut != nil {
		return fmt.Errorf("audit: %w", ruledOut.err)
	}
	a.retry(ctx, func() (done bool, err error) {
		for !a.cfg.Leads() {
			if err := sleep(ctx, a.cfg.Watch/2); err != nil {
				return false, err
			}
		}
		err = a.audit(ctx)
		a.update(func(s *AuditStatus) { s.Watching, s.Verified = false, false })
		return false, err
	})
	return nil
}

// retry tries until it is done or ctx ends, later and later while attempts fail soon.
func (a *Auditor) retry(ctx context.Context, try func() (done bool, err error)) {
	wait := doubling{from: reconnectFrom, to: reconnectTo}
	for {
		since := a.cfg.Now()
		done, err := try()
		if done || ctx.Err() != nil {
			return
		}
		if a.cfg.Now().Sub(since) >= healthyAfter {
			wait.reset()
		}
		if err != nil && !errors.Is(err, errStandBy) {
			f := newFault(a.cfg.Now(), FaultAudit, err)
			a.update(func(s *AuditStatus) { s.LastError = &f })
			a.cfg.Logger.WarnContext(ctx, "audit interrupted", keyError, describe(err))
		}
		if sleep(ctx, spread(wait.step(), a.cfg.Jitter)) != nil {
			return
		}
	}
}

// survey says why the source tables cannot be read from the WAL; nothing if they can. An error is no answer.
func (a *Auditor) survey(ctx context.Context) (*unfit, error) {
	w, err := dial(ctx, a.cfg.Connect, auditorName)
	if err != nil {
		return nil, err
	}
	defer w.close()
	if ruledOut, err := fitForWAL(ctx, w, "--audit"); ruledOut != nil || err != nil {
		return ruledOut, err
	}
	return mayPublishSources(ctx, w)
}

// errStandBy ends a session in good order: another server audits, or what is published has to change.
var errStandBy = errors.New("the audit begins anew")

// audit is one slot: from its making until it, the leadership or the connection is lost.
func (a *Auditor) audit(ctx context.Context) (err error) {
	w, err := dial(ctx, a.cfg.Connect, auditorName)
	if err != nil {
		return err
	}
	defer w.close()
	s := &auditSession{Auditor: a, session: &session{wire: w, now: a.cfg.Now, ping: a.cfg.Watch}, suspects: newSuspects()}
	if err := s.settle(ctx); err != nil { // the lock must not outlive a process that was cut off
		return err
	}
	var alone bool
	if err := s.row(ctx, "take audit lock", fmt.Sprintf("SELECT pg_catalog.pg_try_advisory_lock(%d)", AuditLockKey), &alone); err != nil {
		return err
	}
	if !alone {
		return errStandBy
	}
	defer func() { // while we have the lock: the next one makes its own
		if !w.conn.IsClosed() {
			err = errors.Join(err, dropSources(context.WithoutCancel(ctx), w))
		}
	}()
	if err := marksPublication.ensure(ctx, w); err != nil {
		return err
	}
	if s.published, err = ensureSources(ctx, w); err != nil {
		return err
	}
	a.update(func(u *AuditStatus) { u.Tables = s.published.tables })
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.guard(ctx) })
	group.Go(func() error { return s.follow(ctx, group) })
	return group.Wait()
}

// EndAudit takes away what an auditor that was killed has left: its publication, unless somebody audits now.
func EndAudit(ctx context.Context, connect *pgx.ConnConfig) error {
	w, err := dial(ctx, connect, auditorName)
	if err != nil {
		return err
	}
	defer w.close()
	var left bool
	err = w.row(ctx, "look for what an auditor left", fmt.Sprintf(`
		SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = '%s') AND NOT pg_catalog.pg_is_in_recovery()
		   AND pg_catalog.pg_try_advisory_lock(%d)`, sourcesName, AuditLockKey), &left)
	if err != nil || !left {
		return err
	}
	return dropSources(ctx, w)
}
