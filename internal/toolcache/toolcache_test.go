package toolcache_test

import (
	"os/exec"
	"strings"
	"testing"

	"tidemark/internal/toolcache"
)

// The scripts that fill the cache and the tests that read it are written in two languages: they must agree.
func TestDirAgreesWithScripts(t *testing.T) {
	for _, override := range []string{"", "/somewhere/else"} {
		t.Run("override="+override, func(t *testing.T) {
			t.Setenv(toolcache.Env, override)
			out, err := exec.Command("sh", "-c", `. ../../scripts/lib.sh && printf %s "$TOOLS"`).Output()
			if err != nil {
				t.Fatalf("ask scripts/lib.sh: %v", err)
			}
			if got, want := strings.TrimSpace(string(out)), toolcache.Dir(); got != want {
				t.Errorf("scripts/lib.sh says %q, toolcache.Dir says %q", got, want)
			}
		})
	}
}
