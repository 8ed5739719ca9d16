package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every mutation still fits the code: the text that it replaces occurs exactly once, and names are told apart.
func TestEveryMutationFits(t *testing.T) {
	names := map[string]bool{}
	for _, m := range all() {
		text, err := os.ReadFile(filepath.Join("..", "..", m.file))
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		if n := strings.Count(string(text), m.old); n != 1 {
			t.Errorf("%s: its text occurs %d times in %s", m.name, n, m.file)
		}
		if m.old == m.new || names[m.name] {
			t.Errorf("%s: changes nothing, or has another's name", m.name)
		}
		names[m.name] = true
	}
}
