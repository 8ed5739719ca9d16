package main

import (
	"errors"
	"strings"
	"testing"
)

func FuzzParseConfig(f *testing.F) {
	for _, text := range []string{"", "# nothing\n\n", "db = sqlite:x.db\naddr=:1", "db=\n", "=", "db = a = b\r\n", "db = a\ndb = b", "name = x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseConfig("f", text)
		var use *usageError
		if err != nil {
			if !errors.As(err, &use) || !strings.HasPrefix(err.Error(), "f line ") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %q", err)
			}
			return
		}
		// What was read is what a file of these lines alone says.
		var again strings.Builder
		for name, value := range got {
			if !isSetting(name) || value == "" {
				t.Fatalf("%q = %q", name, value)
			}
			again.WriteString(name + "=" + value + "\n")
		}
		twice, err := parseConfig("f", again.String())
		if err != nil || len(twice) != len(got) {
			t.Fatalf("%v: read once %v, twice %v", err, got, twice)
		}
		for name, value := range got {
			if twice[name] != value {
				t.Fatalf("%s: read once %q, twice %q", name, value, twice[name])
			}
		}
	})
}
