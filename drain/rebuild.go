package drain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tidemark/summary"
)

// ErrUnknownConnection is returned where an id names no connection.
var ErrUnknownConnection = errors.New("no such connection")

// Chunk sizes of rebuild and verify: small enough that a chunk of ordinary connections stays well under 2 s.
const (
	ConnectionChunk = 100
	RunChunk        = 2000
)

// Phases of a rebuild of everything.
const (
	PhaseRuns        = "runs"
	PhaseConnections = "connections"
)

// Progress is how far a rebuild of everything has come; it is stored with each chunk, in the chunk's transaction.
type Progress struct {
	ID          int64
	Phase       string // PhaseRuns, then PhaseConnections
	AfterID     string // the last id of the phase that is done
	Done, Total int64  // runs and connections
	Resumed     bool   // an earlier rebuild was cut off; this goes on with it
}

// Engine is what rebuild and verify need of an engine.
type Engine interface {
	// Write runs fn in a drain transaction, which commits if fn returns nil, and announces what changed.
	Write(ctx context.Context, fn func(Tx) (Result, error)) (Result, error)
	// Read runs fn on one read-only snapshot.
	Read(ctx context.Context, fn func(Snapshot) error) error
	// ConnectionsAfter lists ids of connections that exist or have evidence, and RunsAfter run ids that have events or
	// evidence, both in byte order.
	ConnectionsAfter(ctx context.Context, after string, limit int) ([]string, error)
	RunsAfter(ctx context.Context, after string, limit int) ([]string, error)
	// OpenRebuild continues the rebuild of these components that was cut off, or starts one; "" is a rebuild of everything.
	OpenRebuild(ctx context.Context, components string) (Progress, error)
	// CountConnections returns how many ids ConnectionsAfter lists in all.
	CountConnections(ctx context.Context) (int64, error)
}

// RebuildResult counts what a rebuild did.
type RebuildResult struct {
	Connections int64    `json:"connections"` // recounted
	Runs        int64    `json:"runs"`        // derived again, of a rebuild of everything
	Changed     int64    `json:"changed"`     // evidence that differed and was replaced
	Deleted     int64    `json:"deleted"`     // evidence of connections that are gone
	Failed      []string `json:"failed"`      // connections that cannot be recomputed
	Resumed     bool     `json:"resumed"`
}

// Rebuild derives evidence from the source tables alone: of the connections in ids, or of all if ids is nil. It is
// online: each chunk is a drain that is told to recount, so concurrent writers are neither blocked nor lost. A rebuild of
// everything that was cut off is resumed. progress may be nil; it is called after each chunk.
func Rebuild(ctx context.Context, e Engine, ids []string, progress func(done, total int64)) (RebuildResult, error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	b := &rebuild{engine: e, report: progress, result: RebuildResult{Failed: []string{}}}
	if ids != nil {
		return b.result, b.some(ctx, ids)
	}
	return b.all(ctx)
}

// Recount derives these components of every connection from the source tables again, and leaves the others as they are; otherwise it is
// a rebuild of everything.
func Recount(ctx context.Context, e Engine, components summary.Set, progress func(done, total int64)) (RebuildResult, error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	b := &rebuild{engine: e, report: progress, result: RebuildResult{Failed: []string{}}, components: summary.Set{}}
	b.components.Union(components)
	delete(b.components, summary.Manifest) // read live
	if len(b.components) == 0 {
		return b.result, nil
	}
	return b.all(ctx)
}

type rebuild struct {
	engine     Engine
	report     func(done, total int64)
	result     RebuildResult
	components summary.Set // nil: all
}

// name tells rebuilds of different components apart.
func (b *rebuild) name() string {
	var names []string
	for _, c := range b.components.Sorted() {
		names = append(names, string(c))
	}
	return strings.Join(names, " ")
}

func (b *rebuild) some(ctx context.Context, ids []string) error {
	for start := 0; start < len(ids); start += ConnectionChunk {
		chunk := ids[start:min(start+ConnectionChunk, len(ids))]
		if err := b.chunk(ctx, Options{Force: chunk}, nil); err != nil {
			return err
		}
		b.report(int64(start+len(chunk)), int64(len(ids)))
	}
	return nil
}

func (b *rebuild) all(ctx context.Context) (RebuildResult, error) {
	p, err := b.engine.OpenRebuild(ctx, b.name())
	if err != nil {
		return b.result, fmt.Errorf("open rebuild: %w", err)
	}
	b.result.Resumed = p.Resumed
	if p.Phase == PhaseRuns && b.components != nil && !b.components[summary.Runs] {
		p.Phase = PhaseConnections
	}
	if p.Phase == PhaseRuns {
		if err := b.phase(ctx, &p, b.engine.RunsAfter, RunChunk, func(ids []string) Options { return Options{Runs: ids} }); err != nil {
			return b.result, err
		}
		p.Phase, p.AfterID = PhaseConnections, ""
	}
	forced := func(ids []string) Options { return Options{Force: ids, RunsDerived: true, Components: b.components} }
	if err := b.phase(ctx, &p, b.engine.ConnectionsAfter, ConnectionChunk, forced); err != nil {
		return b.result, err
	}
	_, err = b.engine.Write(ctx, func(tx Tx) (Result, error) { return Result{}, tx.SaveRebuild(ctx, p, true) })
	return b.result, err
}

// phase walks ids in byte order, chunk by chunk.
func (b *rebuild) phase(ctx context.Context, p *Progress, list func(context.Context, string, int) ([]string, error), size int, options func([]string) Options) error {
	for {
		ids, err := list(ctx, p.AfterID, size)
		if err != nil || len(ids) == 0 {
			return err
		}
		p.AfterID = ids[len(ids)-1]
		p.Done += int64(len(ids))
		p.Total = max(p.Total, p.Done)
		if err := b.chunk(ctx, options(ids), p); err != nil {
			return err
		}
		b.report(p.Done, p.Total)
	}
}

// chunk is one drain transaction, with p stored in it where p is given.
func (b *rebuild) chunk(ctx context.Context, opt Options, p *Progress) error {
	r, err := b.engine.Write(ctx, func(tx Tx) (Result, error) {
		r, err := Run(ctx, tx, opt)
		if err == nil && p != nil {
			err = tx.SaveRebuild(ctx, *p, false)
		}
		return r, err
	})
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	b.result.Connections += int64(len(opt.Force))
	b.result.Runs += int64(len(opt.Runs))
	b.result.Changed += int64(len(r.Changed))
	b.result.Deleted += int64(len(r.Deleted))
	for _, f := range r.Failed {
		b.result.Failed = append(b.result.Failed, f.ConnectionID)
	}
	return nil
}

// Snapshot is a Source that also sees the pending marks, all in one read-only snapshot.
type Snapshot interface {
	Source
	// PendingOf returns what the visible marks of the connections amount to, marks that cover all included.
	PendingOf(ctx context.Context, ids []string) (map[string]*summary.Pending, error)
	// PendingRuns returns those of the runs that a visible mark of their events asks to derive again, or one that covers all;
	// and maybe those that a mark of a connection they name does.
	PendingRuns(ctx context.Context, runIDs []string) (map[string]bool, error)
}
