package matrix

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/sqlitecompat"
)

// writing runs statements and says of each what went wrong, if something did.
type writing func(t *testing.T, statements []string) []string

// way is a way to run statements on SQLite.
type way struct {
	name    string
	foreign bool // not through the layer
	keyless bool // foreign keys are off
	deep    bool // recursive_triggers is on
	alone   bool // each statement is by itself, unless it says BEGIN
	open    func(t *testing.T, e *enginetest.Engine) writing
}

func ways() []way {
	out := []way{
		{name: "layer, each alone", alone: true, open: each},
		{name: "layer, Tx", open: inTx(func(tx *sql.Tx, query string) error { return second(tx.Exec(query)) })},
		{name: "layer, prepared in a Tx", open: inTx(prepared)},
		{name: "layer, queried in a Tx", open: inTx(queried)},
		{name: "layer, begun by text", open: byText(`BEGIN`, `COMMIT`)},
		{name: "layer, begun by a savepoint", open: byText("/* text */ SaVePoint \"x;y\"", `RELEASE SAVEPOINT "X;Y"`)},
		{name: "layer, one text", open: oneText},
		{name: "shell", foreign: true, alone: true, open: shell},
	}
	for _, keys := range []string{"off", "on"} {
		for _, recursive := range []string{"off", "on"} {
			pragmas := "PRAGMA foreign_keys = " + keys + "; PRAGMA recursive_triggers = " + recursive
			out = append(out, way{name: "python, " + pragmas, foreign: true, keyless: keys == "off", deep: recursive == "on", alone: true, open: python(pragmas, false)})
		}
	}
	return append(out, way{name: "python, in a transaction", foreign: true, open: python("PRAGMA foreign_keys = on", true)})
}

func second[T any](_ T, err error) error { return err }

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// layer opens the hook layer a second time, as another program that is built with it would.
func layer(t *testing.T, e *enginetest.Engine) *sql.DB {
	t.Helper()
	db, err := sqlitecompat.Open(t.Context(), strings.TrimPrefix(e.DSN, "sqlite:"), sqlitecompat.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db.Writer()
}

// each executes statements on the pool.
func each(t *testing.T, e *enginetest.Engine) writing {
	db := layer(t, e)
	return func(t *testing.T, statements []string) (out []string) {
		for _, query := range statements {
			out = append(out, message(second(db.ExecContext(t.Context(), query))))
		}
		return out
	}
}

func inTx(run func(tx *sql.Tx, query string) error) func(t *testing.T, e *enginetest.Engine) writing {
	return func(t *testing.T, e *enginetest.Engine) writing {
		db := layer(t, e)
		return func(t *testing.T, statements []string) (out []string) {
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, query := range statements {
				out = append(out, message(run(tx, query)))
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
}

func prepared(tx *sql.Tx, query string) error {
	s, err := tx.Prepare(query)
	if err != nil {
		return err
	}
	return errors.Join(second(s.Exec()), s.Close())
}

// queried runs a statement as one that gives rows, and reads none of them.
func queried(tx *sql.Tx, query string) error {
	rows, err := tx.Query(query)
	if err != nil {
		return err
	}
	rows.Next()
	return errors.Join(rows.Err(), rows.Close())
}

func byText(begin, end string) func(t *testing.T, e *enginetest.Engine) writing {
	return func(t *testing.T, e *enginetest.Engine) writing {
		db := layer(t, e)
		return func(t *testing.T, statements []string) (out []string) {
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.ExecContext(t.Context(), begin); err != nil {
				t.Fatal(err)
			}
			for _, query := range statements {
				out = append(out, message(second(conn.ExecContext(t.Context(), query))))
			}
			if _, err := conn.ExecContext(t.Context(), end); err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
}

// oneText puts all statements into one text. It ends with the first that fails; then the caller commits what there is.
func oneText(t *testing.T, e *enginetest.Engine) writing {
	db := layer(t, e)
	return func(t *testing.T, statements []string) []string {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		out := make([]string, len(statements))
		_, err = conn.ExecContext(t.Context(), "BEGIN -- ; COMMIT\n;"+strings.Join(statements, "; /* ; */ ")+";\n;COMMIT;")
		if err != nil {
			out[len(out)-1] = err.Error()
			if _, err := conn.ExecContext(t.Context(), "END"); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
}

// shell is sqlite3. It goes on after a failure; what failed is told from the outcome.
func shell(_ *testing.T, e *enginetest.Engine) writing {
	return func(t *testing.T, statements []string) []string {
		out := make([]string, len(statements))
		cmd := exec.CommandContext(t.Context(), "sqlite3", strings.TrimPrefix(e.DSN, "sqlite:"))
		var script strings.Builder
		script.WriteString(".timeout 30000\nPRAGMA foreign_keys = on;\n")
		for i, query := range statements {
			fmt.Fprintf(&script, "%s;\n.print done %d\n", strings.ReplaceAll(query, "\n", " "), i)
		}
		cmd.Stdin = strings.NewReader(script.String())
		var stderr strings.Builder
		cmd.Stderr = &stderr
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatalf("sqlite3: %v (Debian's package sqlite3 has it)", err)
		}
		for line := range strings.Lines(stderr.String()) { // "Runtime error near line 5: …": two lines a statement, after two of ours
			var n int
			if _, rest, ok := strings.Cut(line, " near line "); ok {
				if _, err := fmt.Sscanf(rest, "%d", &n); err != nil || n < 3 {
					t.Fatal(line)
				}
				out[(n-3)/2] = line
			}
		}
		return out
	}
}

const driver = `
import json, sqlite3, sys
path, pragmas, whole = sys.argv[1], sys.argv[2], sys.argv[3] == "true"
for line in sys.stdin:
    c = sqlite3.connect(path, timeout=30, isolation_level=None)
    for p in pragmas.split("; "): c.execute(p)
    out = []
    if whole: c.execute("BEGIN")
    for s in json.loads(line):
        try:
            c.execute(s).fetchall()
            out.append("")
        except sqlite3.Error as e:
            out.append(str(e))
    if whole: c.execute("COMMIT")
    c.close()
    print(json.dumps(out), flush=True)
`

// python is one interpreter that opens the file anew for every list of statements.
func python(pragmas string, whole bool) func(t *testing.T, e *enginetest.Engine) writing {
	return func(t *testing.T, e *enginetest.Engine) writing {
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		cmd := exec.CommandContext(ctx, "python3", "-c", driver, strings.TrimPrefix(e.DSN, "sqlite:"), pragmas, fmt.Sprint(whole))
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatalf("python3: %v (Debian's package python3 has it)", err)
		}
		t.Cleanup(func() {
			cancel()
			_ = cmd.Wait() // it was killed
		})
		answers := bufio.NewReader(out)
		return func(t *testing.T, statements []string) (said []string) {
			if err := json.NewEncoder(in).Encode(statements); err != nil {
				t.Fatal(err)
			}
			line, err := answers.ReadString('\n')
			if err == nil {
				err = json.Unmarshal([]byte(line), &said)
			}
			if err != nil {
				t.Fatalf("python3: %v", err)
			}
			return said
		}
	}
}
