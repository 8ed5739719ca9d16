// Package pgcluster starts real, throw-away PostgreSQL clusters: for tests (through package pgtest) and for `tidemark
// bench`. A cluster is a directory with a data directory, a Unix socket and a log, a server process, and a watchdog
// process that ends the server and removes the directory when the owner closes the cluster or dies, by kill -9 too.
//
// It needs Linux: what belongs to a server is read from /proc.
package pgcluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
)

// Superuser is the role that owns every cluster.
const Superuser = "postgres"

// Cluster is one PostgreSQL server with its data. Its methods may be called from several goroutines.
type Cluster struct {
	dir      string
	binDir   string
	major    int
	port     int
	reserved *reservation // of the port, while the server is up and while it is down
	password string
	as       account
	watchdog *watchdog
	options  Options

	mu     sync.Mutex
	server *exec.Cmd // nil while the server is down
	closed bool
}

// Start makes a cluster and starts its server. The caller owes it a Close.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	c, err := prepare(o)
	if err != nil {
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	if err = c.initialize(ctx); err == nil {
		err = c.bootAnywhere(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("start cluster: %w", errors.Join(err, c.Close()))
	}
	return c, nil
}

// prepare makes the directory and its watchdog, before anything is there that would have to be cleaned up.
func prepare(o Options) (*Cluster, error) {
	as, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if o.Major == 0 {
		o.Major = DefaultMajor
	}
	if o.BinDir == "" {
		if o.BinDir, err = FindBin(o.Major); err != nil {
			return nil, err
		}
	}
	if o.Major, err = majorOf(o.BinDir); err != nil {
		return nil, err
	}
	if err := as.reaches(o.BinDir); err != nil {
		return nil, err
	}
	dir, err := newDir(o.Parent, as)
	if err != nil {
		return nil, err
	}
	dog, err := startWatchdog(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Cluster{dir: dir, binDir: o.BinDir, major: o.Major, password: rand.Text(), as: as, watchdog: dog, options: o}, nil
}

// Close ends the server at once and removes everything of the cluster. It may be called again.
func (c *Cluster) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	errs := []error{c.end(context.Background(), immediate), c.reserved.close(), c.watchdog.release()}
	if _, err := os.Lstat(c.dir); !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, fmt.Errorf("remove cluster: %s is still there", c.dir))
	}
	return errors.Join(errs...)
}

// DSN is how to reach a database over TCP as the superuser.
func (c *Cluster) DSN(database string) string {
	return c.url(url.UserPassword(Superuser, c.password), database)
}

// DSNAs is how another role, which needs no password, reaches a database over TCP.
func (c *Cluster) DSNAs(role, database string) string {
	return c.url(url.User(role), database)
}

// SocketDSN is how to reach a database over the Unix socket as the superuser.
func (c *Cluster) SocketDSN(database string) string {
	query := url.Values{"host": {c.dir}, "port": {strconv.Itoa(c.port)}, "user": {Superuser}}
	return (&url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: query.Encode()}).String()
}

func (c *Cluster) url(user *url.Userinfo, database string) string {
	host := "127.0.0.1:" + strconv.Itoa(c.port)
	return (&url.URL{Scheme: "postgres", User: user, Host: host, Path: "/" + database, RawQuery: "sslmode=disable"}).String()
}

// Port is the TCP port on 127.0.0.1; it stays the same over a restart.
func (c *Cluster) Port() int { return c.port }

// Major is the server's major version.
func (c *Cluster) Major() int { return c.major }

// BinDir is where the server's programs are; only initdb, pg_ctl and postgres are always there.
func (c *Cluster) BinDir() string { return c.binDir }

// DataDir is the data directory.
func (c *Cluster) DataDir() string { return filepath.Join(c.dir, "data") }

// LogFile is what the server has logged since the cluster was made.
func (c *Cluster) LogFile() string { return filepath.Join(c.dir, "server.log") }
