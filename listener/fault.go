package listener

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tidemark/summary"
)

// FaultCode names what went wrong. The set is closed.
type FaultCode string

const (
	FaultConnect    FaultCode = "connect_failed"  // an attempt to connect failed
	FaultConnection FaultCode = "connection_lost" // a connection that served has ended
	FaultDrain      FaultCode = "drain_failed"
	FaultPending    FaultCode = "pending_failed" // looking for marks failed
	FaultAudit      FaultCode = "audit_failed"   // the auditor has lost its stream, or could not look into what it found
	FaultWAL        FaultCode = "wal_failed"     // there is no replication stream; marks are polled for
)

// Fault is something that went wrong, fit to be shown: no DSN, no password, nothing that looks like a credential.
type Fault struct {
	At       time.Time `json:"at"`
	Code     FaultCode `json:"code"`
	SQLState string    `json:"sqlstate,omitempty"`
	Message  string    `json:"message"`
}

// newFault describes err for those who may not see all of it.
func newFault(at time.Time, code FaultCode, err error) Fault {
	f := Fault{At: at, Code: code, Message: describe(err)}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		f.SQLState = pg.Code
	}
	return f
}

// describe says what err is about. What a driver wraps around it (user, host, database, statement, row) is left out.
func describe(err error) string {
	var shown *guarded
	if errors.As(err, &shown) {
		return shown.text
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return summary.Redact(pg.Message)
	}
	var op *net.OpError
	switch {
	case errors.As(err, &op):
		return summary.Redact(op.Op + ": " + op.Err.Error())
	case errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err):
		return "the database did not answer in time"
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		if inner := connect.Unwrap(); inner != nil {
			return "cannot connect: " + summary.Redact(inner.Error())
		}
		return "cannot connect"
	}
	return summary.Redact(err.Error())
}

// guarded is an error whose text is fit to be shown; the cause can still be examined.
type guarded struct {
	text  string
	cause error
}

func (g *guarded) Error() string { return g.text }
func (g *guarded) Unwrap() error { return g.cause }

// guard keeps the address that a driver quotes out of an error's text.
func guard(verb string, err error) error {
	if err == nil {
		return nil
	}
	return &guarded{text: verb + ": " + describe(err), cause: err}
}
