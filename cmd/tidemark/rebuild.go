package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tidemark/drain"
)

func (a *app) rebuildCommand() *cobra.Command {
	return a.asJSON(a.command(&cobra.Command{
		Use: "rebuild [ID…]", Short: "Derive evidence from the source tables again",
		Long: "Derive the evidence of the connections, or of all, from the source tables alone. Writers may go on. A rebuild of everything " +
			"that was cut off is resumed; when it is done, capture that was not trusted is trusted again where it is intact.",
		RunE: func(cmd *cobra.Command, ids []string) error {
			ctx := cmd.Context()
			return a.with(ctx, func(e engine) error {
				b := a.progress("rebuild")
				var result drain.RebuildResult
				var err error
				if len(ids) == 0 {
					result, err = rebuildAll(ctx, e, b.step)
				} else if err = requireKnown(ctx, e, ids); err == nil {
					result, err = e.Rebuild(ctx, ids, b.step)
				}
				b.end()
				if err != nil {
					return err
				}
				err = a.show(result, func() {
					a.printf("recounted %s, replaced %d, deleted %d\n", plural(result.Connections, "connection"), result.Changed, result.Deleted)
				})
				if err == nil && len(result.Failed) > 0 {
					err = fmt.Errorf("cannot recompute %s: see `tidemark doctor`", join(result.Failed))
				}
				return err
			})
		},
	}))
}
