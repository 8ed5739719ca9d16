// Package servers holds tests of several `tidemark serve` processes on one database: one of them is killed, stopped or cut off,
// the database fails over. Nothing here depends on the server's major version; see the tests for which they run on.
package servers
