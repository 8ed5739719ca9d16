package sqlitecompat

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The test program is its own child where a test needs another process (child_test.go).
func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		os.Exit(runChild(task))
	}
	goleak.VerifyTestMain(m)
}
