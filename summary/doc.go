// Package summary holds what Tidemark knows about a connection and what it makes of it: the evidence (durable facts
// derived from the source tables), how pending marks fold into it, and the pure synthesis of summaries.
//
// Nothing here does I/O, reads a clock or starts a goroutine; the same functions serve both engines, which is what keeps
// their answers byte-identical (SPEC G7). Values are not safe for concurrent mutation; functions are pure.
package summary
