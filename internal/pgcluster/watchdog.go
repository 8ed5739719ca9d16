package pgcluster

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// watchdogScript waits for the end of its standard input, then ends the cluster and removes its directory. A shell
// script, because a goroutine cannot outlive a process that is killed.
//
//go:embed watchdog.sh
var watchdogScript string

// watchdog is a process that outlives ours by the time it takes to clean up. It is told to act by a pipe that only we
// hold open: the kernel closes it when we end, however we end. (A parent death signal would be tied to the thread that
// started the server, and could not remove a directory.)
type watchdog struct {
	cmd  *exec.Cmd
	hold *os.File
}

func startWatchdog(dir string) (*watchdog, error) {
	read, hold, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start watchdog: %w", err)
	}
	defer read.Close()
	// From the environment, so that a list of processes stays readable.
	cmd := exec.Command("/bin/sh", "-c", `eval "$TIDEMARK_WATCHDOG"`, "tidemark-pg-watchdog", dir)
	cmd.Env = append(os.Environ(), "TIDEMARK_WATCHDOG="+watchdogScript)
	cmd.Dir = "/"
	cmd.Stdin = read
	// In our own name, unlike the server: only so may it remove the directory wherever its parent is.
	cmd.SysProcAttr = account{}.attr()
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start watchdog: %w", err), hold.Close())
	}
	return &watchdog{cmd: cmd, hold: hold}, nil
}

// release lets the watchdog clean up now, and waits until it has.
func (w *watchdog) release() error {
	if err := errors.Join(w.hold.Close(), w.cmd.Wait()); err != nil {
		return fmt.Errorf("clean up after cluster: %w", err)
	}
	return nil
}
