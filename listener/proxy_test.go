package listener

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// proxy stands between a client and the server, as poolers and bad networks do.
type proxy struct {
	listener net.Listener
	server   string
	// swallow drops the notifications that come while the client has not asked for anything, as a pooler in transaction
	// mode does: then the server's connection serves another client. masked gives the client another process id.
	swallow, masked bool
	// keep leaves the server's session as it is when its client goes, as a pooler in session mode without a reset query.
	keep bool
	// refuse closes new connections at once; frozen holds back whatever the server says.
	refuse, frozen atomic.Bool

	mu    sync.Mutex
	conns []net.Conn
	wg    sync.WaitGroup
}

// newProxy stands before the database of cfg, which is changed to lead through the proxy.
func newProxy(t *testing.T, cfg *pgx.ConnConfig, change func(*proxy)) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, server: net.JoinHostPort(cfg.Host, portOf(cfg.Port))}
	change(p)
	cfg.Host, cfg.Port = "127.0.0.1", uint16(listener.Addr().(*net.TCPAddr).Port)
	cfg.Fallbacks = nil
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		p.cut()
		p.wg.Wait()
	})
	return p
}

func portOf(port uint16) string { return strconv.Itoa(int(port)) }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.refuse.Load() {
			client.Close()
			continue
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		asked := new(atomic.Bool)
		p.wg.Go(func() {
			defer client.Close()
			if !p.keep {
				defer server.Close()
			}
			p.forward(client, server, asked)
		})
		p.wg.Go(func() {
			defer client.Close()
			defer server.Close() // by now nothing comes from there any more
			p.answer(client, server, asked)
		})
	}
}

// goodbye is the client's Terminate message.
const goodbye = "X\x00\x00\x00\x04"

// forward passes on what the client asks for.
func (p *proxy) forward(client io.Reader, server io.Writer, asked *atomic.Bool) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil || p.keep && string(buffer[:n]) == goodbye {
			return
		}
		asked.Store(true)
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// answer passes the server's messages on: a type, a length that counts itself, a body.
func (p *proxy) answer(client io.Writer, server io.Reader, asked *atomic.Bool) {
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(server, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(server, body); err != nil {
			return
		}
		switch {
		case p.frozen.Load(), p.swallow && head[0] == 'A' && !asked.Load(): // NotificationResponse
			continue
		case head[0] == 'Z': // ReadyForQuery
			asked.Store(false)
		case p.masked && head[0] == 'K': // BackendKeyData
			binary.BigEndian.PutUint32(body, 4711)
		}
		if _, err := client.Write(append(head, body...)); err != nil {
			return
		}
	}
}

// cut closes every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, c := range p.conns {
		errs = append(errs, c.Close()) // one that has ended already says so
	}
	_ = errors.Join(errs...)
	p.conns = nil
}
