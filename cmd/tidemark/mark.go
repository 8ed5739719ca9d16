package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) markCommand() *cobra.Command {
	var all bool
	c := a.command(&cobra.Command{
		Use: "mark ID… | --all", Short: "Have connections recounted",
		Long: "Leave a mark on connections, for whoever knows that something changed behind the triggers' back. The next drain recounts them.",
		Args: someOrAll(&all),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return a.with(cmd.Context(), func(e engine) error {
				if all {
					return e.MarkAll(cmd.Context())
				}
				if err := requireKnown(cmd.Context(), e, ids); err != nil {
					return err
				}
				for _, id := range ids {
					if err := e.Mark(cmd.Context(), id); err != nil {
						return err
					}
				}
				return nil
			})
		},
	})
	c.Flags().BoolVar(&all, "all", false, "every connection")
	return c
}

var errEither = errors.New("name connections, or give --all")

// someOrAll wants either ids or --all.
func someOrAll(all *bool) cobra.PositionalArgs {
	return func(_ *cobra.Command, ids []string) error {
		if *all == (len(ids) > 0) {
			return errEither
		}
		return nil
	}
}
