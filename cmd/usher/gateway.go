package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"usher/config"
)

func newGateway(o *consoleFlags) *cobra.Command {
	check := false
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Run the gateway that consoles on other machines use",
		Long: "Runs the gateway over HTTPS: it alone holds the credential of the Management API, checks every request of an operator,\n" +
			"journals every change and keeps the tenant's rate limit. docs/deploy.md shows how to set it up.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.config == "" {
				return usagef("name the gateway's configuration with --config FILE")
			}
			if check {
				return checkGateway(cmd.OutOrStdout(), o.config, os.Getenv)
			}
			signal.Ignore(syscall.SIGPIPE) // a server outlives whoever reads its log
			// A hangup is not the end of a gateway: it reads its certificate anew.
			ctx, stop := signal.NotifyContext(context.WithoutCancel(cmd.Context()), os.Interrupt, syscall.SIGTERM)
			defer stop()
			hangup := make(chan os.Signal, 1)
			signal.Notify(hangup, syscall.SIGHUP)
			defer signal.Stop(hangup)
			return runGateway(ctx, o.config, gatewayHost{env: os.Getenv, stderr: cmd.ErrOrStderr(), hangup: hangup})
		},
	}
	cmd.AddCommand(newGatewayExplain(o))
	cmd.Flags().BoolVar(&check, "check", false, "read everything, print a line about each part and end: 0 when all is well, 2 when not")
	return cmd
}

// gatewayHost is what a gateway has of the machine it runs on.
type gatewayHost struct {
	env    func(string) string
	stderr io.Writer
	hangup <-chan os.Signal
	ready  func(at, inside string) // told the addresses once it listens; may be nil
}

// runGateway serves until ctx ends.
func runGateway(ctx context.Context, path string, host gatewayHost) (err error) {
	c, data, err := config.ReadGateway(path)
	if err != nil {
		return usageError{err}
	}
	log := gatewayLog(host.stderr, c.Log.Level)
	parts, err := assembleGateway(ctx, c, data, host.env, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, parts.close()) }()
	var lc net.ListenConfig
	outside, err := lc.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen for operators: %w", err)
	}
	inside := net.Listener(nil)
	if c.Metrics.Listen != "" {
		if inside, err = lc.Listen(ctx, "tcp", c.Metrics.Listen); err != nil {
			return errors.Join(fmt.Errorf("listen for the metrics: %w", err), outside.Close())
		}
	}
	return parts.serve(ctx, outside, inside, host)
}

func gatewayLog(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l}))
}

// serve runs the servers and what belongs to them, and waits for all of it.
func (p *gatewayParts) serve(ctx context.Context, outside, inside net.Listener, host gatewayHost) error {
	// What only watches ends when the gateway has ended, not when it is told to: a stop can be watched.
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	insideAt := ""
	if inside != nil {
		insideAt = inside.Addr().String()
		group.Go(func() {
			if err := p.server.ServeInside(watching, inside); err != nil {
				p.log.Error("the metrics are not served", "error", err.Error())
			}
		})
	}
	if p.certificates != nil {
		group.Go(func() { p.certificates.Watch(watching, host.hangup, time.After, p.log) })
	}
	for _, e := range p.journal.Unfinished() {
		p.log.Warn("a change has no known outcome: look whether it was made", "id", e.ID, "operator", e.Subject, "method", e.Method, "target", e.Target, "time", e.Time)
	}
	p.log.Info("serving", "listen", outside.Addr().String(), "metrics", insideAt, "tenant", p.issuer, "version", version)
	if err := notifySystemd(host.env, "READY=1"); err != nil {
		p.log.Warn("systemd was not told", "error", err.Error())
	}
	told := context.AfterFunc(ctx, func() { _ = notifySystemd(host.env, "STOPPING=1") }) // it waits for the process anyhow
	defer told()
	if host.ready != nil {
		host.ready(outside.Addr().String(), insideAt)
	}
	if err := p.server.Serve(ctx, outside); err != nil {
		return err
	}
	p.log.Info("stopped")
	return nil
}

// notifySystemd tells systemd of a state, where it asked for that (sd_notify(3)).
func notifySystemd(env func(string) string, state string) error {
	socket := env("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, state); err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	return nil
}
