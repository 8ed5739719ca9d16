// Package db is Tidemark on PostgreSQL: the pool, migrations, reads, and the transactions in which package drain keeps
// evidence in step. Why the protocol is right is told in DESIGN.md beside this file.
//
// Source tables live in schema public, everything derived in schema tidemark.
package db
