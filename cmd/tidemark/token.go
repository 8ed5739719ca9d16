package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidemark/summary"
)

func (a *app) tokenCommand() *cobra.Command {
	return a.command(
		&cobra.Command{Use: "token", Short: "Create, list and revoke the tokens that HTTP clients present"},
		a.tokenCreateCommand(), a.tokenListCommand(), a.tokenRevokeCommand(),
	)
}

func (a *app) tokenCreateCommand() *cobra.Command {
	var t summary.Token
	var expires time.Duration
	c := a.asJSON(a.command(&cobra.Command{
		Use: "create --owner ID | --operator", Short: "Create a token and print it; it is not shown again", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags := cmd.Flags()
			switch {
			case t.Operator == (t.Owner != ""):
				return usagef("a token is for --owner ID or, without any owner's data, for an --operator: give one of them")
			case t.Operator && flags.Changed("scope"):
				return usagef("an operator token has no --scope: it sees metrics and operator pages, and no owner's data")
			case flags.Changed("expires") && expires <= 0:
				return usagef("--expires must be longer than nothing, as 720h is")
			}
			if err := checkID("owner", t.Owner); t.Owner != "" && err != nil {
				return err
			}
			var err error
			if t.Scopes, err = scopesOf(t); err != nil {
				return err
			}
			return a.withNew(cmd.Context(), func(e engine) error {
				secret, err := createToken(cmd.Context(), e, t, expires)
				if err != nil {
					return err
				}
				return a.show(map[string]string{"token": secret}, func() { a.printf("%s\n", secret) })
			})
		},
	}))
	f := c.Flags()
	f.StringVar(&t.Owner, "owner", "", "whose connections the token shows")
	f.BoolVar(&t.Operator, "operator", false, "for metrics and operator pages, no owner's data")
	f.StringSliceVar(&t.Scopes, "scope", summary.Scopes, "what the token allows")
	f.DurationVar(&expires, "expires", 0, "how long it is good for, as 720h; without it, until it is revoked")
	return c
}

// scopesOf checks the scopes and puts them into their order, each once; an operator token has none.
func scopesOf(t summary.Token) ([]string, error) {
	out := []string{}
	if t.Operator {
		return out, nil
	}
	for _, s := range t.Scopes {
		if !slices.Contains(summary.Scopes, s) {
			return nil, usagef("unknown --scope %q: want some of %s", s, strings.Join(summary.Scopes, ","))
		}
	}
	for _, s := range summary.Scopes {
		if slices.Contains(t.Scopes, s) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, usagef("--scope is empty: want some of %s", strings.Join(summary.Scopes, ","))
	}
	return out, nil
}

// createToken stores a new token and returns its secret. It is good for that long, or for ever if that is 0.
func createToken(ctx context.Context, e engine, t summary.Token, expires time.Duration) (secret string, err error) {
	if secret, err = summary.NewToken(rand.Reader); err != nil {
		return "", err
	}
	t.TokenID = "t_" + strings.ToLower(rand.Text()[:16])
	t.CreatedAt = summary.NewInstant(time.Now())
	if expires > 0 {
		until := t.CreatedAt.Add(expires)
		t.ExpiresAt = &until
	}
	return secret, e.CreateToken(ctx, t, summary.HashToken(secret))
}

// tokenRow is a token as list prints it.
type tokenRow struct {
	TokenID   string           `json:"token_id"`
	Owner     *string          `json:"owner"`
	Operator  bool             `json:"operator"`
	Scopes    []string         `json:"scopes"`
	CreatedAt summary.Instant  `json:"created_at"`
	ExpiresAt *summary.Instant `json:"expires_at"`
	RevokedAt *summary.Instant `json:"revoked_at"`
	Usable    bool             `json:"usable"`
}

func (a *app) tokenListCommand() *cobra.Command {
	var owner string
	c := a.asJSON(a.command(&cobra.Command{
		Use: "list", Short: "List tokens, without their secrets", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(e engine) error {
				tokens, err := e.Tokens(cmd.Context(), owner)
				if err != nil {
					return err
				}
				now, list := summary.NewInstant(time.Now()), []tokenRow{}
				for _, t := range tokens {
					row := tokenRow{t.TokenID, &t.Owner, t.Operator, slices.Clone(t.Scopes), t.CreatedAt, t.ExpiresAt, t.RevokedAt, t.Usable(now)}
					if t.Operator {
						row.Owner = nil
					}
					list = append(list, row)
				}
				return a.show(map[string]any{"tokens": list}, func() { a.printTokens(list) })
			})
		},
	}))
	c.Flags().StringVar(&owner, "owner", "", "only the tokens of this owner")
	return c
}

func (a *app) printTokens(tokens []tokenRow) {
	var rows [][]string
	for _, t := range tokens {
		owner, state := "(operator)", "good"
		if t.Owner != nil {
			owner = *t.Owner
		}
		switch {
		case t.RevokedAt != nil:
			state = "revoked"
		case !t.Usable:
			state = "expired"
		}
		rows = append(rows, []string{t.TokenID, owner, cmp.Or(strings.Join(t.Scopes, ","), "-"), t.CreatedAt.String(), at(t.ExpiresAt), state})
	}
	a.table([]string{"TOKEN", "OWNER", "SCOPES", "CREATED", "EXPIRES", "STATE"}, rows)
}

func (a *app) tokenRevokeCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use: "revoke TOKEN_ID…", Short: "Revoke tokens at once; `tidemark token list` names them", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return a.with(cmd.Context(), func(e engine) error {
				for _, id := range ids {
					if err := revoke(cmd.Context(), e, id); err != nil {
						return err
					}
				}
				return nil
			})
		},
	})
}

// revoke names the token, but not if it is a secret that was given in place of the id.
func revoke(ctx context.Context, e engine, id string) error {
	err := e.RevokeToken(ctx, id)
	switch {
	case err == nil:
		return nil
	case strings.HasPrefix(id, summary.TokenPrefix):
		return usagef("give the token's id, not its secret: `tidemark token list` names it")
	}
	return wrap(err, "revoke %q", id)
}
