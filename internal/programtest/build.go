// Package programtest runs the tidemark program as processes of their own: to its end, or in the background until it is told to
// end, is killed, or the test is over. A test binary builds the program once, when a test first needs it:
//
//	func TestMain(m *testing.M) { os.Exit(programtest.Main(pgtest.Runner(m))) }
//
// One that is the program itself puts `tidemark` on PATH instead, as cmd/tidemark does, and needs no Main.
package programtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

const source = "tidemark/cmd/tidemark"

// path returns where the program is: by itself the name that is looked up in PATH.
var path = func() (string, error) { return "tidemark", nil }

// Main runs tests that need the program built, removes what was built, and returns the exit status.
func Main(m interface{ Run() int }) int {
	dir, err := os.MkdirTemp("", "tidemark-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "programtest:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	path = sync.OnceValues(func() (string, error) {
		built := filepath.Join(dir, "tidemark")
		return built, build(built)
	})
	return m.Run()
}

// build builds the program. It looks at all that the program is made of in this module, so that `go test` takes no outcome from its
// cache that was another program's: it remembers which files a test looked at, but not those that a child did.
func build(to string) error {
	if out, err := exec.Command("go", "build", "-o", to, source).CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	files := `{{if .Module}}{{if .Module.Main}}{{$dir := .Dir}}{{$dir}}
{{range .GoFiles}}{{$dir}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$dir}}/{{.}}
{{end}}{{end}}{{end}}`
	out, err := exec.Command("go", "list", "-deps", "-f", files, source).Output()
	if err != nil {
		return fmt.Errorf("list the program's sources: %w", err)
	}
	for file := range strings.Lines(string(out)) {
		if file = strings.TrimSpace(file); file == "" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("look at the program's sources: %w", err)
		}
	}
	return nil
}
