package console

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// reference matches what a page, a module or a style sheet may load.
var reference = regexp.MustCompile(`(?:src|href|action)="([^"]*)"|(?:from|import) "([^"]*)"|url\(([^)]*)\)`)

// TestEverythingIsLocal: the page loads what it ships with, nothing else, and nothing that its content policy forbids.
func TestEverythingIsLocal(t *testing.T) {
	files := Files()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		text := string(b)
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			target := strings.TrimPrefix(m[1]+m[2]+m[3], "./")
			if target == "owner/login" { // a route of the server
				continue
			}
			if _, err := fs.Stat(files, target); err != nil {
				t.Errorf("%s refers to %q, which is not a file of the console", name, target)
			}
		}
		for _, forbidden := range []string{"innerHTML", "insertAdjacentHTML", "document.write", "eval(", ` style="`, ` onclick="`, "localStorage", "sessionStorage"} {
			if strings.Contains(text, forbidden) {
				t.Errorf("%s uses %s", name, forbidden)
			}
		}
		if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), "://") {
			t.Errorf("%s names another host", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
