package summary

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// TestBindingIsText: SQLite stores octets that are no UTF-8; an answer never holds them.
func TestBindingIsText(t *testing.T) {
	o := observed()
	o.SourceBinding = "{\"account\":\"\xff\"}"
	c, _ := ConnectionOf(o, noon)
	text, err := json.Marshal(c)
	if err != nil || !utf8.Valid(text) || string(c.SourceBinding) != "{\"account\":\"\uFFFD\"}" {
		t.Errorf("shown as %q, %v", c.SourceBinding, err)
	}
}
