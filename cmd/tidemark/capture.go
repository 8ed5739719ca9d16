package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tidemark/drain"
	"tidemark/summary"
)

// untrusted names the tables whose capture is not trusted.
func untrusted(ctx context.Context, e engine) ([]string, error) {
	states, err := e.Capture(ctx)
	out := []string{}
	for _, s := range states {
		if !s.Trusted {
			out = append(out, s.Table)
		}
	}
	return out, err
}

// rebuildAll recounts everything and then trusts the capture that was not trusted before, as far as it is intact and was not
// lost once more meanwhile (SPEC G9).
func rebuildAll(ctx context.Context, e engine, progress func(done, total int64)) (drain.RebuildResult, error) {
	before, err := recountable(ctx, e)
	if err != nil {
		return drain.RebuildResult{}, err
	}
	result, err := e.Rebuild(ctx, nil, progress)
	if err != nil {
		return result, err
	}
	return result, earn(ctx, e, before)
}

// recountLost recounts just what may be wrong because of lost capture, and then trusts it again. It tells of which tables; none if
// there is nothing to recount, or nothing as long as their triggers are not mended.
func recountLost(ctx context.Context, e engine, progress func(tables []string)) error {
	before, err := recountable(ctx, e)
	if err != nil || len(before) == 0 {
		return err
	}
	components, tables := summary.Set{}, []string{}
	for _, s := range before {
		tables = append(tables, s.Table)
		for _, c := range s.Recount {
			components.Add(c)
		}
	}
	progress(tables)
	if _, err := e.Recount(ctx, components, nil); err != nil {
		return err
	}
	return earn(ctx, e, before)
}

// recountable are the tables that are not trusted and whose triggers are in place. An installation that mends them records it
// with a new since, in the transaction that holds the tables locked: whoever wrote unmarked had ended then. So a recount which
// begins after this sees all that they wrote.
func recountable(ctx context.Context, e engine) ([]drain.CaptureState, error) {
	states, err := e.Capture(ctx)
	if err != nil {
		return nil, err
	}
	broken, err := e.inventory(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(states, func(s drain.CaptureState) bool { return s.Trusted || isBroken(s.Table, broken) }), nil
}

// earn trusts the tables that were untrusted before a recount, and are so for the same loss after it, and are intact.
func earn(ctx context.Context, e engine, before []drain.CaptureState) error {
	after, err := recountable(ctx, e)
	if err != nil {
		return err
	}
	if well := recounted(before, after); len(well) > 0 {
		return e.Trust(ctx, well)
	}
	return nil
}

func recounted(before, after []drain.CaptureState) []drain.CaptureState {
	return slices.DeleteFunc(slices.Clone(before), func(s drain.CaptureState) bool {
		return !slices.ContainsFunc(after, func(a drain.CaptureState) bool { return a.Table == s.Table && a.Since == s.Since })
	})
}

// isBroken: a finding about "hooked" concerns every table.
func isBroken(table string, broken []drain.Finding) bool {
	return slices.ContainsFunc(broken, func(f drain.Finding) bool { return f.Table == table || f.Table == "hooked" })
}

// requireKnown is an error if an id names neither a connection nor evidence of one.
func requireKnown(ctx context.Context, e engine, ids []string) error {
	return e.Read(ctx, func(s drain.Snapshot) error {
		live, err := s.Identities(ctx, ids)
		if err != nil {
			return fmt.Errorf("look for connections: %w", err)
		}
		kept, err := s.Evidence(ctx, ids)
		if err != nil {
			return fmt.Errorf("look for evidence: %w", err)
		}
		for _, id := range ids {
			_, exists := live[id]
			_, has := kept[id]
			if !exists && !has {
				return fmt.Errorf("connection %q: %w", id, drain.ErrUnknownConnection)
			}
		}
		return nil
	})
}

func join(names []string) string { return strings.Join(names, ", ") }
