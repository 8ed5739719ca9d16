package pgtest

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// databases numbers the databases of this process, so that no two have one name.
var databases atomic.Int64

// longestName is what PostgreSQL keeps of a name.
const longestName = 63

// NewDatabase returns the DSN of an empty database on the shared cluster; it is dropped when the test is over.
func NewDatabase(t testing.TB) string {
	t.Helper()
	return Shared(t).NewDatabase(t)
}

// NewDatabase returns the DSN of an empty database, dropped with all its sessions when the test is over.
func (c *Cluster) NewDatabase(t testing.TB) string {
	t.Helper()
	return c.NewDatabaseFrom(t, "")
}

// NewDatabaseFrom returns the DSN of a copy of a database, which is given by its name or DSN and to which nobody may be
// connected. A copy takes about 30 ms, whatever was done to make the original.
func (c *Cluster) NewDatabaseFrom(t testing.TB, template string) string {
	t.Helper()
	name := databaseName(t.Name())
	check(t, c.CreateDatabase(t.Context(), name, nameIn(template)))
	t.Cleanup(func() {
		if c.Pid() == 0 {
			return // the test has ended the server; the directory goes too
		}
		switch err := c.DropDatabase(alive(t), name); {
		case err == nil:
		case t.Failed():
			t.Log(err) // a test that broke off may have left a prepared transaction
		default:
			t.Error(err)
		}
	})
	return c.DSN(name)
}

// templates holds a mutex and the outcome for every template, so that two tests never build one at the same time.
var templates sync.Map

type template struct {
	sync.Mutex
	built bool
}

// Template returns the name of a database to copy with NewDatabaseFrom. The first test that asks for it builds it, and
// must leave no connection open; it lives as long as the cluster.
func (c *Cluster) Template(t testing.TB, name string, build func(dsn string) error) string {
	t.Helper()
	database := "template_" + name
	found, _ := templates.LoadOrStore(c.DataDir()+"/"+database, new(template))
	made := found.(*template)
	made.Lock()
	defer made.Unlock()
	if made.built {
		return database
	}
	// What a failed attempt has left is of no use.
	check(t, c.DropDatabase(t.Context(), database))
	check(t, c.CreateDatabase(t.Context(), database, ""))
	if err := build(c.DSN(database)); err != nil {
		t.Fatalf("build template %s: %v", name, err)
	}
	made.built = true
	return database
}

// databaseName makes a name that tells which test it belongs to.
func databaseName(test string) string {
	name := fmt.Sprintf("t%d_%s", databases.Add(1), strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '_'
		}
	}, test))
	return name[:min(len(name), longestName)]
}

// nameIn takes the database's name out of a DSN; a name it leaves alone.
func nameIn(dsn string) string {
	if !strings.Contains(dsn, "://") {
		return dsn
	}
	parsed, err := url.Parse(dsn)
	if err != nil {
		return dsn
	}
	return strings.TrimPrefix(parsed.Path, "/")
}
