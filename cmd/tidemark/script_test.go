package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs testdata/script on both engines: each script has an empty database of its own, which $TIDEMARK_DB names.
func TestScripts(t *testing.T) {
	for _, engine := range []string{onSQLite, onPostgres} {
		t.Run(engine, func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir: "testdata/script",
				Setup: func(env *testscript.Env) error {
					env.Setenv("TIDEMARK_DB", newDatabase(env.T().(testing.TB), engine))
					return nil
				},
				Condition: func(name string) (bool, error) { return name == engine, nil },
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"exits": exits, "query": query, "foreign": runForeign, "drop-guards": dropGuards, "orphan": orphan,
					"touch-at": touchAt, "save-id": saveID,
				},
				RequireExplicitExec: true,
			})
		})
	}
}

// exits STATUS COMMAND… runs a command that must end with that status.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// query SQL prints the only column of a query.
func query(ts *testscript.TestScript, _ bool, args []string) {
	out := ts.Stdout() // even if nothing is printed
	e, err := testApp(ts.Getenv("TIDEMARK_DB")).open(context.Background(), false)
	ts.Check(err)
	defer func() { ts.Check(e.close()) }()
	found, err := e.texts(context.Background(), args[0])
	ts.Check(err)
	for _, text := range found {
		_, err := fmt.Fprintln(out, text)
		ts.Check(err)
	}
}

// foreign SQL… runs SQL as a foreign writer.
func runForeign(ts *testscript.TestScript, _ bool, args []string) {
	for _, sql := range args {
		ts.Check(foreign(context.Background(), ts.Getenv("TIDEMARK_DB"), sql))
	}
}

// drop-guards TABLE drops the guard triggers of a table.
func dropGuards(ts *testscript.TestScript, _ bool, args []string) {
	dsn := ts.Getenv("TIDEMARK_DB")
	e, err := testApp(dsn).open(context.Background(), false)
	ts.Check(err)
	names, err := e.texts(context.Background(), `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '`+args[0]+`'`)
	ts.Check(err)
	ts.Check(e.close())
	if len(names) == 0 {
		ts.Fatalf("table %s has no triggers", args[0])
	}
	for _, n := range names {
		ts.Check(foreign(context.Background(), dsn, `DROP TRIGGER "`+n+`"`))
	}
}

// orphan ID deletes a connection as somebody does for whom foreign keys are off.
func orphan(ts *testscript.TestScript, _ bool, args []string) {
	sql := `DELETE FROM {connector_instances} WHERE connector_instance_id = '` + args[0] + `'`
	if !strings.HasPrefix(ts.Getenv("TIDEMARK_DB"), "sqlite:") {
		sql = `BEGIN; SET LOCAL session_replication_role = replica; ` + sql + `; COMMIT`
	}
	ts.Check(foreign(context.Background(), ts.Getenv("TIDEMARK_DB"), sql))
}

// touch-at TIME FILE sets a file's time of change.
func touchAt(ts *testscript.TestScript, _ bool, args []string) {
	at, err := time.Parse(time.RFC3339, args[0])
	ts.Check(err)
	ts.Check(os.Chtimes(ts.MkAbs(args[1]), at, at))
}

// save-id OWNER sets $ID to the first token of an owner in the JSON that was printed last.
func saveID(ts *testscript.TestScript, _ bool, args []string) {
	var out struct{ Tokens []tokenRow }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &out))
	for _, t := range out.Tokens {
		if t.Owner != nil && *t.Owner == args[0] {
			ts.Setenv("ID", t.TokenID)
			return
		}
	}
	ts.Fatalf("no token of %s", args[0])
}
