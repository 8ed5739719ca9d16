package ingest

import "fmt"

// Limits of one record. MaxKey is that of the source tables (SPEC section 3).
const (
	MaxKey = 1024 // octets
	// DefaultMaxRecord bounds the octets of one record where Options do not.
	DefaultMaxRecord = 16 << 20
	// MaxDepth bounds the nesting of JSON. SQLite's own limit is 1,000; PostgreSQL's depends on its stack.
	MaxDepth = 500
	// maxExact is the largest integer that every JSON reader keeps exactly: 2^53 - 1.
	maxExact = 1<<53 - 1
)

// Record is one record of the input.
type Record struct {
	Key  string // 1 to MaxKey octets, valid UTF-8, no NUL
	JSON string // valid JSON, valid UTF-8
	Line int    // on which it begins, from 1
}

// Options say how to read.
type Options struct {
	// Key names the member (or column) that holds each record's key: a string, or an integer within ±(2^53 - 1). No two
	// records may have the same. Empty: the key is the record's number, from 1.
	Key string
	// MaxRecord bounds the octets of one record; 0 is DefaultMaxRecord.
	MaxRecord int
}

// Error says what is wrong with the input, and where.
type Error struct {
	Line    int // from 1
	Problem string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

func wrong(line int, format string, args ...any) *Error {
	return &Error{Line: line, Problem: fmt.Sprintf(format, args...)}
}
