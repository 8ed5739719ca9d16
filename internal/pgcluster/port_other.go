//go:build !linux

package pgcluster

import (
	"net"
	"strconv"
)

// reservation has no use where clusters cannot be started; a look is what is left of it.
type reservation struct{}

func reserve(port int) (*reservation, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	return nil, listener.Close()
}

func (*reservation) close() error { return nil }
