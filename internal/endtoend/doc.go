// Package endtoend runs the program itself, as its users do: tidemark processes on a real database, data that nobody wrote
// for it, psql and sqlite3 as writers, kill -9.
package endtoend
