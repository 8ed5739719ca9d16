//go:build !unix

package pgcluster

import (
	"errors"
	"syscall"
)

// account has no use where clusters cannot be started; it lets programs that may start one be built there.
type account struct{ name string }

func serverAccount() (account, error) {
	return account{}, errors.New("choose a user for the server: throw-away clusters need Linux")
}

func (account) own(string) error { return nil }

func (account) attr() *syscall.SysProcAttr { return nil }
