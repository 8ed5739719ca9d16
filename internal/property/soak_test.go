//go:build soak

package property

import (
	"fmt"
	"os"
	"testing"
	"time"

	"tidemark/internal/pgtest"
)

// TestSoakGuarantees goes on with new random sequences, longer ones than `make test` has, until the time is over.
func TestSoakGuarantees(t *testing.T) {
	last, err := time.ParseDuration(os.Getenv("TIDEMARK_SOAK"))
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(last)
	sequences(t, "20", "120")
	for round := 1; time.Now().Before(until); round++ {
		ok := t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			t.Run("postgres", func(t *testing.T) { holdPostgres(t, false) })
			t.Run("prepared", func(t *testing.T) { holdPostgres(t, true, pgtest.Setting("max_prepared_transactions", "8")) })
			t.Run("sqlite", holdSQLite)
		})
		if !ok {
			return
		}
	}
}
