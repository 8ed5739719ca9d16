//go:build soak

package crash

import "testing"

// The long form: 210 cuts on Postgres, 200 on SQLite.
func TestSoakPostgres(t *testing.T) { cutPostgres(t, 30) }

func TestSoakSQLite(t *testing.T) { cutSQLite(t, 40) }
