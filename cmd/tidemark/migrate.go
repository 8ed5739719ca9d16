package main

import (
	"github.com/spf13/cobra"
)

func (a *app) migrateCommand() *cobra.Command {
	return a.command(
		&cobra.Command{Use: "migrate", Short: "Bring the database's schema and triggers up to date"},
		a.asJSON(a.command(&cobra.Command{
			Use: "up", Short: "Migrate, and install the triggers that are missing or differ", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.on(cmd.Context(), true, func(e engine) error {
					if err := prepare(cmd.Context(), e); err != nil {
						return err
					}
					return a.showSchema(cmd, e)
				})
			},
		})),
		a.asJSON(a.command(&cobra.Command{
			Use: "status", Short: "Say how far the schema is", Args: cobra.NoArgs,
			Long: "Say how far the schema is. The exit status is 1 if `tidemark migrate up` would change it.",
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.on(cmd.Context(), false, func(e engine) error { return a.showSchema(cmd, e) })
			},
		})),
	)
}

// schemaState is what migrate prints.
type schemaState struct {
	Current int64 `json:"current"` // 0: empty
	Latest  int64 `json:"latest"`  // that this program knows
	// Untrusted names the tables whose capture is not trusted.
	Untrusted []string `json:"untrusted"`
}

func (a *app) showSchema(cmd *cobra.Command, e engine) error {
	var s schemaState
	var err error
	if s.Current, s.Latest, err = e.schema(cmd.Context()); err != nil {
		return err
	}
	s.Untrusted = []string{}
	if s.Current == s.Latest {
		if s.Untrusted, err = untrusted(cmd.Context(), e); err != nil {
			return err
		}
	}
	err = a.show(s, func() {
		a.printf("schema %d of %d\n", s.Current, s.Latest)
		if len(s.Untrusted) > 0 {
			a.printf("capture is not trusted on %s until `tidemark rebuild`, or a server, has recounted\n", join(s.Untrusted))
		}
	})
	switch {
	case err != nil || s.Current == s.Latest:
		return err
	case s.Current > s.Latest:
		return e.CheckSchema(cmd.Context())
	}
	return errFound
}
