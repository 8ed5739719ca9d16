//go:build soak

package listener

import (
	"os"
	"testing"
	"time"
)

func TestSoakNothingIsLeftBehind(t *testing.T) {
	last, err := time.ParseDuration(os.Getenv("TIDEMARK_SOAK"))
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(last)
	storm(t, func(int) bool { return time.Now().Before(until) })
}
