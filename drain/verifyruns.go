package drain

import (
	"context"
	"fmt"
	"slices"

	"tidemark/summary"
)

// wrongRun is a run whose evidence is not what its events say, or that is nobody's and not listed so, and the connections that it names
// or matches by either.
type wrongRun struct {
	id    string
	names set
}

// wrongRuns compares run_evidence with spine events.
func wrongRuns(ctx context.Context, s Snapshot, runIDs []string) ([]wrongRun, error) {
	facts, err := s.RunFacts(ctx, runIDs)
	if err != nil {
		return nil, fmt.Errorf("read run events: %w", err)
	}
	rows, err := s.RunRows(ctx, runIDs)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	wanted := make(map[string]RunRow, len(facts))
	var by []Attribution
	for id, f := range facts {
		row, err := NewRunRow(f)
		if err != nil {
			return nil, err
		}
		wanted[id] = row
		by = append(by, row.attributions()...)
	}
	unlisted, err := s.Unlisted(ctx, by)
	if err != nil {
		return nil, fmt.Errorf("read unattributed runs: %w", err)
	}
	lost := func(a Attribution) bool { return slices.Contains(unlisted, a) }
	var wrong []wrongRun
	for _, id := range runIDs {
		got, had := rows[id]
		want, has := wanted[id]
		if has == had && want.same(got) && !slices.ContainsFunc(want.attributions(), lost) {
			continue
		}
		var keys []ProfileKey
		names := set{}
		for _, row := range []RunRow{got, want} {
			names.add(row.ConnectionIDs...)
			if k, ok := row.profileKey(); ok {
				keys = append(keys, k)
			}
		}
		owners, err := s.ProfileOwners(ctx, keys)
		if err != nil {
			return nil, fmt.Errorf("match profile keys: %w", err)
		}
		names.add(owners...)
		wrong = append(wrong, wrongRun{id, names})
	}
	return wrong, nil
}

// wrongRunsOf names, per connection, a run of its that is wrong.
func wrongRunsOf(ctx context.Context, s Snapshot, ids []string) (map[string]string, error) {
	runIDs, err := s.RunIDs(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	of := map[string]string{}
	for chunk := range slices.Chunk(runIDs, RunChunk) {
		wrong, err := wrongRuns(ctx, s, chunk)
		if err != nil {
			return nil, err
		}
		for _, run := range wrong {
			for connection := range run.names {
				of[connection] = run.id
			}
		}
	}
	return of, nil
}

// verifyRuns walks every run for wrong ones that name no connection there is: no connection is found wrong for them, and yet
// they are counted as unattributed, and would be wrong once somebody comes to own them. Runs that a mark covers are behind.
func verifyRuns(ctx context.Context, e Engine) ([]Difference, error) {
	var found []Difference
	after := ""
	for {
		chunk, err := e.RunsAfter(ctx, after, RunChunk)
		if err != nil {
			return found, fmt.Errorf("list runs: %w", err)
		}
		if len(chunk) == 0 {
			return found, nil
		}
		after = chunk[len(chunk)-1]
		var wrong []string
		err = e.Read(ctx, func(s Snapshot) (err error) {
			wrong, err = nobodysRuns(ctx, s, chunk)
			return err
		})
		if err != nil {
			return found, fmt.Errorf("verify runs: %w", err)
		}
		for _, id := range wrong {
			found = append(found, nobodysRun(id))
		}
	}
}

func nobodysRun(id string) Difference {
	return Difference{"", summary.Runs, "run_evidence[" + id + "]", "as its events say", "another"}
}

// nobodysRuns are those of the runs that are wrong, that no mark covers and that name no connection there is.
func nobodysRuns(ctx context.Context, s Snapshot, runIDs []string) ([]string, error) {
	wrong, err := wrongRuns(ctx, s, runIDs)
	if err != nil || len(wrong) == 0 {
		return nil, err
	}
	pending, err := s.PendingRuns(ctx, runIDs)
	if err != nil {
		return nil, fmt.Errorf("read marks of runs: %w", err)
	}
	named := set{}
	for _, run := range wrong {
		named.add(run.names.sorted()...)
	}
	live, err := s.Identities(ctx, named.sorted())
	if err != nil {
		return nil, fmt.Errorf("look for connections: %w", err)
	}
	var found []string
	for _, run := range wrong {
		somebodys := slices.ContainsFunc(run.names.sorted(), func(id string) bool { _, ok := live[id]; return ok })
		if !somebodys && !pending[run.id] {
			found = append(found, run.id)
		}
	}
	return found, nil
}
