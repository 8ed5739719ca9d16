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
	Connectors []string            // whose name or manifest may have changed
}

// AuditEngine is an engine that also knows what was announced of connectors, of which no evidence holds anything.
type AuditEngine interface {
	Engine
	// Unannounced lists those of the connectors (nil: of all) whose name or manifest, or lack of a row, is not what was last
	// announced, and that no visible mark names.
	Unannounced(ctx context.Context, connectors []string) ([]string, error)
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

// Audit compares the connections, runs and connectors that a suspicion names with a recount, each chunk in one snapshot, and returns what
// differs. The snapshots must be younger than what raised the suspicion.
func Audit(ctx context.Context, e AuditEngine, s Suspicion) ([]Difference, error) {
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
	if len(s.Connectors) > 0 {
		differences, err := auditConnectors(ctx, e, s.Connectors)
		if found = append(found, differences...); err != nil {
			return found, fmt.Errorf("audit: %w", err)
		}
	}
	return found, nil
}

// Repair derives again, by drains, the connections and runs that differ, and announces the connectors.
func Repair(ctx context.Context, e Engine, differences []Difference) error {
	ids, runs, connectors := set{}, set{}, set{}
	for _, d := range differences {
		ids.add(d.ConnectionID)
		runs.add(d.Run())
		connectors.add(d.Connector())
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
	if len(connectors) == 0 {
		return nil
	}
	return repair(ctx, e, Options{Connectors: connectors.sorted()})
}

// AuditAll compares these components of every connection, with every run if they are among them, and of every connector; all if
// there are none. found is told of the differences of each chunk; if it says so they are repaired, else AuditAll ends.
func AuditAll(ctx context.Context, e AuditEngine, components []summary.Component, found func([]Difference) (goOn bool)) error {
	has := func(c summary.Component) bool { return len(components) == 0 || slices.Contains(components, c) }
	chunk := func(differences []Difference, err error) (goOn bool, failed error) {
		if err == nil && len(differences) > 0 {
			if !found(differences) {
				return false, nil
			}
			err = Repair(ctx, e, differences)
		}
		if err != nil {
			return false, fmt.Errorf("audit: %w", err)
		}
		return true, nil
	}
	if has(summary.Manifest) {
		if goOn, err := chunk(auditConnectors(ctx, e, nil)); !goOn || len(components) == 1 {
			return err
		}
	}
	for after := ""; ; {
		ids, err := e.ConnectionsAfter(ctx, after, ConnectionChunk)
		if err != nil {
			return fmt.Errorf("list connections: %w", err)
		}
		if len(ids) == 0 {
			break
		}
		after = ids[len(ids)-1]
		if goOn, err := chunk(auditChunk(ctx, e, ids, components)); !goOn {
			return err
		}
	}
	if !has(summary.Runs) {
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
		if goOn, err := chunk(auditRuns(ctx, e, ids)); !goOn {
			return err
		}
	}
}

// auditConnectors compares the connectors, all if ids is nil, with what was announced of them.
func auditConnectors(ctx context.Context, e AuditEngine, ids []string) ([]Difference, error) {
	wrong, err := e.Unannounced(ctx, ids)
	found := make([]Difference, len(wrong))
	for i, id := range wrong {
		found[i] = Difference{"", summary.Manifest, "connectors[" + id + "]", "as its row says", "another"}
	}
	return found, err
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
