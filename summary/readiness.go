package summary

// Check is one thing that readiness depends on (SPEC section 11).
type Check struct {
	Name   string // CheckDatabase and so on
	OK     bool
	Reason string // what is wrong and where to look, one sentence without a secret; empty if OK
}

// The names of checks. An engine reports the first four, the listener itself the last.
const (
	CheckDatabase   = "database"
	CheckMigrations = "migrations"
	CheckCapture    = "capture"
	CheckDrain      = "drain" // lag: the oldest visible mark that is not parked is older than MaxDrainLag
	CheckListener   = "listener"
	CheckReplica    = "replica" // where reads come from, with a standby to read from
	CheckAudit      = "audit"   // never bad: reads are right without it
)
