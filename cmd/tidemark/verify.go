package main

import (
	"github.com/spf13/cobra"

	"tidemark/drain"
)

// verifyResult is what verify prints.
type verifyResult struct {
	Differences []drain.Difference `json:"differences"`
}

func (a *app) verifyCommand() *cobra.Command {
	return a.asJSON(a.command(&cobra.Command{
		Use: "verify [ID…]", Short: "Compare evidence with a recount",
		Long: "Compare the evidence of the connections, or of all, with a recount of the source tables in the same snapshot. Writers may go " +
			"on: what a mark covers is behind, not wrong. The exit status is 1 if anything differs.",
		RunE: func(cmd *cobra.Command, ids []string) error {
			ctx := cmd.Context()
			return a.with(ctx, func(e engine) error {
				if len(ids) == 0 {
					ids = nil
				} else if err := requireKnown(ctx, e, ids); err != nil {
					return err
				}
				b := a.progress("verify")
				var done int64
				found, err := e.Verify(ctx, ids, func(n, total int64) { done = n; b.step(n, total) })
				b.end()
				if err != nil {
					return err
				}
				if err := a.show(verifyResult{found}, func() { a.printDifferences(found, done) }); err != nil {
					return err
				}
				if len(found) > 0 {
					return errFound
				}
				return nil
			})
		},
	}))
}

func (a *app) printDifferences(found []drain.Difference, connections int64) {
	if len(found) == 0 {
		a.printf("%s: evidence equals the recount\n", plural(connections, "connection"))
		return
	}
	var rows [][]string
	for _, d := range found {
		rows = append(rows, []string{d.ConnectionID, string(d.Component), d.Field, d.Got, d.Want})
	}
	a.table([]string{"CONNECTION", "COMPONENT", "FIELD", "EVIDENCE", "RECOUNT"}, rows)
}
