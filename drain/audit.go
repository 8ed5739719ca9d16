package drain

import (
	"context"
	"fmt"
	"slices"

	"tidemark/summary"
)

// Suspicion is what transactions changed without a mark that covers it. It may be a change that evidence does not hold: only a
// recount tells.
type Suspicion struct {
	Components []summary.Component // that are derived from what changed
	IDs        []string            // connections
	Runs       []string            // runs whose events changed
}

// AuditState is what an auditor has found since the database was made, and whether one is at work.
type AuditState struct {
	// Slot names the replication slot of the last auditor; Watching says that it is in use now.
	Slot     string `json:"slot"`
	Watching bool   `json:"watching"`
	// BeganAt is when the slot began; VerifiedAt when what was changed before had been verified, nil until then.
	BeganAt     *summary.Instant `json:"began_at"`
	VerifiedAt  *summary.Instant `json:"verified_at"`
	VerifyFound int64            `json:"verify_found"` // differences that verifications at the beginning have found
	Tables      []AuditTable     `json:"tables"`       // that were bypassed, or are suspected as a whole
}

// AuditTable counts the bypasses of one source table.
type AuditTable struct {
	Table        string           `json:"table"`
	Found        int64            `json:"found"` // confirmed by a recount
	LastAt       *summary.Instant `json:"last_at"`
	Xid          *int64           `json:"last_xid"`           // the transaction
	ConnectionID string           `json:"last_connection_id"` // empty: the whole table
	// SuspectXid is a transaction that may have changed any row of the table, and is still to be looked into.
	SuspectXid *int64 `json:"suspect_xid"`
}

// Audit compares the connections and runs that a suspicion names with a recount, each chunk in one snapshot, and returns what
// differs. The snapshots must be younger than what raised the suspicion.
func Audit(ctx context.Context, e Engine, s Suspicion) ([]Difference, error) {
	var found []Difference
	for ids := range slices.Chunk(s.IDs, ConnectionChunk) {
		differences, err := auditChunk(ctx, e, ids, s.Components)
		if found = append(found, differences...); err != nil {
			return found, fmt.Errorf("audit: %w", err)
		}
	}
	for ids := range slices.Chunk(s.Runs, RunChunk) {
		differences, err := auditRuns(ctx, e, ids)
		if found = append(found, differences...); err != nil {
			return found, fmt.Errorf("audit: %w", err)
		}
	}
	return found, nil
}

// Repair derives again, by drains, the connections and runs that differ.
func Repair(ctx context.Context, e Engine, differences []Difference) error {
	ids, runs := set{}, set{}
	for _, d := range differences {
		ids.add(d.ConnectionID)
		runs.add(d.Run())
	}
	for chunk := range slices.Chunk(ids.sorted(), ConnectionChunk) {
		if err := repair(ctx, e, Options{Force: chunk}); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(runs.sorted(), RunChunk) {
		if err := repair(ctx, e, Options{Runs: chunk}); err != nil {
			return err
		}
	}
	return nil
}

// AuditAll compares these components of every connection, and every run if they are among them; all if there are none. found
// is told of the differences of each chunk; if it says so they are repaired, else AuditAll ends.
func AuditAll(ctx context.Context, e Engine, components []summary.Component, found func([]Difference) (goOn bool)) error {
	for after := ""; ; {
		ids, err := e.ConnectionsAfter(ctx, after, ConnectionChunk)
		if err != nil {
			return fmt.Errorf("list connections: %w", err)
		}
		if len(ids) == 0 {
			break
		}
		after = ids[len(ids)-1]
		differences, err := auditChunk(ctx, e, ids, components)
		if err == nil && len(differences) > 0 {
			if !found(differences) {
				return nil
			}
			err = Repair(ctx, e, differences)
		}
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	if len(components) > 0 && !slices.Contains(components, summary.Runs) {
		return nil
	}
	for after := ""; ; {
		ids, err := e.RunsAfter(ctx, after, RunChunk)
		if err != nil {
			return fmt.Errorf("list runs: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		after = ids[len(ids)-1]
		differences, err := auditRuns(ctx, e, ids)
		if err == nil && len(differences) > 0 {
			if !found(differences) {
				return nil
			}
			err = Repair(ctx, e, differences)
		}
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
}

func auditChunk(ctx context.Context, e Engine, ids []string, components []summary.Component) (found []Difference, err error) {
	err = e.Read(ctx, func(s Snapshot) error { // which may be called again, on a new snapshot
		found = nil
		seen, err := inspectOnly(ctx, s, ids, components)
		for _, i := range seen {
			found = append(found, i.differences...)
		}
		return err
	})
	return found, err
}

// auditRuns compares runs with their events, whoever they belong to. Runs that a mark covers are behind.
func auditRuns(ctx context.Context, e Engine, runIDs []string) (found []Difference, err error) {
	err = e.Read(ctx, func(s Snapshot) error {
		found = nil
		wrong, err := wrongRuns(ctx, s, runIDs)
		if err != nil || len(wrong) == 0 {
			return err
		}
		pending, err := s.PendingRuns(ctx, runIDs)
		if err != nil {
			return fmt.Errorf("read marks of runs: %w", err)
		}
		for _, run := range wrong {
			if !pending[run.id] {
				found = append(found, nobodysRun(run.id))
			}
		}
		return nil
	})
	return found, err
}

func repair(ctx context.Context, e Engine, opt Options) error {
	if _, err := e.Write(ctx, func(tx Tx) (Result, error) { return Run(ctx, tx, opt) }); err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	return nil
}
