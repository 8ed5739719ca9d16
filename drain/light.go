package drain

import (
	"fmt"
	"maps"
	"slices"

	"tidemark/summary"
)

// foldSizes brings up to date the connections of which only counts and bytes moved: by far the most, and all of those that a
// busy writer marks. Nothing of them is read but what streams retained, and the rest of their evidence stays where it is.
// It returns what it left: connections that need more.
func (r *run) foldSizes(work map[string]*summary.Pending) (rest map[string]*summary.Pending, err error) {
	rest = maps.Clone(work)
	var light []string
	for id, p := range work {
		if len(p.Deltas) > 0 && len(p.Recount) == 0 {
			light = append(light, id)
		}
	}
	if len(light) == 0 {
		return rest, nil
	}
	slices.Sort(light)
	current, err := r.tx.Current(r.ctx, light)
	if err != nil {
		return nil, fmt.Errorf("read versions of evidence: %w", err)
	}
	light = slices.DeleteFunc(light, func(id string) bool { _, ok := current[id]; return !ok })
	stored, err := r.tx.Streams(r.ctx, light)
	if err != nil {
		return nil, fmt.Errorf("read retained sizes: %w", err)
	}
	var streams []Resized
	var moved []Stored
	for _, id := range light {
		f := summary.Fold(stored[id], work[id].Deltas)
		now := Stored{Version: current[id]}
		now.ConnectorInstanceID = id
		if f.Drifted || len(f.NewestUnknown) > 0 || now.SetStreams(f.Streams) != nil {
			continue
		}
		delete(rest, id)
		if rows := resized(id, stored[id], f.Streams); len(rows) > 0 {
			streams, moved = append(streams, rows...), append(moved, now)
		}
	}
	return rest, r.replaceSizes(streams, moved)
}

// replaceSizes writes what streams retain now, and the columns of evidence that say so, each connection with a version.
func (r *run) replaceSizes(streams []Resized, moved []Stored) error {
	if len(moved) == 0 {
		return nil
	}
	v, err := r.tx.Versions(r.ctx, len(moved)+1)
	if err != nil {
		return fmt.Errorf("take versions: %w", err)
	}
	if err := r.tx.ReplaceStreams(r.ctx, v, streams); err != nil {
		return fmt.Errorf("write retained sizes: %w", err)
	}
	changed := slices.Clone(r.result.Changed)
	replaced := make([]Replaced, len(moved))
	for i := range moved {
		v++
		replaced[i] = Replaced{Stored: moved[i], Was: moved[i].Version}
		replaced[i].Version, replaced[i].ComputedAt = v, r.tx.Now()
		changed = append(changed, Version{moved[i].ConnectorInstanceID, v})
	}
	if err := r.tx.ReplaceSizes(r.ctx, replaced); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	r.result.Changed, r.result.MaxVersion = changed, max(r.result.MaxVersion, v)
	return nil
}
