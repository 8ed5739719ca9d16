package drain

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tidemark/summary"
)

// Options narrow a drain.
type Options struct {
	// Force names connections that are recounted from the source tables whatever their marks say (a rebuild's chunk).
	Force []string
	// Runs names runs that are derived from their events again.
	Runs []string
	// Connectors names connectors that are announced as if a mark named them.
	Connectors []string
	// First names connections whose marks are taken before those of any other, where there are more than one drain takes.
	First []string
	// RunsDerived says that the runs of the forced connections have been derived already.
	RunsDerived bool
	// Components narrows what is recounted of the forced connections; nil: everything.
	Components summary.Set
}

// Run performs one drain in tx: it takes a bounded number of marks, brings evidence up to date with tx's snapshot and
// reports what changed. The caller commits. An error means that nothing may be committed; a connection whose recompute
// fails is not an error but a Failure in the result.
func Run(ctx context.Context, tx Tx, opt Options) (Result, error) {
	taken, err := tx.Take(ctx, opt.Force, opt.First)
	if err != nil {
		return Result{}, fmt.Errorf("take marks: %w", err)
	}
	r := &run{tx: tx, ctx: ctx, result: Result{Marks: taken.Marks, More: taken.More}}
	for _, id := range opt.Runs {
		taken.Runs = append(taken.Runs, RunMark{RunID: id})
	}
	taken.Connectors = append(taken.Connectors, opt.Connectors...)
	if taken.Marks == 0 && len(opt.Force) == 0 && len(taken.Retry) == 0 && len(taken.Runs) == 0 && len(taken.Connectors) == 0 {
		return r.result, nil
	}
	work := taken.Connections
	if work == nil {
		work = map[string]*summary.Pending{}
	}
	rederive := forced(work, taken.Retry, opt)
	if err := r.deriveRuns(work, taken.Runs, rederive); err != nil {
		return Result{}, fmt.Errorf("derive runs: %w", err)
	}
	if err := r.announceManifests(taken.Connectors); err != nil {
		return Result{}, fmt.Errorf("announce manifests: %w", err)
	}
	if err := r.isolate(work); err != nil {
		return Result{}, err
	}
	if err := r.recovered(taken.Retry); err != nil {
		return Result{}, fmt.Errorf("forget failures: %w", err)
	}
	r.sort()
	return r.result, nil
}

// run is the state of one drain.
type run struct {
	tx      Tx
	ctx     context.Context //nolint:containedctx // lives as long as the one call that it belongs to
	version int64           // of the derived rows that this drain writes; 0 until one is needed
	result  Result
}

// forced turns retried and forced connections into recounts of everything, and returns those whose runs must be derived
// from their events again.
func forced(work map[string]*summary.Pending, retry []string, opt Options) (rederive []string) {
	ask := func(ids []string, components summary.Set) {
		for _, id := range ids {
			if work[id] == nil {
				work[id] = &summary.Pending{}
			}
			work[id].Demand(components)
		}
	}
	ask(retry, nil)
	if !opt.RunsDerived {
		ask(opt.Force, opt.Components)
	}
	for id, p := range work {
		if p.Rederive {
			rederive = append(rederive, id)
		}
	}
	ask(opt.Force, opt.Components) // derived already, unless a mark that came since asks for it: that mark is consumed here
	slices.Sort(rederive)
	return rederive
}

// deriveRuns brings run_evidence up to date with the events of the marked runs, and adds to work every connection whose
// attributed runs may have changed.
func (r *run) deriveRuns(work map[string]*summary.Pending, marks []RunMark, rederive []string) error {
	runIDs, named, bound := set{}, set{}, set{}
	for _, m := range marks {
		runIDs.add(m.RunID)
		named.add(m.ConnectionID)
		if m.RunID == "" {
			bound.add(m.ProfileKey)
		}
	}
	if len(rederive) > 0 {
		ids, err := r.tx.RunIDs(r.ctx, rederive)
		if err != nil {
			return err
		}
		runIDs.add(ids...)
	}
	if len(runIDs) > 0 {
		if err := r.replaceRuns(runIDs.sorted(), named); err != nil {
			return err
		}
	}
	if len(bound) > 0 {
		sharers, err := r.tx.ProfileSharers(r.ctx, bound.sorted())
		if err != nil {
			return err
		}
		named.add(sharers...)
	}
	for id := range named {
		if work[id] == nil {
			work[id] = &summary.Pending{}
		}
		work[id].Ask(summary.Runs)
	}
	return nil
}

// replaceRuns derives the runs again and collects whom they named or belonged to before, and do now. Those who share a key own
// none of its runs, so an event that carries it concerns none of them.
func (r *run) replaceRuns(runIDs []string, named set) error {
	facts, err := r.tx.RunFacts(r.ctx, runIDs)
	if err != nil {
		return err
	}
	stored, err := r.tx.RunRows(r.ctx, runIDs)
	if err != nil {
		return err
	}
	var changed []RunRow
	var gone []string
	keys, by := map[ProfileKey]bool{}, map[Attribution]bool{}
	for _, id := range runIDs {
		old, had := stored[id]
		f, has := facts[id]
		var row RunRow
		if has {
			if row, err = NewRunRow(f); err != nil {
				return err
			}
		}
		for _, a := range slices.Concat(old.attributions(), row.attributions()) {
			by[a] = true
		}
		switch {
		case has && (!had || !row.same(old)):
			changed = append(changed, row)
		case !has && had:
			gone = append(gone, id)
		default:
			continue
		}
		for _, v := range []RunRow{old, row} {
			named.add(v.ConnectionIDs...)
			if k, ok := v.profileKey(); ok {
				keys[k] = true
			}
		}
	}
	if len(keys) > 0 {
		owners, err := r.tx.ProfileOwners(r.ctx, slices.Collect(maps.Keys(keys)))
		if err != nil {
			return err
		}
		named.add(owners...)
	}
	if len(changed)+len(gone) > 0 {
		v, err := r.derivedVersion()
		if err != nil {
			return err
		}
		if err := r.tx.ReplaceRuns(r.ctx, v, changed, gone); err != nil {
			return err
		}
	}
	return r.tx.ListUnattributed(r.ctx, slices.Collect(maps.Keys(by)))
}

// derivedVersion is the one version of the derived rows that are not evidence; readers only need it to be newer.
func (r *run) derivedVersion() (int64, error) {
	if r.version == 0 {
		v, err := r.tx.Versions(r.ctx, 1)
		if err != nil {
			return 0, fmt.Errorf("take version: %w", err)
		}
		r.version = v
	}
	return r.version, nil
}

// announceManifests gives each connector whose manifest or name changed a version.
func (r *run) announceManifests(connectors []string) error {
	if len(connectors) == 0 {
		return nil
	}
	slices.Sort(connectors)
	connectors = slices.Compact(connectors)
	v, err := r.tx.Versions(r.ctx, len(connectors))
	if err != nil {
		return err
	}
	for i, id := range connectors {
		r.result.Manifests = append(r.result.Manifests, Version{ID: id, Version: v + int64(i)})
	}
	r.result.MaxVersion = max(r.result.MaxVersion, v+int64(len(connectors))-1)
	return r.tx.AnnounceManifests(r.ctx, r.result.Manifests)
}

// recovered forgets the failures of the connections that did not fail again.
func (r *run) recovered(retry []string) error {
	again := set{}
	for _, f := range r.result.Failed {
		again.add(f.ConnectionID)
	}
	well := slices.DeleteFunc(slices.Clone(retry), func(id string) bool { return again[id] })
	if len(well) == 0 {
		return nil
	}
	return r.tx.Recovered(r.ctx, well)
}

func (r *run) sort() {
	slices.SortFunc(r.result.Changed, func(a, b Version) int { return int(a.Version - b.Version) })
	slices.Sort(r.result.Repaired)
}

// set is a set of non-empty strings.
type set map[string]bool

func (s set) add(values ...string) {
	for _, v := range values {
		if v != "" {
			s[v] = true
		}
	}
}

func (s set) sorted() []string { return slices.Sorted(maps.Keys(s)) }
