package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidemark/bench"
)

func (a *app) benchCommand() *cobra.Command {
	var o bench.Options
	c := a.asJSON(a.command(&cobra.Command{
		Use: "bench [BAR…]", Short: "Measure Tidemark against the same tables without it, on this machine",
		Long: "Measure the bars of the specification, or those that are named (" + strings.Join(bench.Bars, ", ") + "), in throw-away databases, and " +
			"print them with their ratios to the same tables without Tidemark. It needs the PostgreSQL server programs. The exit status is 1 if a " +
			"bar was missed.",
		RunE: func(cmd *cobra.Command, bars []string) (err error) {
			for _, bar := range bars {
				if !slices.Contains(bench.Bars, bar) {
					return usagef("unknown bar %q: want some of %s", bar, strings.Join(bench.Bars, ", "))
				}
			}
			if o.Rounds < 1 || o.Slice <= 0 {
				return usagef("--rounds and --slice must be above 0")
			}
			if o.Dir, err = os.MkdirTemp("", "tidemark-bench-"); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
			b := a.progress("bench")
			o.Bars, o.Progress = bars, func(bar, setting string, round, rounds int) {
				b.describe(bar + ", " + setting)
				b.step(int64(round), int64(rounds))
			}
			report, err := bench.Run(cmd.Context(), o)
			b.end()
			if err != nil {
				return err
			}
			var broken error
			if err := a.show(report, func() { broken = report.WriteText(a.stdout) }); err != nil || broken != nil {
				return errors.Join(err, broken)
			}
			if slices.ContainsFunc(report.Figures, func(f bench.Figure) bool { return f.Ratio < f.Want }) {
				return errFound
			}
			return nil
		},
	}))
	c.Flags().IntVar(&o.Rounds, "rounds", 5, "how often each comparison is made; medians count")
	c.Flags().DurationVar(&o.Slice, "slice", 2*time.Second, "how long each variant runs in a round")
	return c
}
