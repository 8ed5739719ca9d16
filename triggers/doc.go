// Package triggers makes Postgres notice every change of a source table: it renders, installs and watches over the triggers
// that leave a mark in the writer's own transaction, whoever writes (SPEC sections 5 and 6).
//
// The source tables are described once, in sources.go; everything else is rendered from that description by pure functions.
// testdata holds the rendered SQL of every table. Why the functions look as they do, and what each part costs, is in
// DESIGN.md.
package triggers
