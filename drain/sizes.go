package drain

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tidemark/summary"
)

// sizes folds deltas into retained sizes and recounts where it was asked for, or where the deltas prove impossible.
func (out *recomputed) sizes(ctx context.Context, src Source, work map[string]*summary.Pending) error {
	var counted []string
	for id := range out.subjects {
		if p := work[id]; len(p.Deltas) > 0 || p.Recount[summary.Records] || p.Recount[summary.RetainedBytes] {
			counted = append(counted, id)
		}
	}
	if len(counted) == 0 {
		return nil
	}
	slices.Sort(counted)
	stored, err := src.Streams(ctx, counted)
	if err != nil {
		return fmt.Errorf("read retained sizes: %w", err)
	}
	var recount, newest []StreamRef
	for _, id := range counted {
		refs := recountOf(id, work[id])
		kept, deltas := outside(refs, stored[id], work[id].Deltas)
		f := summary.Fold(kept, deltas)
		if f.Drifted {
			f, refs = summary.Folded{}, []StreamRef{{ConnectionID: id}}
			out.repaired = append(out.repaired, id)
		}
		recount = append(recount, refs...)
		for _, s := range f.NewestUnknown {
			newest = append(newest, StreamRef{id, s})
		}
		out.subjects[id].streams, out.subjects[id].counted = f.Streams, true
	}
	if err := out.newest(ctx, src, newest); err != nil {
		return err
	}
	if err := out.recount(ctx, src, recount); err != nil {
		return err
	}
	for _, id := range counted {
		sub := out.subjects[id]
		sub.resized = resized(id, stored[id], sub.streams)
		if sub.err == nil {
			sub.err = sub.row.SetStreams(sub.streams)
		}
	}
	return nil
}

// recountOf names what a connection's marks ask to be recounted; none if deltas suffice.
func recountOf(id string, p *summary.Pending) []StreamRef {
	if !p.Recount[summary.Records] && !p.Recount[summary.RetainedBytes] {
		return nil
	}
	if p.AllStreams || len(p.Streams) == 0 {
		return []StreamRef{{ConnectionID: id}}
	}
	var refs []StreamRef
	for _, stream := range slices.Sorted(maps.Keys(p.Streams)) {
		refs = append(refs, StreamRef{id, stream})
	}
	return refs
}

// outside returns what refs, all of one connection, leave to be folded.
func outside(refs []StreamRef, streams []summary.StreamSize, deltas map[string]summary.Delta) ([]summary.StreamSize, map[string]summary.Delta) {
	if len(refs) == 0 {
		return streams, deltas
	}
	recounted := map[string]bool{}
	for _, ref := range refs {
		if ref.Stream == "" {
			return nil, nil
		}
		recounted[ref.Stream] = true
	}
	kept := slices.DeleteFunc(slices.Clone(streams), func(s summary.StreamSize) bool { return recounted[s.Stream] })
	rest := maps.Clone(deltas)
	maps.DeleteFunc(rest, func(stream string, _ summary.Delta) bool { return recounted[stream] })
	return kept, rest
}

// newest looks up the newest live record where it went.
func (out *recomputed) newest(ctx context.Context, src Source, refs []StreamRef) error {
	if len(refs) == 0 {
		return nil
	}
	found, err := src.Newest(ctx, refs)
	if err != nil {
		return fmt.Errorf("find newest records: %w", err)
	}
	for _, ref := range refs {
		streams := out.subjects[ref.ConnectionID].streams
		for i := range streams {
			if streams[i].Stream == ref.Stream {
				v, has := found[ref]
				streams[i].NewestAt = pointer(v, has)
			}
		}
	}
	return nil
}

// recount adds what must be counted: the source rows of the streams, in the same snapshot.
func (out *recomputed) recount(ctx context.Context, src Source, refs []StreamRef) error {
	if len(refs) == 0 {
		return nil
	}
	sizes, overflow, err := src.Recount(ctx, refs)
	if err != nil {
		return fmt.Errorf("recount: %w", err)
	}
	for _, id := range overflow {
		out.subjects[id].err = summary.ErrSizeOverflow
	}
	for id, counted := range sizes {
		sub := out.subjects[id]
		sub.streams = append(slices.Clone(sub.streams), counted...)
		summary.SortStreams(sub.streams)
	}
	return nil
}

// resized returns the rows of a connection's streams that differ from those that are stored. Both are sorted by name.
func resized(id string, stored, now []summary.StreamSize) (rows []Resized) {
	for len(stored)+len(now) > 0 {
		switch {
		case len(now) == 0 || len(stored) > 0 && stored[0].Stream < now[0].Stream:
			rows = append(rows, Resized{id, summary.StreamSize{Stream: stored[0].Stream}})
			stored = stored[1:]
		case len(stored) == 0 || now[0].Stream < stored[0].Stream:
			rows = append(rows, Resized{id, now[0]})
			now = now[1:]
		default:
			if !sameSize(stored[0], now[0]) {
				rows = append(rows, Resized{id, now[0]})
			}
			stored, now = stored[1:], now[1:]
		}
	}
	return rows
}

func sameSize(a, b summary.StreamSize) bool {
	newest := a.NewestAt == nil && b.NewestAt == nil || a.NewestAt != nil && b.NewestAt != nil && *a.NewestAt == *b.NewestAt
	a.NewestAt, b.NewestAt = nil, nil
	return newest && a == b
}
