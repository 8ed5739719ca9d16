package drain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tidemark/summary"
)

// subject is one connection under recompute: its evidence row as it was, with what changed replaced.
type subject struct {
	row      summary.Row
	streams  []summary.StreamSize // as derived, where counted
	counted  bool                 // streams were folded or recounted
	resized  []Resized            // where they differ from retained_size_stream
	borrowed bool                 // see borrowed
	err      error                // why the row cannot be derived: summary.ErrSizeOverflow
}

// recomputed is what a snapshot says of a set of connections.
type recomputed struct {
	subjects map[string]*subject // of the connections that exist
	stored   map[string]Stored   // evidence as it was
	gone     []string            // sorted
	repaired []string            // deltas could not be right: recounted instead
}

// recompute derives the evidence of the connections in work: as it was, with deltas folded in and with what was asked
// for recomputed from the source tables. It writes nothing.
func recompute(ctx context.Context, src Source, work map[string]*summary.Pending) (*recomputed, error) {
	ids := slices.Sorted(maps.Keys(work))
	live, err := src.Identities(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read connections: %w", err)
	}
	out := &recomputed{subjects: map[string]*subject{}}
	if out.stored, err = src.Evidence(ctx, ids); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	need := map[summary.Component][]string{}
	for _, id := range ids {
		identity, ok := live[id]
		old, had := out.stored[id]
		borrowed := borrowed(work[id])
		if borrowed && !(ok && had) {
			continue
		}
		if !ok {
			out.gone = append(out.gone, id)
			continue
		}
		if !borrowed && (!had || old.State == summary.StateFailed) {
			work[id].Force()
		}
		sub := &subject{row: old.Row, borrowed: borrowed}
		sub.row.ConnectorInstanceID = id
		sub.row.SetIdentity(identity)
		out.subjects[id] = sub
		for _, c := range work[id].Recount.Sorted() {
			need[c] = append(need[c], id)
		}
	}
	if err := out.sizes(ctx, src, work); err != nil {
		return nil, err
	}
	return out, out.others(ctx, src, need)
}

// borrowed reports whether a connection is in work only because a run named it: marks of its own may still wait in the
// backlog or be parked. Its sizes must not be counted then, for their deltas would be added to that count. What is new, gone
// or failed waits for the marks that made it so; of what failed the runs are kept up to date, and it stays failed.
func borrowed(p *summary.Pending) bool {
	return !p.Demanded && !p.Dirty() && !p.Recount[summary.Records]
}

// others recomputes, whole, what deltas cannot give.
func (out *recomputed) others(ctx context.Context, src Source, need map[summary.Component][]string) error {
	return errors.Join(
		replace(ctx, out, need[summary.Runs], src.Runs, func(r *summary.Row, v summary.RunFactsOf, _ bool) error { return r.SetRuns(v) }),
		replace(ctx, out, need[summary.Gaps], src.Gaps, func(r *summary.Row, v summary.GapFacts, _ bool) error { return r.SetGaps(v) }),
		replace(ctx, out, need[summary.Attention], src.Attention, func(r *summary.Row, v summary.AttentionFacts, _ bool) error { return r.SetAttention(v) }),
		replace(ctx, out, need[summary.Schedule], src.Schedules, func(r *summary.Row, v summary.ScheduleFacts, has bool) error {
			return r.SetSchedule(pointer(v, has))
		}),
		replace(ctx, out, need[summary.Device], src.Devices, func(r *summary.Row, v summary.DeviceFacts, has bool) error {
			return r.SetDevice(pointer(v, has))
		}),
	)
}

// replace reads one component of the connections in ids, if there are any, and puts it into their rows; has is false for
// a connection that has no source row of it.
func replace[T any](ctx context.Context, out *recomputed, ids []string, read func(context.Context, []string) (map[string]T, error),
	put func(row *summary.Row, v T, has bool) error,
) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := read(ctx, ids)
	if err != nil {
		return fmt.Errorf("recompute evidence: %w", err)
	}
	for _, id := range ids {
		v, has := found[id]
		if err := put(&out.subjects[id].row, v, has); err != nil {
			return fmt.Errorf("encode evidence of connection %q: %w", id, err)
		}
	}
	return nil
}

func pointer[T any](v T, has bool) *T {
	if !has {
		return nil
	}
	return &v
}
