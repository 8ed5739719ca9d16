package pgcluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DefaultMajor is the PostgreSQL version used when nothing else is asked for: the oldest one supported.
const DefaultMajor = 15

// Options describe a cluster. The zero value is a fast, volatile cluster of DefaultMajor.
type Options struct {
	// Major is the PostgreSQL major version to look for with FindBin; 0 is DefaultMajor.
	Major int
	// BinDir is where initdb and postgres are; it overrides Major and the search.
	BinDir string
	// Parent is where the cluster's directory is made; "" is a temporary directory that the server can reach.
	Parent string
	// Durable leaves fsync and full_page_writes on, as a real server has them. Without it a killed server still
	// recovers everything (the kernel keeps what was written); only a killed kernel would lose data.
	Durable bool
	// Address is an IPv4 address of this machine to listen on besides 127.0.0.1; roles that need no password there need none
	// from its neighbours (/24).
	Address string
	// Settings are lines of postgresql.conf, unquoted. They win over everything that this package sets, but for the
	// address, port and socket directory.
	Settings map[string]string
}

// config renders the settings as lines to append to postgresql.conf.
func (o Options) config() string {
	settings := map[string]string{
		"timezone":        "UTC",
		"log_timezone":    "UTC",
		"log_line_prefix": "%m [%p] %d ",
		// With the default, posix, a server that was killed and never started again leaves files in /dev/shm.
		"dynamic_shared_memory_type": "mmap",
	}
	if !o.Durable {
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
	}
	maps.Copy(settings, o.Settings)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	return b.String()
}

// addresses are those to listen on.
func (o Options) addresses() string {
	if o.Address == "" {
		return "127.0.0.1"
	}
	return "127.0.0.1," + o.Address
}

// access is the content of pg_hba.conf.
func (o Options) access() string {
	if o.Address == "" {
		return accessRules
	}
	return accessRules + fmt.Sprintf("host all %[1]s %[2]s/24 scram-sha-256\nhost all all %[2]s/24 trust\n", Superuser, o.Address)
}
