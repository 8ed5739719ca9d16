package pgcluster

import (
	"fmt"
	"math/rand/v2"
)

// Ports are taken from below the range that kernels give to outgoing connections (32768 and up on Linux): one from that
// range could be in use, as somebody's near end, at the moment a killed server wants its port back.
const (
	lowestPort  = 20000
	highestPort = 32000
)

// freePort finds a port that nobody listens on or has reserved, and reserves it.
func freePort() (port int, reserved *reservation, err error) {
	for range 100 {
		port = lowestPort + rand.IntN(highestPort-lowestPort)
		if reserved, err = reserve(port); err == nil {
			return port, reserved, nil
		}
	}
	return 0, nil, fmt.Errorf("find a free port: %w", err)
}
