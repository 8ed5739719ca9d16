package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// The variants that figures compare.
const (
	Baseline = "no triggers"   // the same tables with primary and foreign keys only
	Tidemark = "tidemark"      // as installed, its listener attached
	Flag     = "flag + NOTIFY" // a row trigger that sets a flag column and notifies each time
	Bare     = "bare driver"
)

// Options of a run.
type Options struct {
	// Bars to measure; empty: all.
	Bars []string
	// Rounds of each comparison, and how long one variant's turn in a round is.
	Rounds int
	Slice  time.Duration
	// Dir holds the SQLite files; the caller removes it.
	Dir string
	// Progress is called after every round; nil is allowed.
	Progress func(bar, setting string, round, rounds int)
}

func (o Options) progress(s setting, round int) {
	if o.Progress != nil {
		o.Progress(s.bar, s.name, round, o.Rounds)
	}
}

// Bars lists what can be measured, in order.
var Bars = []string{"P1", "P2", "P3"}

var measurements = map[string]func(context.Context, Options) ([]Figure, error){
	"P1": singleRows, "P2": statements, "P3": sqliteBatches,
}

// Report is what a run found, and on what.
type Report struct {
	Machine Machine  `json:"machine"`
	Rounds  int      `json:"rounds"`
	Slice   string   `json:"slice"`
	Figures []Figure `json:"figures"`
}

// Run measures the bars that o names. It starts its own throw-away Postgres, with fsync and synchronous_commit on, and
// ends it before it returns.
func Run(ctx context.Context, o Options) (Report, error) {
	bars := o.Bars
	if len(bars) == 0 {
		bars = Bars
	}
	for _, b := range bars {
		if measurements[b] == nil {
			return Report{}, fmt.Errorf("unknown bar %q: one of %v", b, Bars)
		}
	}
	r := Report{Machine: thisMachine(), Rounds: o.Rounds, Slice: o.Slice.String()}
	for _, b := range Bars {
		if !slices.Contains(bars, b) {
			continue
		}
		figures, err := measurements[b](ctx, o)
		if err != nil {
			return r, err
		}
		r.Figures = append(r.Figures, figures...)
	}
	return r, nil
}
