package db

import (
	"context"

	"tidemark/summary"
)

// Page implements server.Store.
func (r *Replicated) Page(ctx context.Context, q summary.PageQuery) (summary.Page, error) {
	return readFrom(ctx, r, func(d *DB) (summary.Page, error) { return d.Page(ctx, q) })
}

// Scoped implements server.Store.
func (r *Replicated) Scoped(ctx context.Context, owner, id string) (summary.Scoped, error) {
	return readFrom(ctx, r, func(d *DB) (summary.Scoped, error) { return d.Scoped(ctx, owner, id) })
}

// Connection implements server.Store.
func (r *Replicated) Connection(ctx context.Context, owner, id string) (*summary.Observation, error) {
	return readFrom(ctx, r, func(d *DB) (*summary.Observation, error) { return d.Connection(ctx, owner, id) })
}

// RunHistory implements server.Store.
func (r *Replicated) RunHistory(ctx context.Context, q summary.RunsQuery) (summary.RunsPage, error) {
	return readFrom(ctx, r, func(d *DB) (summary.RunsPage, error) { return d.RunHistory(ctx, q) })
}

// Timeline implements server.Store.
func (r *Replicated) Timeline(ctx context.Context, q summary.TimelineQuery) (summary.Timeline, error) {
	return readFrom(ctx, r, func(d *DB) (summary.Timeline, error) { return d.Timeline(ctx, q) })
}

// Diagnosis implements server.Store.
func (r *Replicated) Diagnosis(ctx context.Context, owner, id string) (*summary.Diagnosis, error) {
	return readFrom(ctx, r, func(d *DB) (*summary.Diagnosis, error) { return d.Diagnosis(ctx, owner, id) })
}

// Events implements server.Store.
func (r *Replicated) Events(ctx context.Context, q summary.EventQuery) (summary.Events, error) {
	return readFrom(ctx, r, func(d *DB) (summary.Events, error) { return d.Events(ctx, q) })
}

// Named implements server.Store.
func (r *Replicated) Named(ctx context.Context, ids []string) ([]summary.Observation, error) {
	return readFrom(ctx, r, func(d *DB) ([]summary.Observation, error) { return d.Named(ctx, ids) })
}
