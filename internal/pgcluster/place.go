package pgcluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// namePrefix starts the name of every cluster's directory; the watchdog removes no other.
const namePrefix = "tidemark-pg-"

// longestSocket is what fits into a Unix socket address, less the file's own name ("/.s.PGSQL.65535").
const longestSocket = 107 - 16

// newDir makes the directory that holds everything of a cluster, owned by the account.
func newDir(parent string, as account) (string, error) {
	parents := []string{parent}
	if parent == "" {
		parents = []string{os.TempDir(), "/tmp", "/var/tmp"}
	}
	var errs []error
	for _, parent := range parents {
		dir, err := tryDir(parent, as)
		if err == nil {
			return dir, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("make cluster directory: %w", errors.Join(errs...))
}

func tryDir(parent string, as account) (string, error) {
	// /proc shows where processes really are, so the name must hold no links.
	parent, err := filepath.Abs(parent)
	if err == nil {
		parent, err = filepath.EvalSymlinks(parent)
	}
	if err == nil {
		err = as.reaches(parent)
	}
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(parent, namePrefix)
	if err != nil {
		return "", err
	}
	if len(dir) > longestSocket {
		err = fmt.Errorf("%s is too long for a Unix socket", dir)
	} else {
		err = as.own(dir)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return dir, nil
}

// reaches says whether the account can enter dir: another user than ours needs every directory above to be open.
func (a account) reaches(dir string) error {
	if a.name == "" {
		return nil
	}
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("user %s, who runs the server, cannot enter %s", a.name, at)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// environment is what the server's programs get of ours: a PGDATA or PGOPTIONS of the caller's must not reach a
// throw-away cluster, and messages must not depend on the caller's language.
func environment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PG") && !strings.HasPrefix(entry, "LC_") && !strings.HasPrefix(entry, "LANG") {
			kept = append(kept, entry)
		}
	}
	return append(kept, "LC_ALL=C")
}
