package main

import (
	"context"
	"fmt"
	"strings"

	"tidemark/drain"
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
	before, err := e.Capture(ctx)
	if err != nil {
		return drain.RebuildResult{}, err
	}
	result, err := e.Rebuild(ctx, nil, progress)
	if err != nil {
		return result, err
	}
	after, err := e.Capture(ctx)
	if err != nil {
		return result, err
	}
	broken, err := e.inventory(ctx)
	if err != nil {
		return result, err
	}
	if well := recounted(before, after, broken); len(well) > 0 {
		return result, e.Trust(ctx, well)
	}
	return result, nil
}

// recounted names the tables that were untrusted before a rebuild, for the same reason after it, and are intact.
func recounted(before, after []drain.CaptureState, broken []drain.Finding) []string {
	since := map[string]drain.CaptureState{}
	for _, s := range before {
		if !s.Trusted {
			since[s.Table] = s
		}
	}
	for _, f := range broken {
		delete(since, f.Table)
	}
	var out []string
	for _, s := range after {
		if was, ok := since[s.Table]; ok && s.Since == was.Since {
			out = append(out, s.Table)
		}
	}
	return out
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
