package drain

import (
	"context"
	"fmt"
	"slices"

	"tidemark/summary"
)

// inspection is what one snapshot says of one connection, and how what is derived differs from it.
type inspection struct {
	id          string
	want        *subject // as the source tables say; nil where there is no such connection
	stored      *Stored  // nil where there is no evidence
	retained    []summary.StreamSize
	pending     *summary.Pending // never nil
	run         string           // one of its runs whose evidence is wrong
	differences []Difference
}

// inspect compares a set of connections in one snapshot.
func inspect(ctx context.Context, s Snapshot, ids []string) ([]inspection, error) {
	return inspectOnly(ctx, s, ids, nil)
}

// cheap are the components that a snapshot gives without a recount of records or events.
var cheap = summary.Set{
	summary.Identity: true, summary.Schedule: true, summary.Gaps: true, summary.Attention: true, summary.Device: true,
}

// inspectOnly compares these components, or all. Without the cheap ones among them all are compared.
func inspectOnly(ctx context.Context, s Snapshot, ids []string, components []summary.Component) ([]inspection, error) {
	light := len(components) > 0 && !slices.ContainsFunc(components, func(c summary.Component) bool { return !cheap[c] })
	pending, err := s.PendingOf(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	retained, err := s.Streams(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read retained sizes: %w", err)
	}
	work := make(map[string]*summary.Pending, len(ids))
	for _, id := range ids {
		p := &summary.Pending{}
		if light { // as a mark would ask for it; a connection without evidence is recounted whole
			p.Since = &summary.Instant{}
			for _, c := range components {
				p.Ask(c)
			}
		} else {
			p.Force()
		}
		work[id] = p
	}
	out, err := recompute(ctx, s, work)
	if err != nil {
		return nil, err
	}
	var runs map[string]string
	if !light {
		if runs, err = wrongRunsOf(ctx, s, ids); err != nil {
			return nil, err
		}
	}
	seen := make([]inspection, 0, len(ids))
	for _, id := range ids {
		i := inspection{id: id, want: out.subjects[id], retained: retained[id], pending: pending[id], run: runs[id]}
		if i.pending == nil {
			i.pending = &summary.Pending{}
		}
		if stored, has := out.stored[id]; has {
			i.stored = &stored
		}
		if err := i.compare(); err != nil {
			return nil, fmt.Errorf("compare connection %q: %w", id, err)
		}
		seen = append(seen, i)
	}
	return seen, nil
}

// compare finds the differences. What a visible mark asks to be recounted is behind, not wrong.
func (i *inspection) compare() (err error) {
	differs := func(c summary.Component, field, want, got string) {
		i.differences = append(i.differences, Difference{i.id, c, field, want, got})
	}
	failed := i.stored != nil && i.stored.State == summary.StateFailed
	if i.want != nil && failed && !i.pending.Dirty() { // nothing would have it tried again
		differs(summary.Identity, "state", summary.StateCurrent, summary.StateFailed)
	}
	switch {
	case i.want != nil && i.want.err != nil && (i.pending.Dirty() || failed):
	case i.want == nil && i.stored == nil:
		if len(i.retained) > 0 && !i.pending.Dirty() {
			differs(summary.RetainedBytes, "retained_size_stream", "deleted", "present")
		}
	case i.want == nil:
		if !i.pending.Dirty() {
			differs(summary.Identity, "connector_instance_id", "deleted", "present")
		}
	case i.stored == nil:
		if !i.pending.Recount[summary.Identity] {
			differs(summary.Identity, "connector_instance_id", "present", "missing")
		}
	default:
		var d []Difference
		if d, err = differences(i.want, *i.stored, i.retained, i.pending); err != nil {
			return err
		}
		i.differences = append(i.differences, d...)
		if i.run != "" && !i.pending.Recount[summary.Runs] {
			differs(summary.Runs, "run_evidence", "as its events say", i.run)
		}
	}
	return nil
}
