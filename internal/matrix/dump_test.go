package matrix

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tidemark/db"
	"tidemark/drain"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgcluster"
	"tidemark/internal/pgtest"
	"tidemark/triggers"
)

// Dumps are made of the oldest version supported, whose pg_dump every test machine has, and restored into the version under test.
func TestDumpAndRestore(t *testing.T) {
	old, target := pgtest.Shared(t, pgtest.OnMajor(pgcluster.DefaultMajor)), pgtest.Shared(t)
	source := enginetest.OpenPostgres(t, old, fleet)
	source.Exec(t, dated(oneA), `DELETE FROM blobs WHERE blob_id = '3'`) // whose marks are dumped, too
	want := source.CheckG2(t).Expected
	dir := t.TempDir()
	dump := func(args ...string) string {
		t.Helper()
		path := filepath.Join(dir, "dump")
		tool(t, "pg_dump", append(args, "--file="+path, source.DSN)...)
		return path
	}
	settled := func(t *testing.T, e *enginetest.Engine) {
		t.Helper()
		same(t, want, e.CheckG3(t).Expected)
	}

	t.Run("full", func(t *testing.T) {
		path := dump("--format=custom", "--no-privileges")
		dsns := map[string]string{"the version under test": target.NewDatabase(t), "the cluster that it is of": old.NewDatabase(t)}
		if target.Major() == old.Major() {
			dsns["another cluster"] = pgtest.Start(t).NewDatabase(t)
		}
		for name, dsn := range dsns {
			t.Run("into "+name, func(t *testing.T) {
				tool(t, "pg_restore", "--exit-on-error", "--dbname="+dsn, path)
				e := enginetest.Attach(t, dsn)
				e.CheckG2(t) // what was dumped is one snapshot
				mended(t, e)
				settled(t, e)
				e.Foreign(t, dated(oneB), `SET session_replication_role = replica`, `DELETE FROM records WHERE stream = 't'`)
				if got := e.CheckG2(t).Dirty(); len(got) != 2 {
					t.Errorf("after the restore %v are dirty, want a and b", got)
				}
				e.CheckG3(t)
			})
		}
	})
	t.Run("data only", func(t *testing.T) {
		path := dump("--data-only", "--schema=public")
		e := enginetest.OpenPostgres(t, target, enginetest.Fixture{})
		script(t, e, path)
		if got := e.CheckG2(t).Dirty(); len(got) != 4 {
			t.Errorf("%v are dirty, want all four", got)
		}
		settled(t, e)
	})
	t.Run("data only, as inserts, of what is there", func(t *testing.T) {
		path := dump("--data-only", "--schema=public", "--rows-per-insert=3", "--on-conflict-do-nothing")
		e := enginetest.OpenPostgres(t, target, fleet)
		e.Exec(t, dated(oneA), `DELETE FROM blobs WHERE blob_id = '3'`)
		w := watching(t, e)
		script(t, e, path)
		w.letGo()
		w.wrote(shape{unsafe: true})
		settled(t, e)
	})
	t.Run("data only, with triggers disabled", func(t *testing.T) {
		path := dump("--data-only", "--schema=public", "--disable-triggers")
		e := enginetest.OpenPostgres(t, target, enginetest.Fixture{})
		script(t, e, path)
		if n := e.Marks(t); n != 0 {
			t.Errorf("%d marks: the triggers were not disabled, and this proves nothing", n)
		}
		found, err := triggers.Inventory(t.Context(), e.Keeper.(*db.DB).Pool())
		if err != nil {
			t.Fatal(err)
		}
		demoted := map[string]bool{}
		for _, f := range found {
			demoted[f.Table] = true
		}
		for _, table := range enginetest.Tables {
			if !demoted[table] {
				t.Errorf("nobody notices that the triggers of %s were off", table)
			}
		}
		mended(t, e)
		settled(t, e)
		e.Foreign(t, dated(oneB), `SET session_replication_role = replica`, `DELETE FROM records WHERE stream = 't'`)
		if got := e.CheckG2(t).Dirty(); len(got) != 2 {
			t.Errorf("after the mend %v are dirty, want a and b", got)
		}
		e.CheckG3(t)
	})
}

// mended does what a server does at its start and every few seconds: migrate, install what differs, recount what is not trusted, and
// trust it again.
func mended(t *testing.T, e *enginetest.Engine) {
	t.Helper()
	d := e.Keeper.(*db.DB)
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := d.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // given up either way
	if _, err := triggers.Install(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	states, err := d.Capture(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var lost []drain.CaptureState
	for _, s := range states {
		if !s.Trusted {
			lost = append(lost, s)
		}
	}
	if len(lost) == 0 {
		return
	}
	if _, err := d.Rebuild(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Trust(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
}

// tool runs a program of PostgreSQL's client package.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	bin, err := pgcluster.FindBin(pgcluster.DefaultMajor)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(bin, name)
	if _, err := os.Stat(path); err != nil {
		if path, err = exec.LookPath(name); err != nil {
			t.Fatalf("%s is not installed: Debian's postgresql-client-%d has it", name, pgcluster.DefaultMajor)
		}
	}
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// script runs a dump in psql. Settings that a newer or older server does not know are left out, as whoever restores would.
func script(t *testing.T, e *enginetest.Engine, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("transaction_timeout")) {
		text = bytes.ReplaceAll(text, []byte("SET transaction_timeout = 0;\n"), nil)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.RunFile(t.Context(), path); err != nil {
		t.Fatal(err)
	}
}
