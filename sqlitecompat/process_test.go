package sqlitecompat

import (
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestMigrateTogether has several processes create the schema of one file at the same moment.
func TestMigrateTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	var children []*child
	for range 4 {
		children = append(children, spawn(t, "migrate", path))
	}
	for _, c := range children {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	db := reopen(t, path)
	if err := db.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
	if found, err := db.Inventory(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("inventory: %v %v", found, err)
	}
}

// TestTwoProcesses writes and drains in three processes, and in the sqlite3 shell, at once.
func TestTwoProcesses(t *testing.T) {
	f := stocked(t)
	children := []*child{spawn(t, "write", f.path), spawn(t, "write", f.path)}
	shells := make(chan error)
	go func() {
		var err error
		for range 20 {
			var out string
			out, e := sqliteShell(f.path, `BEGIN IMMEDIATE; INSERT OR REPLACE `+records("c2", "shell", "a={}@01", "b=[1]@02")+`; DELETE FROM records WHERE stream = 'shell' AND record_key = 'a'; COMMIT;`)
			if e != nil {
				err = errors.Join(err, e, errors.New(out))
			}
		}
		shells <- err
	}()
	for range 40 {
		f.must(t, `INSERT OR REPLACE `+records("c1", "orders", "x={}@05"), `DELETE FROM records WHERE connector_instance_id = 'c1' AND record_key = 'x'`)
		if _, err := f.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		f.check(t)
	}
	if err := <-shells; err != nil {
		t.Error(err)
	}
	for _, c := range children {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	f.settle(t)
	if got := f.query(t, `SELECT total_records || '' FROM connector_summary_overview WHERE connector_instance_id = 'c2'`); got[0] != "41" {
		t.Errorf("%s records, want 41: 20 of each process and one of the shell", got[0])
	}
}

// TestKilled kills a process in the middle of a transaction, and of drains: nothing is lost, nothing is left behind.
func TestKilled(t *testing.T) {
	f := stocked(t)
	hang := spawn(t, "hang", f.path)
	hang.says(t, "hanging")
	kill(t, hang)
	f.wantMarks(t, one)
	if out := f.shell(t, `PRAGMA integrity_check; SELECT count(*) FROM hooked;`); out != "ok\n0" {
		t.Errorf("after a crash: %s", out)
	}
	f.shell(t, `INSERT `+records("c3", "s", "a={}@01")+`;`) // the guards act
	f.wantMarks(t, one, "connection records recount c3 s")
	f.settle(t)
	for range 5 {
		loop := spawn(t, "loop", f.path)
		loop.says(t, "looping")
		kill(t, loop)
		f.check(t)
	}
	f.settle(t)
}

func kill(t *testing.T, c *child) {
	t.Helper()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) {
		t.Fatalf("killed child: %v", err)
	}
}

// TestWake is woken after commits of this process and of others, and not before.
func TestWake(t *testing.T) {
	f := stocked(t)
	await := func(what string) {
		t.Helper()
		select {
		case <-f.Wake():
		case <-time.After(10 * time.Second):
			t.Fatalf("not woken by %s", what)
		}
	}
	// What the watch still has to tell of the preparations is told before the next commit.
	quiet := func() {
		t.Helper()
		for range 3 {
			next := f.Next()
			select {
			case <-next:
			case <-time.After(50 * time.Millisecond):
			}
		}
		select {
		case <-f.Wake():
		default:
		}
	}
	quiet()
	tx, err := f.Writer().Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(insertOne); err != nil {
		t.Fatal(err)
	}
	select {
	case <-f.Wake():
		t.Error("woken before the commit")
	case <-time.After(50 * time.Millisecond):
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	await("a commit of this process")
	quiet()
	next := f.Next()
	f.shell(t, `DELETE FROM records;`)
	await("a commit of the shell")
	select {
	case <-next:
	case <-time.After(10 * time.Second):
		t.Error("a commit of the shell is not announced")
	}
	quiet()
	next = f.Next()
	if _, err := f.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-next // after a drain that changed evidence
	f.settle(t)
}
