package summary

import "time"

// MaxDrainLag is how old the oldest mark that is not parked may be before readiness says that nobody drains.
const MaxDrainLag = 10 * time.Second
