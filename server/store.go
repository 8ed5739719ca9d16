package server

import (
	"context"

	"tidemark/summary"
)

// Store is what the handlers need of an engine; db.DB and sqlitecompat.DB implement it. All methods are safe for
// concurrent use and obey their context. Every error of a database that cannot be reached wraps summary.ErrUnavailable;
// no error text holds a secret or another owner's data. Each read costs a constant number of statements (SPEC G13).
// Reads of a context of summary.FromPrimary see all that was committed before; others may come from a replica.
type Store interface {
	// Page reads one page of one owner's connections, evidence and pending marks, from one snapshot. It validates nothing:
	// the caller has bounded Limit.
	Page(ctx context.Context, q summary.PageQuery) (summary.Page, error)
	// Scoped reads what an id names: a connection id of that owner, else the owner's connections of that connector id. An
	// id that the owner does not have gives an empty Scoped and no error, whoever else has it.
	Scoped(ctx context.Context, owner, id string) (summary.Scoped, error)
	// Connection reads one connection of that owner, without what only Scoped hydrates; nil if the owner has none of this id.
	Connection(ctx context.Context, owner, id string) (*summary.Observation, error)
	// RunHistory reads one page of the runs that belong to one connection.
	RunHistory(ctx context.Context, q summary.RunsQuery) (summary.RunsPage, error)
	// Timeline reads one page of the events of one run that belongs to a connection of that owner.
	Timeline(ctx context.Context, q summary.TimelineQuery) (summary.Timeline, error)
	// Diagnosis reads what the diagnostics of one connection rest on; nil if the owner has none of this id.
	Diagnosis(ctx context.Context, owner, id string) (*summary.Diagnosis, error)

	// Reconcile drains the pending marks of these connections (and maybe others) under the drain lock, until none is left that
	// was visible at the call or ctx ends. It never touches the wake-up flag. Parked marks stay parked. With a replica
	// it returns when that has caught up.
	Reconcile(ctx context.Context, ids []string) error
	// Events reads what changed for some owners above a version, from one snapshot. Versions appear in their order: nothing is
	// committed later with one below Max.
	Events(ctx context.Context, q summary.EventQuery) (summary.Events, error)
	// Named reads the connections of these ids, whoever owns them; those that are gone are missing. For the server itself alone.
	Named(ctx context.Context, ids []string) ([]summary.Observation, error)
	// Token finds a token by the SHA-256 of its secret, revoked and expired ones included; summary.ErrNoToken if there is
	// none.
	Token(ctx context.Context, sha256 [32]byte) (summary.Token, error)
	// Ready reports on the database, its migrations, capture and drain lag. An error means that it could not even ask.
	Ready(ctx context.Context) ([]summary.Check, error)
}

// Changes tells waiting reads that a drain has committed, in this process or another. Safe for concurrent use. Some
// may be missed: versions tell what changed.
type Changes interface {
	// Next returns a channel that is closed when the next change is announced. Whoever waits takes it before the read
	// whose outdating it wants to hear of.
	Next() <-chan struct{}
}
