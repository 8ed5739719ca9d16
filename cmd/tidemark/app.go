package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
)

// Exit statuses.
const (
	statusFine   = 0
	statusFailed = 1 // or found differences
	statusUsage  = 2
)

// app is one run of the command line.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string

	settings settings
	json     bool
	began    bool // a command's own work has begun: what fails from here on is not wrong use
}

const about = `Tidemark keeps connector summaries true. Any program may write the source tables with plain SQL; the database
itself notices, and the evidence behind every summary follows within milliseconds.

Settings come from flags, else from the environment, else from the file that --config names, else they are the defaults.
`

// run executes one command line and returns its exit status. What failed is said in one line on stderr.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.command(&cobra.Command{
		Use: "tidemark", Short: "Keeps connector summaries true", Long: about + settingsHelp(),
		SilenceErrors: true, SilenceUsage: true,
	})
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true}) // --help says it all
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	a.settings.register(root.PersistentFlags())
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.settings.resolve(cmd.Flags(), a.getenv) }
	root.AddCommand(
		a.serveCommand(), a.migrateCommand(), a.markCommand(), a.rebuildCommand(), a.verifyCommand(), a.doctorCommand(),
		a.statusCommand(), a.importCommand(), a.tokenCommand(), a.demoCommand(), a.benchCommand(), a.versionCommand(),
	)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var use *usageError
	switch {
	case err == nil:
		return statusFine
	case errors.Is(err, errFound):
		return statusFailed
	case errors.As(err, &use) || !a.began:
		a.complain(err)
		return statusUsage
	case ctx.Err() != nil:
		err = errors.New(strings.ReplaceAll(err.Error(), context.Canceled.Error(), "interrupted"))
	}
	a.complain(err)
	return statusFailed
}

func (a *app) complain(err error) {
	fmt.Fprintf(a.stderr, "tidemark: %s\n", strings.ReplaceAll(err.Error(), "\n", " "))
}

// command completes a command: it notes when its work begins, and answers wrong use with one line.
func (a *app) command(c *cobra.Command, subcommands ...*cobra.Command) *cobra.Command {
	c.AddCommand(subcommands...)
	c.DisableFlagsInUseLine = true
	run, takes := c.RunE, c.Args
	if run == nil {
		c.Args, c.RunE = cobra.ArbitraryArgs, needsSubcommand
		return c
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		a.began = true
		return run(cmd, args)
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		if takes == nil || takes(cmd, args) == nil {
			return nil
		}
		return usagef("usage: %s; see %s --help", cmd.UseLine(), cmd.CommandPath())
	}
	return c
}

// needsSubcommand is what a command does that is only a name for others.
func needsSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("%s needs a command: see %s --help", cmd.CommandPath(), cmd.CommandPath())
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("unknown command %q: is %s meant?", cmd.CommandPath()+" "+args[0], strings.Join(near, " or "))
	}
	return usagef("unknown command %q: see %s --help", cmd.CommandPath()+" "+args[0], cmd.CommandPath())
}

// usageError is wrong use.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// errFound ends a command that has shown what it found wrong.
var errFound = errors.New("something was found")

// logger writes what a server does to stderr, from the level that was asked for.
func (a *app) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: a.settings.logLevel}))
}
