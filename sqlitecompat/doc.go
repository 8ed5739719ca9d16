// Package sqlitecompat is Tidemark on SQLite: the embedded default engine, with the observable behaviour of package db.
//
// Its Writer is an ordinary *sql.DB whose one connection is hooked: what a transaction changes in the source tables is
// summed in memory and written as marks in that same transaction, before it commits (SPEC section 7). Guard triggers do
// the same, more coarsely, for programs that open the file without this package. How both work, and why no change is
// lost, is told in DESIGN.md beside this file.
package sqlitecompat
