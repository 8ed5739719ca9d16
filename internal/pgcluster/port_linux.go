package pgcluster

import (
	"errors"
	"os"
	"syscall"
)

// reservation keeps a port of 127.0.0.1 for a server that may be down for a while, from other test processes that look for
// one. It is a socket that is bound and never listens: the kernel lets servers that set SO_REUSEADDR bind the port beside
// it, as PostgreSQL and pgbouncer do, and refuses reserve, which looks before it sets the option. It ends with the process.
type reservation struct{ fd int }

func reserve(port int) (*reservation, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	r := &reservation{fd: fd}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, errors.Join(os.NewSyscallError("bind", err), r.close())
	}
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return nil, errors.Join(os.NewSyscallError("setsockopt", err), r.close())
	}
	return r, nil
}

// close gives the port back. A nil reservation has none.
func (r *reservation) close() error {
	if r == nil || r.fd < 0 {
		return nil
	}
	fd := r.fd
	r.fd = -1
	return os.NewSyscallError("close", syscall.Close(fd))
}
