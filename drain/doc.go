// Package drain keeps evidence in step with the source tables, whatever engine they live in: it takes marks, folds or
// recomputes, and writes evidence, in one transaction of the engine. Rebuild is a drain that is told to recount; verify
// compares without writing. The engines (db, sqlitecompat) supply transactions; the rules live here once, so that both
// give the same answers (SPEC G7).
//
// The protocol is described in db/DESIGN.md. What this package relies on: everything that a Tx reads comes from one snapshot,
// and Take returned every mark of the connections it names that is visible in that snapshot. Under these two rules a
// recount and the deltas that it makes obsolete cannot disagree.
package drain
