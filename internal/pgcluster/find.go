package pgcluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"tidemark/internal/toolcache"
)

// EnvBin names the environment variable that points at the server programs to use, whatever else is installed.
const EnvBin = "TIDEMARK_TEST_PG_BIN"

// ErrNoServer is wrapped by FindBin's error where no server programs of the version are on this machine.
var ErrNoServer = errors.New("no PostgreSQL server programs found; run `make tools`")

// FindBin returns the directory of initdb and postgres of one major version: the one that TIDEMARK_TEST_PG_BIN names
// (it must be of that version), else the one on the PATH, Debian's, or the one that `make tools` fetched.
func FindBin(major int) (string, error) {
	if dir := os.Getenv(EnvBin); dir != "" {
		found, err := majorOf(dir)
		if err != nil {
			return "", fmt.Errorf("read %s: %w", EnvBin, err)
		}
		if found != major {
			return "", fmt.Errorf("read %s: %s holds PostgreSQL %d, want %d", EnvBin, dir, found, major)
		}
		return dir, nil
	}
	var looked []string
	for _, dir := range candidates(major) {
		if found, err := majorOf(dir); err == nil && found == major {
			return dir, nil
		}
		looked = append(looked, dir)
	}
	return "", fmt.Errorf("find PostgreSQL %d in %s: %w", major, strings.Join(looked, ", "), ErrNoServer)
}

// candidates lists where the programs of a version may be. A link on the PATH is followed, because the programs beside
// the real initdb are wanted, not those beside the link.
func candidates(major int) []string {
	version := strconv.Itoa(major)
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	return append(dirs, filepath.Join("/usr/lib/postgresql", version, "bin"), toolcache.PostgresBin(version))
}

// majorOf asks the server program in dir for its version: "postgres (PostgreSQL) 15.18 (Debian …)".
func majorOf(dir string) (int, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0, err
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("ask version of %s: %w", dir, err)
	}
	_, version, _ := strings.Cut(string(out), "(PostgreSQL) ")
	digits := version
	if end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = version[:end]
	}
	major, err := strconv.Atoi(digits)
	if err != nil {
		return 0, fmt.Errorf("read version of %s: unexpected %q", dir, strings.TrimSpace(string(out)))
	}
	return major, nil
}
