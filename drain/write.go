package drain

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"tidemark/summary"
)

// Closed reason codes of a failed recompute (evidence.last_error, failures.reason_code).
const (
	ReasonSizeOverflow    = summary.ReasonSizeOverflow
	ReasonRecomputeFailed = summary.ReasonRecomputeFailed
)

// ErrInterrupted is wrapped by Tx.Savepoint around what says nothing of the data: a lock that was not had, a statement that
// was cancelled, a connection that is gone. Nobody's evidence has failed; the drain as a whole is tried again.
var ErrInterrupted = errors.New("interrupted")

// isolate processes all of work; if that fails, each half alone, down to the connections at fault, so that one that fails
// never starves the others.
func (r *run) isolate(work map[string]*summary.Pending) error {
	if len(work) == 0 {
		return nil
	}
	err := r.savepoint(work)
	if err == nil || r.ctx.Err() != nil || errors.Is(err, ErrInterrupted) {
		return err
	}
	ids := slices.Sorted(maps.Keys(work))
	if len(ids) == 1 {
		return r.fail(ids[0], work[ids[0]], ReasonRecomputeFailed, err)
	}
	for _, half := range [][]string{ids[:len(ids)/2], ids[len(ids)/2:]} {
		part := make(map[string]*summary.Pending, len(half))
		for _, id := range half {
			part[id] = work[id]
		}
		if err := r.isolate(part); err != nil {
			return err
		}
	}
	return nil
}

// savepoint processes work, undoing all of it, results included, on an error.
func (r *run) savepoint(work map[string]*summary.Pending) error {
	before := r.result
	err := r.tx.Savepoint(r.ctx, func() error { return r.process(work) })
	if err != nil {
		r.result = before
	}
	return err
}

// process recomputes the connections and writes what differs.
func (r *run) process(work map[string]*summary.Pending) error {
	work, err := r.foldSizes(work)
	if err != nil || len(work) == 0 {
		return err
	}
	out, err := recompute(r.ctx, r.tx, work)
	if err != nil {
		return err
	}
	r.result.Repaired = append(slices.Clone(r.result.Repaired), out.repaired...)
	if err := r.deleteGone(out); err != nil {
		return fmt.Errorf("delete evidence: %w", err)
	}
	var rows []Stored
	var moved []Deletion
	var streams []Resized
	for _, id := range slices.Sorted(maps.Keys(out.subjects)) {
		sub := out.subjects[id]
		if errors.Is(sub.err, summary.ErrSizeOverflow) {
			if err := r.fail(id, work[id], ReasonSizeOverflow, sub.err); err != nil {
				return err
			}
			continue
		}
		if sub.err != nil {
			return sub.err
		}
		streams = append(streams, sub.resized...)
		old, had := out.stored[id]
		now := Stored{Row: sub.row, State: summary.StateCurrent}
		if sub.borrowed {
			now.State, now.LastError = old.State, old.LastError
		}
		if !had || old.State != now.State || !old.Row.Same(now.Row) {
			rows = append(rows, now)
		}
		if had && old.OwnerSubjectID != now.OwnerSubjectID { // to whom it was is told that it is no more
			moved = append(moved, Deletion{ConnectionID: id, Owner: old.OwnerSubjectID})
		}
	}
	if err := r.tellOwners(moved); err != nil {
		return fmt.Errorf("announce change of owner: %w", err)
	}
	if len(streams) > 0 {
		v, err := r.derivedVersion()
		if err != nil {
			return err
		}
		if err := r.tx.ReplaceStreams(r.ctx, v, streams); err != nil {
			return fmt.Errorf("write retained sizes: %w", err)
		}
	}
	return r.replaceEvidence(rows)
}

// replaceEvidence writes rows, each with a version of its own.
func (r *run) replaceEvidence(rows []Stored) error {
	if len(rows) == 0 {
		return nil
	}
	v, err := r.tx.Versions(r.ctx, len(rows))
	if err != nil {
		return fmt.Errorf("take versions: %w", err)
	}
	changed := slices.Clone(r.result.Changed)
	for i := range rows {
		rows[i].Version, rows[i].ComputedAt = v+int64(i), r.tx.Now()
		changed = append(changed, Version{rows[i].ConnectorInstanceID, rows[i].Version})
	}
	if err := r.tx.ReplaceEvidence(r.ctx, rows); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	r.result.Changed = changed
	r.result.MaxVersion = max(r.result.MaxVersion, v+int64(len(rows))-1)
	return nil
}

// deleteGone deletes what was derived from connections that no longer exist. Who was told of one is told of its end.
func (r *run) deleteGone(out *recomputed) error {
	if len(out.gone) == 0 {
		return nil
	}
	var told []Deletion
	for _, id := range out.gone {
		if old, had := out.stored[id]; had {
			told = append(told, Deletion{ConnectionID: id, Owner: old.OwnerSubjectID})
		}
	}
	if err := r.tellOwners(told); err != nil {
		return err
	}
	r.result.Deleted = append(slices.Clone(r.result.Deleted), told...)
	return r.tx.DeleteEvidence(r.ctx, out.gone)
}

// tellOwners gives deletions their versions, and announces them.
func (r *run) tellOwners(told []Deletion) error {
	if len(told) == 0 {
		return nil
	}
	v, err := r.tx.Versions(r.ctx, len(told))
	if err != nil {
		return fmt.Errorf("take versions: %w", err)
	}
	for i := range told {
		told[i].Version = v + int64(i)
	}
	r.result.MaxVersion = max(r.result.MaxVersion, v+int64(len(told))-1)
	return r.tx.AnnounceDeletions(r.ctx, told)
}

// fail records that a connection cannot be recomputed: its marks are parked, its evidence says so, the rest goes on.
func (r *run) fail(id string, p *summary.Pending, reason string, cause error) error {
	f := Failure{ConnectionID: id, ReasonCode: reason, Marks: p.Marks(), Cause: cause}
	if len(f.Marks) == 0 || p.Since == nil { // forced without a mark: leave one, so that it is tried again
		now := r.tx.Now()
		p.Since = &now
		p.Ask(summary.All)
		f.Marks = p.Marks()
	}
	if err := r.tx.Park(r.ctx, f); err != nil {
		return fmt.Errorf("park marks of connection %q: %w", id, err)
	}
	if err := r.markFailed(id, reason); err != nil {
		return err
	}
	r.result.Failed = append(slices.Clone(r.result.Failed), f)
	return nil
}

// markFailed keeps the last content of the evidence row and says that it can no longer be brought up to date. A row that
// cannot be written (or that never was), or a connection that cannot be read, leaves the parked marks to say so.
func (r *run) markFailed(id, reason string) error {
	stored, err := r.tx.Evidence(r.ctx, []string{id})
	if err != nil {
		return fmt.Errorf("read evidence of failed connection %q: %w", id, err)
	}
	row, ok := stored[id]
	if !ok {
		var live map[string]summary.IdentityFacts
		err := r.tx.Savepoint(r.ctx, func() (err error) {
			live, err = r.tx.Identities(r.ctx, []string{id})
			return err
		})
		if r.ctx.Err() != nil || errors.Is(err, ErrInterrupted) {
			return fmt.Errorf("read failed connection %q: %w", id, err)
		}
		identity, exists := live[id]
		if err != nil || !exists {
			return nil //nolint:nilerr // that it cannot be read is why it failed
		}
		if row.Row, err = (summary.Facts{ConnectionID: id, Identity: identity}).Row(); err != nil {
			return err
		}
	} else if row.State == summary.StateFailed && row.LastError != nil && *row.LastError == reason {
		return nil
	}
	row.State, row.LastError = summary.StateFailed, &reason
	before := r.result
	err = r.tx.Savepoint(r.ctx, func() error { return r.replaceEvidence([]Stored{row}) })
	if err != nil {
		r.result = before
	}
	if r.ctx.Err() != nil || errors.Is(err, ErrInterrupted) {
		return err
	}
	return nil
}
