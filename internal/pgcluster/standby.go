package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Standby makes a physical replica of the running server: a cluster of its own that streams from it and answers
// read-only queries. Its settings are the primary's. It is copied by hand between pg_backup_start and pg_backup_stop,
// because pg_basebackup does not come with every set of server programs that tests use.
func (c *Cluster) Standby(ctx context.Context) (*Cluster, error) {
	s, err := prepare(Options{BinDir: c.binDir, Parent: c.options.Parent, Durable: c.options.Durable})
	if err != nil {
		return nil, fmt.Errorf("make standby: %w", err)
	}
	s.password = c.password
	if err = c.backup(ctx, s); err == nil {
		err = s.bootAnywhere(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("make standby: %w", errors.Join(err, s.Close()))
	}
	return s, nil
}

// Promote makes a standby a primary, and returns when it accepts writes.
func (c *Cluster) Promote(ctx context.Context) error {
	if err := c.Exec(ctx, "postgres", "SELECT pg_promote(wait => true, wait_seconds => 60)"); err != nil {
		return fmt.Errorf("promote standby: %w", err)
	}
	return nil
}

// backup copies the data directory into s while the server runs, and tells s to stream from here.
func (c *Cluster) backup(ctx context.Context, s *Cluster) (err error) {
	conn, err := pgx.Connect(ctx, c.SocketDSN("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "SELECT pg_backup_start('standby', true)"); err != nil {
		return err
	}
	// The log comes last, when all that the copy needs has been written to it.
	isLog := func(path string) bool { return strings.HasPrefix(path, "pg_wal") }
	if err := c.copyInto(s, func(path string) bool { return !isLog(path) }); err != nil {
		return err
	}
	var label string
	if err := conn.QueryRow(ctx, "SELECT labelfile FROM pg_backup_stop(false)").Scan(&label); err != nil {
		return err
	}
	if err := c.copyInto(s, isLog); err != nil {
		return err
	}
	source := fmt.Sprintf("primary_conninfo = 'host=%s port=%d user=%s'\n", c.dir, c.port, Superuser)
	return errors.Join(
		s.write(filepath.Join(s.DataDir(), "backup_label"), label),
		s.write(filepath.Join(s.DataDir(), "standby.signal"), ""),
		s.write(filepath.Join(s.DataDir(), "postgresql.auto.conf"), source))
}

// notCopied are of the running server, not of its data.
var notCopied = map[string]bool{"postmaster.pid": true, "postmaster.opts": true, "pg_internal.init": true}

// copyInto copies the files and directories of the data directory that are wanted. Files vanish under a running server:
// the log of what happened to them is copied too, so they are not missed.
func (c *Cluster) copyInto(s *Cluster, wanted func(path string) bool) error {
	return filepath.WalkDir(c.DataDir(), func(from string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		path, err := filepath.Rel(c.DataDir(), from)
		if err != nil || path != "." && (!wanted(path) || notCopied[entry.Name()]) {
			return err
		}
		to := filepath.Join(s.DataDir(), path)
		if entry.IsDir() {
			return errors.Join(os.MkdirAll(to, 0o700), s.as.own(to))
		}
		if err := copyFile(from, to); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, s.as.own(to))
		}
		return nil
	})
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
