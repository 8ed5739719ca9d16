package pgcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// PowerCut is a power failure in the making: what was on disk for certain at its beginning, and at its end what may be there.
// Between a checkpoint and the next one, a page of a table or index that was written may have reached the disk, or not, or in part;
// of the log, what was flushed has, and what lies behind may have.
type PowerCut struct {
	of   *Cluster
	disk *Cluster // not booted yet; its data directory is the disk
	redo string   // the checkpoint
}

const (
	pageSize    = 8192
	sectorSize  = 512
	walSegment  = 16 << 20
	lastCheckpt = `SELECT redo_lsn::text FROM pg_control_checkpoint()`
)

// BeforePowerCut makes a checkpoint and remembers what is on disk. The cluster must be Durable, and its checkpoints far apart
// (checkpoint_timeout, max_wal_size). The caller owes it a Close.
func (c *Cluster) BeforePowerCut(ctx context.Context) (*PowerCut, error) {
	disk, err := prepare(Options{BinDir: c.binDir, Parent: c.options.Parent, Durable: true, Settings: c.options.Settings})
	if err != nil {
		return nil, fmt.Errorf("prepare power cut: %w", err)
	}
	disk.password = c.password
	p := &PowerCut{of: c, disk: disk}
	if err := c.Exec(ctx, "postgres", "CHECKPOINT"); err != nil {
		return nil, fmt.Errorf("prepare power cut: %w", errors.Join(err, p.Close()))
	}
	if p.redo, err = c.ask(ctx, lastCheckpt); err == nil {
		err = c.copyInto(disk, func(path string) bool { return !strings.HasPrefix(path, "pg_wal") })
	}
	if err != nil {
		return nil, fmt.Errorf("prepare power cut: %w", errors.Join(err, p.Close()))
	}
	return p, nil
}

// Close discards the disk, or the cluster that was booted from it.
func (p *PowerCut) Close() error { return p.disk.Close() }

// Happen cuts the power: the server stands still while its files are copied, and goes on. What comes back is a server that has
// started from what was on disk. The power cut's Close ends it, too.
func (p *PowerCut) Happen(ctx context.Context, r *rand.Rand) (*Cluster, error) {
	if err := p.happen(ctx, r); err != nil {
		return nil, fmt.Errorf("cut power: %w", err)
	}
	return p.disk, nil
}

func (p *PowerCut) happen(ctx context.Context, r *rand.Rand) error {
	flushed, err := p.of.ask(ctx, `SELECT (pg_current_wal_flush_lsn() - '0/0')::text`)
	if err != nil {
		return err
	}
	thaw, err := p.of.freeze(ctx)
	if err != nil {
		return err
	}
	err = errors.Join(p.lose(r), thaw())
	if err != nil {
		return err
	}
	redo, err := p.of.ask(ctx, lastCheckpt)
	if err != nil {
		return err
	}
	if redo != p.redo {
		return fmt.Errorf("there was a checkpoint in between, at %s: more had reached the disk than was kept", redo)
	}
	if err := p.tearLog(flushed, r); err != nil {
		return err
	}
	return p.disk.bootAnywhere(ctx)
}

// lose copies the files as they are, but leaves pages of relations as they were, or mixes both.
func (p *PowerCut) lose(r *rand.Rand) error {
	return filepath.WalkDir(p.of.DataDir(), func(from string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err := filepath.Rel(p.of.DataDir(), from)
		if err != nil || path == "." || notCopied[entry.Name()] {
			return err
		}
		to := filepath.Join(p.disk.DataDir(), path)
		if entry.IsDir() {
			return errors.Join(os.MkdirAll(to, 0o700), p.disk.as.own(to))
		}
		content, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if strings.HasPrefix(path, "base/") {
			before, err := os.ReadFile(to)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			tear(content, before, r)
		}
		return errors.Join(os.WriteFile(to, content, 0o600), p.disk.as.own(to))
	})
}

// tear puts pages, or sectors of them, back to what they were before.
func tear(content, before []byte, r *rand.Rand) {
	for at := 0; at+pageSize <= min(len(content), len(before)); at += pageSize {
		now, was := content[at:at+pageSize], before[at:at+pageSize]
		if bytes.Equal(now, was) {
			continue
		}
		switch r.IntN(3) {
		case 0:
			copy(now, was)
		case 1:
			for s := 0; s < pageSize; s += sectorSize {
				if r.IntN(2) == 0 {
					copy(now[s:s+sectorSize], was[s:s+sectorSize])
				}
			}
		}
	}
}

// tearLog makes the log end somewhere behind what was flushed.
func (p *PowerCut) tearLog(flushed string, r *rand.Rand) error {
	end, err := strconv.ParseInt(flushed, 10, 64)
	if err != nil {
		return err
	}
	if r.IntN(3) == 0 {
		end += r.Int64N(4 * pageSize)
	}
	names, err := filepath.Glob(filepath.Join(p.disk.DataDir(), "pg_wal", strings.Repeat("[0-9A-F]", 24)))
	if err != nil {
		return err
	}
	for _, name := range names {
		high, low := filepath.Base(name)[8:16], filepath.Base(name)[16:]
		h, err := strconv.ParseInt(high, 16, 64)
		if err != nil {
			return err
		}
		l, err := strconv.ParseInt(low, 16, 64)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		keep := min(max(end-(h<<32+l*walSegment), 0), int64(len(content)))
		clear(content[keep:])
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// freeze stops every process of the server, the postmaster first, so that it starts no more of them.
func (c *Cluster) freeze(ctx context.Context) (thaw func() error, err error) {
	master := c.Pid()
	pids := []int{master}
	thaw = func() error {
		var errs []error
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
	if err := stop(ctx, master); err != nil {
		return nil, errors.Join(err, thaw())
	}
	others, err := serversIn(c.DataDir())
	for _, pid := range others {
		if err == nil && pid != master {
			pids = append(pids, pid)
			err = stop(ctx, pid)
		}
	}
	if err != nil {
		return nil, errors.Join(err, thaw())
	}
	return thaw, nil
}

// stop sends SIGSTOP and waits until the process stands still.
func stop(ctx context.Context, pid int) error {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return nil
		}
		return err
	}
	return poll(ctx, func() (bool, error) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return true, nil // it has ended
		}
		_, after, _ := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(") "))
		return len(after) > 0 && bytes.IndexByte([]byte("TZX"), after[0]) >= 0, nil
	})
}

// ask reads one text.
func (c *Cluster) ask(ctx context.Context, query string) (text string, err error) {
	conn, err := pgx.Connect(ctx, c.SocketDSN("postgres"))
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = conn.QueryRow(ctx, query).Scan(&text)
	return text, err
}
