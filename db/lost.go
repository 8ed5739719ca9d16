package db

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// interrupted reports whether err says nothing of the data that a statement worked on, so that the same statement may succeed
// in a later transaction: classes 08, 40, 55 (locks), 57 (cancelled, shut down) and 58, disk full, and a socket that ended.
func interrupted(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return isConnectionLost(err)
	}
	switch pg.Code[:2] {
	case "08", "40", "55", "57", "58":
		return true
	}
	return pg.Code == "53100"
}

// isConnectionLost reports whether err is that of a socket that ended under a statement.
func isConnectionLost(err error) bool {
	var netErr net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.As(err, &netErr) ||
		strings.HasSuffix(err.Error(), "conn closed") || strings.HasSuffix(err.Error(), "closed pool")
}
