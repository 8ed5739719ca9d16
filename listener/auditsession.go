package listener

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tidemark/drain"
	"tidemark/summary"
)

const (
	// wholeShare times as long as a table took to be compared as a whole nothing is compared as a whole again.
	wholeShare = 9
	// shownDifferences is how many differences of one bypass are logged, shownText how many octets of each value.
	shownDifferences, shownText = 5, 200
)

// auditSession is the work on one slot. Its connection is used by several goroutines, one statement at a time.
type auditSession struct {
	*Auditor
	suspects  *suspects
	published published

	mu sync.Mutex // of session
	*session
}

func (s *auditSession) locked(fn func(*session) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fn(s.session)
}

// guard ends the audit when it is another server's turn, and looks after what is published: a table that has lost its
// replica identity cannot be updated until it is out of the publication.
func (s *auditSession) guard(ctx context.Context) error {
	for {
		if err := sleep(ctx, s.cfg.Watch); err != nil {
			return err
		}
		if !s.cfg.Leads() {
			return errStandBy
		}
		err := s.locked(func(w *session) error {
			now, err := publishedSources(ctx, w.wire)
			if err != nil || now.mend == "" && now.made == s.published.made {
				return err
			}
			if _, err := ensureSources(ctx, w.wire); err != nil {
				return err
			}
			s.cfg.Logger.WarnContext(ctx, "audited tables have changed", "before", strings.Join(s.published.tables, ", "), "now", strings.Join(now.tables, ", "))
			return errStandBy
		})
		if err != nil {
			return err
		}
	}
}

// follow makes the slot and reads until it ends. What was changed before is verified beside it.
func (s *auditSession) follow(ctx context.Context, group *errgroup.Group) error {
	stream, err := dialStream(ctx, s.cfg.Connect, auditStreamName)
	if err != nil {
		return err
	}
	defer stream.close()
	if err := stream.createSlot(ctx); err != nil {
		return err
	}
	if err := stream.begin(ctx, marksPublication, publication{name: sourcesName}); err != nil {
		return err
	}
	if err := s.cfg.Engine.BeginAudit(ctx, stream.slot); err != nil {
		return err
	}
	s.update(func(u *AuditStatus) { u.Watching, u.LastError = true, nil; u.Sessions++ })
	s.cfg.Logger.InfoContext(ctx, "audit begins", "slot", stream.slot, "tables", strings.Join(s.published.tables, ", "))
	group.Go(func() error { return s.verify(ctx) })
	group.Go(func() error { return s.lookInto(ctx) })
	w := witness{suspects: s.suspects, rootOf: s.rootOf}
	for {
		data, err := stream.next(ctx, s.suspects.confirm)
		if err == nil {
			err = w.hear(ctx, data)
		}
		if err != nil {
			return err
		}
	}
}

// verify compares everything once: what was changed while there was no slot. It begins when whoever committed before the slot
// did is visible.
func (s *auditSession) verify(ctx context.Context) error {
	var open unseen
	err := s.locked(func(w *session) (err error) {
		open.below, err = w.takeHorizon(ctx)
		return err
	})
	if err == nil {
		_, err = s.visible(ctx, open)
	}
	if err != nil {
		return err
	}
	var found int64
	err = drain.AuditAll(ctx, s.cfg.Engine, nil, func(differences []drain.Difference) bool {
		found += int64(len(differences))
		s.tell(ctx, "audit repaired evidence", differences, "when", "changed while nobody audited")
		return true
	})
	if err == nil {
		err = s.cfg.Engine.VerifiedAudit(ctx, found)
	}
	if err != nil {
		return err
	}
	s.update(func(u *AuditStatus) { u.Verified = true })
	return nil
}

// visible returns when a snapshot shows every transaction as ended, and that snapshot.
func (s *auditSession) visible(ctx context.Context, open unseen) (shown snapshot, err error) {
	wait := doubling{from: armFrom, to: armTo}
	for {
		var settled bool
		err := s.locked(func(w *session) (err error) {
			shown, settled, err = w.look(ctx, &open)
			return err
		})
		if settled || err != nil {
			return shown, err
		}
		if err := sleep(ctx, wait.step()); err != nil {
			return shown, err
		}
	}
}

// lookInto has what is suspected recounted, as it comes. Tables that are suspected as a whole wait for their turn: a
// recount of everything must not follow every harmless statement. That they wait is stored, so the stream need not.
func (s *auditSession) lookInto(ctx context.Context) error {
	whole := map[*audited]int64{}
	due := s.cfg.Now()
	for {
		waits := time.Hour // for nothing
		if len(whole) > 0 {
			waits = due.Sub(s.cfg.Now())
		}
		turn := time.NewTimer(waits)
		var err error
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-s.suspects.ring:
			err = s.batch(ctx, whole)
		case <-turn.C:
			began := s.cfg.Now()
			err = s.wholes(ctx, whole)
			due = s.cfg.Now().Add(wholeShare * s.cfg.Now().Sub(began))
		}
		turn.Stop()
		if err != nil {
			return err
		}
	}
}

// batch looks into what is suspected by name, and stores what is suspected as a whole.
func (s *auditSession) batch(ctx context.Context, whole map[*audited]int64) error {
	b := s.suspects.take()
	if b.count == 0 {
		return nil
	}
	defer s.suspects.done() // or the session ends, and the slot with it
	shown, err := s.visible(ctx, b.unseen)
	if err != nil {
		return err
	}
	s.update(func(u *AuditStatus) { u.Suspected += b.count })
	var wrong []drain.Difference
	for a, c := range b.tables {
		if !c.all {
			differences, err := s.named(ctx, a, c, shown)
			if err != nil {
				return err
			}
			wrong = append(wrong, differences...)
			continue
		}
		whole[a] = shown.full(c.by)
		if err := s.cfg.Engine.Suspected(ctx, a.table, whole[a]); err != nil {
			return err
		}
	}
	// Not before every table has been compared: what one table's change has spoilt another's may have, too.
	return drain.Repair(ctx, s.cfg.Engine, wrong)
}

// named has connections, runs or connectors recounted, counts those that differ, and returns the differences.
func (s *auditSession) named(ctx context.Context, a *audited, c *suspicion, shown snapshot) ([]drain.Difference, error) {
	ids := make([]string, 0, len(c.ids))
	for id := range c.ids {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	differences, err := drain.Audit(ctx, s.cfg.Engine, a.suspicion(ids))
	if err != nil {
		return nil, err
	}
	by := map[string][]drain.Difference{}
	for _, d := range differences {
		by[a.of(d)] = append(by[a.of(d)], d)
	}
	moved := int64(0)
	for _, id := range ids {
		if len(by[id]) == 0 {
			continue
		}
		xid, connection := shown.full(c.ids[id]), id
		if a.owner != ofConnection {
			connection = ""
		}
		s.tell(ctx, "a write went past the triggers; it is repaired", by[id], "table", a.table, "transaction", xid)
		if err := s.bypassed(ctx, a, xid, connection); err != nil {
			return nil, err
		}
		if c.moved[id] {
			moved = xid
		}
	}
	if moved != 0 { // and may have taken from others, nobody knows whom
		err = s.distrust(ctx, a, moved)
	}
	return differences, err
}

// wholes compares the tables that are suspected as a whole, until the first difference: then the table is trusted no
// more, which has everything recounted that is derived from it.
func (s *auditSession) wholes(ctx context.Context, whole map[*audited]int64) error {
	for a, xid := range whole {
		var first []drain.Difference
		err := drain.AuditAll(ctx, s.cfg.Engine, a.compared, func(differences []drain.Difference) bool {
			first = differences
			return false
		})
		if err != nil {
			return err
		}
		if len(first) > 0 {
			s.tell(ctx, "a write went past the triggers", first, "table", a.table, "transaction", xid)
			if err := s.bypassed(ctx, a, xid, ""); err != nil {
				return err
			}
			if err := s.distrust(ctx, a, xid); err != nil {
				return err
			}
		}
		if err := s.cfg.Engine.Suspected(ctx, a.table, 0); err != nil {
			return err
		}
		delete(whole, a)
	}
	return nil
}

func (s *auditSession) bypassed(ctx context.Context, a *audited, xid int64, connection string) error {
	s.update(func(u *AuditStatus) { u.Bypassed++ })
	return s.cfg.Engine.Bypassed(ctx, a.table, 1, xid, connection)
}

func (s *auditSession) distrust(ctx context.Context, a *audited, xid int64) error {
	return s.cfg.Engine.Distrust(ctx, a.table, summary.CaptureBypassed, fmt.Sprintf("transaction %d changed rows past the triggers", xid), a.untrusted())
}

// tell logs differences.
func (s *auditSession) tell(ctx context.Context, what string, differences []drain.Difference, args ...any) {
	args = append(args, "connection", differences[0].ConnectionID, "differences", len(differences))
	for _, d := range differences[:min(len(differences), shownDifferences)] {
		args = append(args, slog.Group(d.Field, "expected", shownValue(d.Want), "found", shownValue(d.Got)))
	}
	s.cfg.Logger.WarnContext(ctx, what, args...)
}

// shownValue is a value of evidence as a log may hold it.
func shownValue(value string) string {
	if len(value) > shownText {
		value = value[:shownText] + "…"
	}
	return summary.Redact(value)
}
