package drain

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tidemark/summary"
)

// recomputed is what a snapshot says of a set of connections.
type recomputed struct {
	facts    map[string]*summary.Facts // of the connections that exist
	stored   map[string]Stored         // evidence as it was
	streams  map[string]bool           // connections whose retained_size_stream rows changed
	gone     []string                  // sorted
	overflow []string
	repaired []string // deltas could not be right: recounted instead
}

// recompute derives the facts of the connections in work: evidence as it was, with deltas folded in and with what was asked
// for recomputed from the source tables. It writes nothing.
func recompute(ctx context.Context, src Source, work map[string]*summary.Pending) (*recomputed, error) {
	ids := slices.Sorted(maps.Keys(work))
	live, err := src.Identities(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read connections: %w", err)
	}
	out := &recomputed{facts: map[string]*summary.Facts{}, streams: map[string]bool{}}
	if out.stored, err = src.Evidence(ctx, ids); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	need := map[summary.Component][]string{}
	for _, id := range ids {
		identity, ok := live[id]
		if !ok {
			out.gone = append(out.gone, id)
			continue
		}
		f := &summary.Facts{ConnectionID: id}
		p := work[id]
		if old, ok := out.stored[id]; ok {
			if *f, err = old.Row.Facts(); err != nil {
				p.Force() // unreadable evidence is worth nothing: derive it anew
				*f = summary.Facts{ConnectionID: id}
			}
		} else {
			p.Force()
		}
		if old, ok := out.stored[id]; ok && old.State == summary.StateFailed {
			p.Force()
		}
		f.Identity = identity
		out.facts[id] = f
		for _, c := range p.Recount.Sorted() {
			need[c] = append(need[c], id)
		}
	}
	if err := out.sizes(ctx, src, work); err != nil {
		return nil, err
	}
	return out, out.others(ctx, src, need)
}

// others recomputes, whole, what deltas cannot give.
func (out *recomputed) others(ctx context.Context, src Source, need map[summary.Component][]string) error {
	runs, err1 := some(ctx, need[summary.Runs], src.Runs)
	schedules, err2 := some(ctx, need[summary.Schedule], src.Schedules)
	gaps, err3 := some(ctx, need[summary.Gaps], src.Gaps)
	attention, err4 := some(ctx, need[summary.Attention], src.Attention)
	devices, err5 := some(ctx, need[summary.Device], src.Devices)
	for what, err := range map[string]error{"runs": err1, "schedules": err2, "gaps": err3, "attention": err4, "devices": err5} {
		if err != nil {
			return fmt.Errorf("recompute %s: %w", what, err)
		}
	}
	for _, id := range need[summary.Runs] {
		out.facts[id].Runs = runs[id]
	}
	for _, id := range need[summary.Schedule] {
		out.facts[id].Schedule = pointer(schedules, id)
	}
	for _, id := range need[summary.Gaps] {
		out.facts[id].Gaps = gaps[id]
	}
	for _, id := range need[summary.Attention] {
		out.facts[id].Attention = attention[id]
	}
	for _, id := range need[summary.Device] {
		out.facts[id].Device = pointer(devices, id)
	}
	return nil
}

// some asks only if there is something to ask for.
func some[T any](ctx context.Context, ids []string, read func(context.Context, []string) (map[string]T, error)) (map[string]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return read(ctx, ids)
}

func pointer[T any](m map[string]T, id string) *T {
	if v, ok := m[id]; ok {
		return &v
	}
	return nil
}

// sizes folds deltas into retained sizes and recounts where it was asked for, or where the deltas prove impossible.
func (out *recomputed) sizes(ctx context.Context, src Source, work map[string]*summary.Pending) error {
	var counted []string
	for id := range out.facts {
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
		out.facts[id].Streams = f.Streams
	}
	if err := out.newest(ctx, src, newest); err != nil {
		return err
	}
	if err := out.recount(ctx, src, recount); err != nil {
		return err
	}
	for _, id := range counted {
		out.streams[id] = !slices.EqualFunc(stored[id], out.facts[id].Streams, sameSize)
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
		streams := out.facts[ref.ConnectionID].Streams
		for i := range streams {
			if streams[i].Stream == ref.Stream {
				streams[i].NewestAt = pointerOf(found, ref)
			}
		}
	}
	return nil
}

func pointerOf(m map[StreamRef]summary.Instant, ref StreamRef) *summary.Instant {
	if v, ok := m[ref]; ok {
		return &v
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
	out.overflow = overflow
	for id, counted := range sizes {
		f := out.facts[id]
		f.Streams = append(slices.Clone(f.Streams), counted...)
		summary.SortStreams(f.Streams)
	}
	return nil
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

func sameSize(a, b summary.StreamSize) bool {
	newest := a.NewestAt == nil && b.NewestAt == nil || a.NewestAt != nil && b.NewestAt != nil && *a.NewestAt == *b.NewestAt
	a.NewestAt, b.NewestAt = nil, nil
	return newest && a == b
}
