// Package recount says, a second time and independently, what the evidence of every connection must be: plain SQL over
// the source tables, per engine, and as little Go as can be. It shares no code with what it judges (drain, db,
// sqlitecompat, summary); where the two agree, both read SPEC.md the same way. Slow and simple on purpose.
//
// A State is one snapshot of a database; its Check holds it against guarantee G2, Settled against G3.
package recount
