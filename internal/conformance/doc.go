// Package conformance runs the same cases on both engines: what a statement makes dirty, what evidence then says, and that
// both engines say it in the same bytes (SPEC G2 to G5, G7). Every table of steps is run by every kind of writer.
package conformance
