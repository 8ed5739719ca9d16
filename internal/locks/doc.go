// Package locks lets writers of several connections lock rows in opposite orders, as they would not in a well-behaved program, while
// drains, rebuilds, verifies, scrubs and installations run, and looks at who waits for whom: no writer for a session of Tidemark's, and
// none in a deadlock that the same statements do not have without triggers (SPEC G6).
package locks
