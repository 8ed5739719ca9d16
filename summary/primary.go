package summary

import "context"

type primaryKey struct{}

// FromPrimary makes the reads of a context see all that has been committed, where reads otherwise may come from a replica.
func FromPrimary(ctx context.Context) context.Context {
	return context.WithValue(ctx, primaryKey{}, true)
}

// IsFromPrimary reports whether FromPrimary made ctx.
func IsFromPrimary(ctx context.Context) bool { return ctx.Value(primaryKey{}) != nil }
