package sqlitecompat

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// childTask names, in the environment, what the test program does as a child process, and on which file.
const childTask = "TIDEMARK_SQLITE_CHILD"

// child is this test program as another process.
type child struct {
	*exec.Cmd
	out *bufio.Reader
	in  io.WriteCloser
}

// spawn starts a child. It is killed when the test ends, if it has not ended by itself.
func spawn(t *testing.T, task, path string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childTask+"="+task+":"+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		cmd.Wait()         //nolint:errcheck // it was killed
	})
	return &child{cmd, bufio.NewReader(out), in}
}

// says waits for a line.
func (c *child) says(t *testing.T, want string) {
	t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != want {
		t.Fatalf("child says %q (%v), want %q", line, err, want)
	}
}

// runChild does the task and returns the exit status.
func runChild(text string) int {
	task, path, _ := strings.Cut(text, ":")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := childTasks[task](ctx, path); err != nil {
		fmt.Fprintf(os.Stderr, "child %s: %v\n", task, err)
		return 1
	}
	return 0
}

var childTasks = map[string]func(ctx context.Context, path string) error{
	// migrate brings an empty file up to date.
	"migrate": func(ctx context.Context, path string) error {
		db, err := Open(ctx, path, Options{})
		if err != nil {
			return err
		}
		defer db.Close() //nolint:errcheck // the process ends
		return db.Migrate(ctx)
	},
	// write inserts, changes and deletes records of c2 through the layer, drains now and then, and ends.
	"write": func(ctx context.Context, path string) error {
		db, err := Open(ctx, path, Options{Relaxed: true})
		if err != nil {
			return err
		}
		defer db.Close() //nolint:errcheck // the process ends
		for i := range 60 {
			for _, s := range []string{
				fmt.Sprintf(`INSERT OR REPLACE INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('c2', 's%d', 'p%d-%d', '[%d]')`, i%5, os.Getpid(), i, i),
				fmt.Sprintf(`UPDATE records SET stream = 's9' WHERE connector_instance_id = 'c2' AND record_key = 'p%d-%d'`, os.Getpid(), i-3),
				fmt.Sprintf(`DELETE FROM records WHERE connector_instance_id = 'c2' AND record_key = 'p%d-%d'`, os.Getpid(), i-20),
			} {
				if _, err := db.Writer().ExecContext(ctx, s); err != nil {
					return err
				}
			}
			if i%7 == 0 {
				if _, err := db.Drain(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	},
	// hog commits foreign transactions that take a while each, without a pause between them, and counts them in table hogged.
	"hog": func(ctx context.Context, path string) error {
		db, err := sql.Open("sqlite", dsn(path, "rw", "busy_timeout(30000)", "synchronous(NORMAL)"))
		if err != nil {
			return err
		}
		db.SetMaxOpenConns(1)
		for i := 0; ; i++ {
			_, err := db.ExecContext(ctx, `BEGIN IMMEDIATE;
				WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) UPDATE hogged SET n = n + 1 WHERE (SELECT sum(i) FROM n) > 0;
				INSERT OR REPLACE `+records("c2", "hog", "a={}@01")+`;
				COMMIT`)
			if err != nil {
				return err
			}
			if i == 10 {
				fmt.Println("hogging")
			}
		}
	},
	// hang commits one record, changes much in a transaction that it never ends, and says so.
	"hang": func(ctx context.Context, path string) error {
		db, err := Open(ctx, path, Options{})
		if err != nil {
			return err
		}
		for _, s := range []string{
			`INSERT ` + records("c1", "orders", "x={}@05"), `BEGIN`, `DELETE FROM records`, `PRAGMA cache_spill = 1`, `PRAGMA cache_size = 1`,
			`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) INSERT INTO records (connector_instance_id, stream, record_key, record_json) SELECT 'c3', 's', i, '{}' FROM n`,
		} {
			if _, err := db.Writer().ExecContext(ctx, s); err != nil {
				return err
			}
		}
		fmt.Println("hanging")
		<-ctx.Done()
		return ctx.Err()
	},
	// loop commits records of c2 one by one, and drains, until it is killed.
	"loop": func(ctx context.Context, path string) error {
		db, err := Open(ctx, path, Options{})
		if err != nil {
			return err
		}
		for i := 0; ; i++ {
			_, err := db.Writer().ExecContext(ctx, fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('c2', 's%d', 'p%d-%d', '{}')`, i%3, os.Getpid(), i))
			if err == nil && i%3 == 0 {
				_, err = db.Drain(ctx)
			}
			if err != nil {
				return err
			}
			if i == 10 {
				fmt.Println("looping")
			}
		}
	},
}
