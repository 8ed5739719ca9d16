package servers

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tidemark/internal/programtest"
)

// network is a way to the database that can be cut so that packets vanish without a reset. For root it is a network namespace
// behind a bridge, whose port is taken down; for others, who may not make one, a proxy that stops to forward and keeps its
// sockets.
type network struct {
	prefix  []string // words before a command that is to run behind it
	address string   // of the host, seen from there; "" for the proxy
	port    string   // the host's end of the wire
	proxy   *dropper
}

// namespaces numbers those of this process.
var namespaces atomic.Int64

func newNetwork(t *testing.T) *network {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Log("not root: the network is a proxy that drops, not a namespace")
		return &network{}
	}
	tag := fmt.Sprintf("%d-%d", os.Getpid(), namespaces.Add(1)) // names of devices have 15 characters at most
	bridge, host, inside, space := "tb"+tag, "th"+tag, "ti"+tag, "tidemark-"+tag
	subnet := fmt.Sprintf("10.%d.%d.", 64+os.Getpid()/256%64, os.Getpid()%256)
	n := &network{prefix: []string{"ip", "netns", "exec", space}, address: subnet + "1", port: host}
	t.Cleanup(func() {
		for _, c := range []string{"netns delete " + space, "link delete " + bridge} {
			if out, err := ip(c); err != nil {
				t.Errorf("ip %s: %v: %s", c, err, out)
			}
		}
	})
	for _, c := range []string{
		"netns add " + space, "link add " + bridge + " type bridge",
		"link add " + host + " type veth peer name " + inside + " netns " + space,
		"link set " + host + " master " + bridge,
		"address add " + subnet + "1/24 dev " + bridge, "link set " + bridge + " up", "link set " + host + " up",
		"-n " + space + " address add " + subnet + "2/24 dev " + inside,
		"-n " + space + " link set " + inside + " up", "-n " + space + " link set lo up",
	} {
		if out, err := ip(c); err != nil {
			t.Fatalf("ip %s: %v: %s\nTo run this test as root, install iproute2, and allow network namespaces; others get a proxy.", c, err, out)
		}
	}
	return n
}

func ip(words string) ([]byte, error) {
	return exec.Command("ip", strings.Fields(words)...).CombinedOutput()
}

// lead changes a DSN so that it leads over the network, from 127.0.0.1 and a port.
func (n *network) lead(t *testing.T, dsn string) string {
	t.Helper()
	if n.address != "" {
		return strings.Replace(dsn, "127.0.0.1", n.address, 1)
	}
	_, rest, _ := strings.Cut(dsn, "@")
	server, _, _ := strings.Cut(rest, "/")
	n.proxy = newDropper(t, server)
	return strings.Replace(dsn, server, n.proxy.listener.Addr().String(), 1)
}

// serve starts a server behind the network.
func (n *network) serve(t *testing.T, name, dsn string) *server {
	t.Helper()
	cmd := programtest.ServeCommand(t, dsn)
	if len(n.prefix) > 0 {
		behind := exec.Command(n.prefix[0], append(n.prefix[1:], cmd.Args...)...)
		behind.Env = cmd.Env
		cmd = behind
	}
	return &server{programtest.Listening(t, cmd), name}
}

// cut makes packets vanish; join lets them pass again.
func (n *network) cut(t *testing.T)  { t.Helper(); n.set(t, "down") }
func (n *network) join(t *testing.T) { t.Helper(); n.set(t, "up") }

func (n *network) set(t *testing.T, state string) {
	t.Helper()
	if n.proxy != nil {
		n.proxy.drops.Store(state == "down")
		return
	}
	if out, err := ip("link set " + n.port + " " + state); err != nil {
		t.Fatalf("set the port %s: %v: %s", state, err, out)
	}
}

// dropper is a TCP proxy that can swallow what it is given.
type dropper struct {
	listener net.Listener
	drops    atomic.Bool
	wg       sync.WaitGroup
	mu       sync.Mutex
	conns    []net.Conn
}

func newDropper(t *testing.T, server string) *dropper {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &dropper{listener: listener}
	d.wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			d.mu.Lock()
			d.conns = append(d.conns, client, server)
			d.mu.Unlock()
			d.wg.Go(func() { d.pass(client, server) })
			d.wg.Go(func() { d.pass(server, client) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		d.mu.Lock()
		for _, c := range d.conns {
			c.Close()
		}
		d.mu.Unlock()
		d.wg.Wait()
	})
	return d
}

// pass forwards, or swallows, until an end closes; while it swallows, the other end is not told.
func (d *dropper) pass(to io.WriteCloser, from io.ReadCloser) {
	buffer := make([]byte, 1<<15)
	for {
		n, err := from.Read(buffer)
		if d.drops.Load() {
			if err != nil {
				return
			}
			continue
		}
		if err == nil {
			_, err = to.Write(buffer[:n])
		}
		if err != nil {
			to.Close()
			from.Close()
			return
		}
	}
}
