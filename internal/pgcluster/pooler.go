package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tidemark/internal/toolcache"
)

// Pooler is a pgbouncer in transaction mode before a cluster, configured as its package leaves it: it refuses start-up
// parameters that it does not know, and gives every transaction whatever server session is free.
type Pooler struct {
	port int
	cmd  *exec.Cmd
	hold *os.File // the pooler ends when this pipe does, however we end
}

// poolerConfig is pgbouncer's; what is not said is its default.
const poolerConfig = `[databases]
* = host=%s port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
pool_mode = transaction
auth_type = trust
auth_file = %s
logfile = %s
`

// Pooler starts a pooler before the server. The caller owes it a Close.
func (c *Cluster) Pooler(ctx context.Context) (*Pooler, error) {
	program, libraries, err := findPooler()
	if err != nil {
		return nil, err
	}
	port, reserved, err := freePort()
	if err != nil {
		return nil, err
	}
	defer reserved.close() //nolint:errcheck // it only kept others away until the pooler listens
	name := func(suffix string) string { return filepath.Join(c.dir, fmt.Sprintf("pooler-%d.%s", port, suffix)) }
	config := fmt.Sprintf(poolerConfig, c.dir, c.port, port, name("users"), name("log"))
	if err := errors.Join(c.write(name("ini"), config), c.write(name("users"), `"`+Superuser+`" ""`+"\n")); err != nil {
		return nil, fmt.Errorf("configure pooler: %w", err)
	}
	read, hold, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start pooler: %w", err)
	}
	defer read.Close()
	p := &Pooler{port: port, hold: hold}
	p.cmd = exec.Command("/bin/sh", "-c", `"$0" -q "$1" & read -r _; kill -KILL $!`, program, name("ini"))
	p.cmd.Dir, p.cmd.Stdin, p.cmd.SysProcAttr = c.dir, read, c.as.attr()
	p.cmd.Env = append(environment(), "LD_LIBRARY_PATH="+libraries)
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start pooler: %w", err), hold.Close())
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	err = poll(ctx, func() (bool, error) {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
		if err != nil {
			return false, nil
		}
		return true, conn.Close()
	})
	if err != nil {
		said, _ := os.ReadFile(name("log")) // what it says is help, no more
		return nil, errors.Join(fmt.Errorf("start pooler: %w; its log says:\n%s", err, said), p.Close())
	}
	return p, nil
}

// DSN is how to reach a database through the pooler, as the superuser.
func (p *Pooler) DSN(database string) string {
	host := net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))
	return (&url.URL{Scheme: "postgres", User: url.User(Superuser), Host: host, Path: "/" + database, RawQuery: "sslmode=disable"}).String()
}

// Close ends the pooler.
func (p *Pooler) Close() error {
	if err := p.hold.Close(); err != nil {
		return fmt.Errorf("end pooler: %w", err)
	}
	_ = p.cmd.Wait() // the shell reports the end that it brought about
	return nil
}

// findPooler is the machine's own, or that of `make tools` with the libraries that it needs.
func findPooler() (program, libraries string, err error) {
	for _, at := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if found, err := exec.LookPath(at); err == nil {
			return found, "", nil
		}
	}
	program = filepath.Join(toolcache.Pgbouncer(), "usr/sbin/pgbouncer")
	if _, err := os.Stat(program); err != nil {
		return "", "", errors.New("find pgbouncer: it is not installed; run `make tools`")
	}
	dirs, err := filepath.Glob(filepath.Join(toolcache.Pgbouncer(), "usr/lib/*"))
	return program, strings.Join(dirs, ":"), err
}
