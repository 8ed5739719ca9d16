package pgcluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// pollEvery is how often a condition of another process is looked at. /proc cannot be waited for, and a goroutine that
// blocked in wait(2) would look like a leak to tests that count goroutines.
const pollEvery = 2 * time.Millisecond

// poll calls done until it says true or the context ends.
func poll(ctx context.Context, done func() (bool, error)) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// ended says whether a child of ours has ended; it stays as a zombie until it is waited for.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	// "pid (name) state …", where the name may hold anything.
	_, after, ok := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(") "))
	return ok && (after[0] == 'Z' || after[0] == 'X')
}

// serversIn lists the PostgreSQL processes that work in a data directory: the postmaster and all its children, also
// those it has left behind. Ended ones that nobody has waited for work nowhere.
func serversIn(dataDir string) ([]int, error) {
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, link := range links {
		if at, err := os.Readlink(link); err != nil || at != dataDir {
			continue
		}
		name, err := os.ReadFile(filepath.Join(filepath.Dir(link), "comm"))
		if err != nil || string(name) != "postgres\n" {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link)))
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// awaitGone waits until no PostgreSQL process works in dataDir, and kills what is still there after the patience.
func awaitGone(ctx context.Context, dataDir string, patience time.Duration) error {
	end := time.Now().Add(patience)
	return poll(ctx, func() (bool, error) {
		pids, err := serversIn(dataDir)
		if err != nil || len(pids) == 0 {
			return true, err
		}
		if time.Now().After(end) {
			for _, pid := range pids {
				// It may have ended meanwhile, which is as good.
				if process, err := os.FindProcess(pid); err == nil {
					_ = process.Kill()
				}
			}
		}
		return false, nil
	})
}
