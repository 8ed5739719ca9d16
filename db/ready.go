package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidemark/drain"
	"tidemark/summary"
)

// oldestMark is when the oldest mark was made that waits for a drain.
const oldestMark = `SELECT min(marked_at) FROM tidemark.pending_marks WHERE held <> 'parked'`

// Ready implements server.Store.
func (d *DB) Ready(ctx context.Context) ([]summary.Check, error) {
	checks := []summary.Check{{Name: summary.CheckDatabase, OK: true}}
	migrations := summary.Check{Name: summary.CheckMigrations, OK: true}
	switch err := d.CheckSchema(ctx); {
	case errors.Is(err, summary.ErrUnavailable):
		return nil, err
	case err != nil:
		migrations.OK, migrations.Reason = false, err.Error()
		return append(checks, migrations), nil
	}
	capture, err := d.Capture(ctx)
	if err != nil {
		return nil, err
	}
	var lag *float64 // seconds
	err = d.pool.QueryRow(ctx, `SELECT extract(epoch FROM clock_timestamp() - (`+oldestMark+`))::float8`).Scan(&lag)
	if err != nil {
		return nil, fmt.Errorf("read drain lag: %w", unreachable(err))
	}
	return append(checks, migrations, drain.CheckCapture(capture), lagCheck(lag)), nil
}

func lagCheck(seconds *float64) summary.Check {
	c := summary.Check{Name: summary.CheckDrain, OK: true}
	if seconds == nil {
		return c
	}
	if lag := time.Duration(*seconds * float64(time.Second)); lag > summary.MaxDrainLag {
		c.OK = false
		c.Reason = fmt.Sprintf("the oldest mark is %s old: is a server draining? see `tidemark status`", lag.Round(time.Second))
	}
	return c
}
