// Package toolcache says where `make tools` keeps what tests need and the repository must not hold: PostgreSQL
// servers of other versions and real input files.
package toolcache

import (
	"os"
	"path/filepath"
)

// Env names the environment variable that overrides the directory.
const Env = "TIDEMARK_TOOLS"

// forRoot is used by root instead of a home directory: the servers that tests start run as another user, who
// cannot enter /root.
const forRoot = "/var/cache/tidemark"

// Dir returns the cache directory; scripts/lib.sh computes the same one. It need not exist.
func Dir() string {
	if dir := os.Getenv(Env); dir != "" {
		return dir
	}
	if os.Geteuid() == 0 {
		return forRoot
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, ".cache", "tidemark")
}

// PostgresBin returns where `make tools` puts the server programs of one major version.
func PostgresBin(major string) string {
	return filepath.Join(Dir(), "postgresql", major, "bin")
}

// Pgbouncer returns where `make tools` unpacks Debian's package of the pooler.
func Pgbouncer() string { return filepath.Join(Dir(), "pgbouncer") }
