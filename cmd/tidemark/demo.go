package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tidemark/summary"
)

const (
	// demoOwner is whom the demo connections belong to.
	demoOwner = "demo"
	// demoTokenLife is how long the token is good that serve --demo prints.
	demoTokenLife = 7 * 24 * time.Hour
)

func (a *app) demoCommand() *cobra.Command {
	return a.asJSON(a.command(&cobra.Command{
		Use: "demo", Short: "Fill an empty database with demo data", Args: cobra.NoArgs,
		Long: "Fill an empty database with the demo data that `tidemark serve --demo` starts with: connections of the owner " + demoOwner +
			" in every state, with times that are relative to now.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.withNew(ctx, func(e engine) error {
				s, err := e.Status(ctx)
				if err != nil {
					return err
				}
				if s.Connections > 0 {
					return fmt.Errorf("the database holds %s: demo data goes into an empty one only; give another --db", plural(s.Connections, "connection"))
				}
				if err := writeDemo(ctx, e); err != nil {
					return err
				}
				made := map[string]any{"owner": demoOwner, "connections": len(demoConnections)}
				return a.show(made, func() {
					a.printf("%s of the owner %s\n", plural(int64(len(demoConnections)), "connection"), demoOwner)
				})
			})
		},
	}))
}

// enterDemo fills the database if it is empty, and returns the secret of a token for the demo owner.
func (a *app) enterDemo(ctx context.Context, e engine) (secret string, err error) {
	s, err := e.Status(ctx)
	if err != nil {
		return "", err
	}
	if s.Connections == 0 {
		if err := writeDemo(ctx, e); err != nil {
			return "", err
		}
	}
	return createToken(ctx, e, summary.Token{Owner: demoOwner, Scopes: summary.Scopes}, demoTokenLife)
}

// writeDemo writes the demo data and drains, so that the first look at it finds it whole.
func writeDemo(ctx context.Context, e engine) error {
	if err := e.insert(ctx, demoRows(summary.NewInstant(time.Now()))); err != nil {
		return fmt.Errorf("write demo data: %w", err)
	}
	for {
		if result, err := e.Drain(ctx); err != nil || !result.More {
			return err
		}
	}
}
