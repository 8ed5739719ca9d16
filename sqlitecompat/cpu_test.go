package sqlitecompat

import "golang.org/x/sys/unix"

func cpuNow() int64 {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	return ts.Nano()
}
