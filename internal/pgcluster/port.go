package pgcluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range that kernels give to outgoing connections (32768 and up on Linux): one from that
// range could be in use, as somebody's near end, at the moment a killed server wants its port back.
const (
	lowestPort  = 20000
	highestPort = 32000
)

// freePort finds a port that nobody listens on at this moment.
func freePort() (int, error) {
	var last error
	for range 100 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			return port, listener.Close()
		}
		last = err
	}
	return 0, fmt.Errorf("find a free port: %w", last)
}
