// Package matrix tries every shape of write that SPEC sections 6 and 7 name, on both engines, and holds each against guarantees G1
// to G5: what it changed is marked, by component; what it did not change is not; what evidence and marks say together equals the
// independent recount before a drain, in a snapshot from before the write too, and evidence alone does after one; siblings keep
// their version. What the write changed is not believed but found out, by recounts before and after it.
package matrix
