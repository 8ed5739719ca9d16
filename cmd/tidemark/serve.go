package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"tidemark/console"
	"tidemark/listener"
	"tidemark/server"
)

// closeWithin is how long requests may take to end when the server is told to.
const closeWithin = 10 * time.Second

func (a *app) serveCommand() *cobra.Command {
	var demo bool
	c := a.command(&cobra.Command{
		Use: "serve", Short: "Keep evidence in step, and serve the console and the HTTP interface", Args: cobra.NoArgs,
		Long: "Bring the database up to date, keep evidence in step with it, and serve the console and the HTTP interface until SIGINT or SIGTERM.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			signal, err := listener.ParseSignal(a.settings.signal)
			if err != nil {
				return usagef("--signal: %v", err)
			}
			if _, _, err := net.SplitHostPort(a.settings.addr); err != nil {
				return usagef("--addr must be HOST:PORT: %v", err)
			}
			err = a.on(cmd.Context(), true, func(e engine) error { return a.serve(cmd.Context(), e, signal, demo) })
			if cmd.Context().Err() != nil && errors.Is(err, context.Canceled) {
				return nil // told to stop before it had begun
			}
			return err
		},
	})
	c.Flags().BoolVar(&demo, "demo", false, "fill an empty database with demo data, and print an address that signs in")
	a.settings.registerServe(c.Flags())
	return c
}

// serve runs until ctx ends.
func (a *app) serve(ctx context.Context, e engine, signal listener.Signal, demo bool) error {
	if err := migrate(ctx, e); err != nil {
		return err
	}
	log := a.logger()
	capture := &captureWatch{engine: e, log: log}
	capture.start(ctx)
	fragment := ""
	if demo {
		secret, err := a.enterDemo(ctx, e)
		if err != nil {
			return err
		}
		fragment = "#token=" + secret
	}
	work, err := e.loops(signal, bool(a.settings.audit), log)
	if err != nil {
		return err
	}
	handler, err := server.New(server.Config{
		Store: e, Logger: log, Changes: work.changes, Checks: work.checks, Console: console.Files(),
		Rate: float64(a.settings.rate), OpenMetrics: a.settings.metrics == metricsForAll,
		Metrics: append(work.metrics, engineMetrics{e.Status, work.status, time.Now, log}),
	})
	if err != nil {
		return err
	}
	socket, err := net.Listen("tcp", a.settings.addr)
	if err != nil {
		return fmt.Errorf("%w; give another --addr", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, run := range work.run {
		group.Go(func() error { return run(ctx) })
	}
	capture.leads = work.leads
	group.Go(func() error { return capture.run(ctx) })
	group.Go(func() error { return capture.recount(ctx) })
	group.Go(func() error { return newScrub(e, float64(a.settings.scrub), work.leads, log).run(ctx) })
	group.Go(func() error { return handler.Run(ctx) })
	group.Go(func() error { return serveHTTP(ctx, server.NewHTTPServer(handler, log), socket) })
	a.printf("Tidemark console: %s%s\n", address(socket.Addr()), fragment)
	if !demo {
		fmt.Fprintln(a.stderr, "tidemark: sign in with a token: `tidemark token create --owner ID` prints one")
	}
	return group.Wait()
}

// serveHTTP answers requests until ctx ends, and then lets those that were begun end.
func serveHTTP(ctx context.Context, h *http.Server, socket net.Listener) error {
	closed := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		err := h.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = h.Close() // what does not end by itself
		}
		closed <- err
	})
	err := h.Serve(socket)
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return <-closed
}

// address is what a browser on this machine opens.
func address(at net.Addr) string {
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return at.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}
