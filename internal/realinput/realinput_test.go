package realinput_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tidemark/internal/realinput"
	"tidemark/internal/toolcache"
)

func TestISOCodesHoldsOneArray(t *testing.T) {
	for name, atLeast := range map[string]int{"iso_639-3.json": 7000, "iso_3166-1.json": 240, "iso_3166-2.json": 4000} {
		var document map[string][]map[string]any
		if err := json.Unmarshal(realinput.Read(t, realinput.ISOCodes, name), &document); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(document) != 1 {
			t.Errorf("%s has %d members, want 1", name, len(document))
		}
		for member, rows := range document {
			if len(rows) < atLeast {
				t.Errorf("%s: %s has %d rows, want at least %d", name, member, len(rows), atLeast)
			}
		}
	}
}

// The version is pinned, so the numbers are exact.
func TestVegaIsThePinnedVersion(t *testing.T) {
	var movies []map[string]any
	if err := json.Unmarshal(realinput.Read(t, realinput.Vega, "movies.json"), &movies); err != nil {
		t.Fatal(err)
	}
	lines := strings.Count(string(realinput.Read(t, realinput.Vega, "airports.csv")), "\n")
	if len(movies) != 3201 || lines != 3377 {
		t.Errorf("movies.json has %d rows and airports.csv %d lines, want 3201 and 3377", len(movies), lines)
	}
}

func TestMissingInputNamesTheFix(t *testing.T) {
	t.Setenv(toolcache.Env, t.TempDir())
	failed := &recorder{TB: t}
	func() {
		defer func() { _ = recover() }()
		realinput.Read(failed, realinput.Vega, "movies.json")
	}()
	if !strings.Contains(failed.message, "make tools") {
		t.Errorf("message %q does not name the fix", failed.message)
	}
}

// recorder is a test that is told to fail.
type recorder struct {
	testing.TB
	message string
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.message = fmt.Sprintf(format, args...)
	panic("fatal")
}
