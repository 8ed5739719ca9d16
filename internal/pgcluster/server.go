package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// readyWithin bounds a start, with the recovery after a crash.
	readyWithin = 2 * time.Minute
	// endsWithin is the patience with a server that was told to end, and with children whose postmaster was killed;
	// what is still there afterwards is killed.
	endsWithin = 10 * time.Second
)

// The ways to end a server, as PostgreSQL defines them.
var (
	fast      os.Signal = syscall.SIGINT
	immediate os.Signal = syscall.SIGQUIT
	crash     os.Signal = os.Kill
)

// errPortTaken is why another port is worth a try.
var errPortTaken = errors.New("port is taken")

// Stop shuts the server down in good order; Restart starts it again.
func (c *Cluster) Stop(ctx context.Context) error { return c.locked(ctx, fast) }

// Kill kills the postmaster as kill -9 does, and returns when all its children have gone. Restart then recovers.
func (c *Cluster) Kill(ctx context.Context) error { return c.locked(ctx, crash) }

func (c *Cluster) locked(ctx context.Context, signal os.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end(ctx, signal)
}

// Restart starts the server, on the same port, after stopping it if it runs. It returns when connections are accepted.
func (c *Cluster) Restart(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errors.New("restart server: cluster is closed")
	}
	if err := c.end(ctx, fast); err != nil {
		return err
	}
	return c.boot(ctx)
}

// Pid is the postmaster's process id, or 0 while the server is down.
func (c *Cluster) Pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return 0
	}
	return c.server.Process.Pid
}

// bootAnywhere starts the server on a free port. A process that does not know of reservations may take it before us.
func (c *Cluster) bootAnywhere(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 10 {
		port, reserved, err := freePort()
		if err != nil {
			return err
		}
		c.port, c.reserved = port, reserved
		if err := c.boot(ctx); !errors.Is(err, errPortTaken) {
			return err
		}
		if err := reserved.close(); err != nil {
			return fmt.Errorf("start server: %w", err)
		}
	}
	return fmt.Errorf("start server: %w, ten times", errPortTaken)
}

// boot starts the server and waits until it accepts connections.
func (c *Cluster) boot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	log, err := os.OpenFile(c.LogFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	defer log.Close()
	info, err := log.Stat()
	if err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	cmd := exec.Command(filepath.Join(c.binDir, "postgres"), "-D", c.DataDir(), "-p", strconv.Itoa(c.port),
		"-c", "listen_addresses="+c.options.addresses(), "-c", "unix_socket_directories="+c.dir)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = c.dir, environment(), c.as.attr()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	c.server = cmd
	err = poll(ctx, func() (bool, error) {
		if ended(cmd.Process.Pid) {
			return true, errors.New("it ended")
		}
		return c.ready(cmd.Process.Pid), nil
	})
	if err == nil {
		return nil
	}
	said := c.logFrom(info.Size())
	if strings.Contains(said, "Address already in use") {
		err = errPortTaken
	}
	return errors.Join(fmt.Errorf("start server: %w; its log says:\n%s", err, said), c.end(context.Background(), immediate))
}

// ready reads the eighth line of the pid file, as pg_ctl does; a file that a killed server left names another process.
func (c *Cluster) ready(pid int) bool {
	content, err := os.ReadFile(filepath.Join(c.DataDir(), "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(content), "\n")
	return len(lines) > 7 && lines[0] == strconv.Itoa(pid) && strings.TrimSpace(lines[7]) == "ready"
}

// end ends the server, if it runs, and waits until nothing of it is left. A server that does not end is killed.
func (c *Cluster) end(ctx context.Context, signal os.Signal) error {
	if c.server == nil {
		return nil
	}
	process := c.server.Process
	// It may have ended by itself: then there is nobody to tell.
	if err := process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end server: %w", err)
	}
	patience, cancel := context.WithTimeout(ctx, endsWithin)
	defer cancel()
	if err := poll(patience, func() (bool, error) { return ended(process.Pid), nil }); err != nil {
		if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("end server: %w", err)
		}
	}
	// How it ended was up to us: its exit status is no news.
	_ = c.server.Wait()
	c.server = nil
	if err := awaitGone(ctx, c.DataDir(), endsWithin); err != nil {
		return fmt.Errorf("wait for the server's children: %w", err)
	}
	return nil
}

// logFrom is what the server has logged from an offset on.
func (c *Cluster) logFrom(offset int64) string {
	content, err := os.ReadFile(c.LogFile())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(content[min(offset, int64(len(content))):]))
}

// LogTail is the last part of what the server has logged.
func (c *Cluster) LogTail() string {
	const enough = 4000
	said := c.logFrom(0)
	return said[max(0, len(said)-enough):]
}
