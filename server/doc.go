// Package server is the HTTP interface: routes, authentication, validation and the shapes of answers (SPEC section 11,
// API.md). It reads through Store and turns what it read into summaries with package summary; it knows no engine and marks
// nothing: the database does.
package server
