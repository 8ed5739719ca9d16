//go:build soak

package property

import (
	"fmt"
	"os"
	"testing"
	"time"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// TestSoakGuarantees goes on with new random sequences, longer ones than `make test` has, and with storms, until the time is over.
func TestSoakGuarantees(t *testing.T) {
	last, err := time.ParseDuration(os.Getenv("TIDEMARK_SOAK"))
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(last)
	sequences(t, "20", "120")
	for round := 1; time.Now().Before(until) && !t.Failed(); round++ {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			t.Run("postgres", func(t *testing.T) { holdPostgres(t, false) })
			t.Run("prepared", func(t *testing.T) { holdPostgres(t, true, pgtest.Setting("max_prepared_transactions", "8")) })
			t.Run("sqlite", holdSQLite)
			t.Run("storm on postgres", func(t *testing.T) {
				storm(t, enginetest.OpenPostgres(t, pgtest.Shared(t), enginetest.Fixture{}), 10*stormLasts)
			})
			t.Run("storm on sqlite", func(t *testing.T) {
				storm(t, enginetest.OpenSQLite(t, enginetest.Fixture{}), 10*stormLasts)
			})
		})
	}
}
