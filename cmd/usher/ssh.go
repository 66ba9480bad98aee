package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	gossh "golang.org/x/crypto/ssh"

	"usher/config"
	"usher/ui/sshserver"
)

func newSSH(o *consoleFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "ssh",
		Short: "Serve the console over SSH",
		Long: "Serves the console, and the commands for users, MFA and roles, to operators who have nothing but an SSH client. Their keys\n" +
			"open the door; who they are, they prove to Auth0 by a sign-in of their own. docs/ssh.md shows how to set it up.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			signal.Ignore(syscall.SIGPIPE) // a server outlives whoever reads its log
			// A hangup is not the end of a server.
			ctx, stop := signal.NotifyContext(context.WithoutCancel(cmd.Context()), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runSSH(ctx, o, cmd.OutOrStdout(), gatewayLog(cmd.ErrOrStderr(), "info"))
		},
	}
}

// gcPercent trades a little work for memory: what a session needs comes and goes with each screen, and there are many.
const gcPercent = 50

// lastWrites is how long a server that stopped waits for changes under way.
const lastWrites = 900 * time.Millisecond

// runSSH serves until ctx ends.
func runSSH(ctx context.Context, o *consoleFlags, out io.Writer, log *slog.Logger) (err error) {
	p, s, err := config.LoadSSH(config.Options{File: o.config, Profile: o.profile, Env: os.Getenv})
	if err != nil {
		return usageError{err}
	}
	debug.SetGCPercent(gcPercent)
	o.follow(p)
	if _, err := o.dark(); err != nil {
		return err
	}
	key, made, err := sshserver.HostKey(s.HostKey, rand.Reader)
	if err != nil {
		return err
	}
	h, err := openHouse(p, o, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	server, err := newSSHServer(s, h, key, log)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("listen for operators: %w", err)
	}
	h.reportUnfinished()
	verb := map[bool]string{true: "made", false: "read"}[made]
	log.Info("serving", "listen", l.Addr().String(), "host_key", gossh.FingerprintSHA256(key.PublicKey()), "host_key_was", verb, "profile", p.Name, "version", version)
	fmt.Fprintf(out, "usher serves SSH at %s; its host key %s was %s: %s\n", l.Addr(), gossh.FingerprintSHA256(key.PublicKey()), verb, s.HostKey)
	if err := notifySystemd(os.Getenv, "READY=1"); err != nil {
		log.Warn("systemd was not told", "error", err.Error())
	}
	if err := server.Serve(ctx, l); err != nil {
		return err
	}
	if left := h.writes.wait(lastWrites); left > 0 {
		log.Warn("changes were under way when the server stopped; the next start says what became of their journal lines", "changes", left)
	}
	log.Info("stopped")
	return nil
}

func newSSHServer(s config.SSH, h *house, key gossh.Signer, log *slog.Logger) (*sshserver.Server, error) {
	keys, err := allowedKeys(s, log)
	if err != nil {
		return nil, err
	}
	banner, err := s.BannerText()
	if err != nil {
		return nil, err
	}
	return sshserver.New(sshserver.Options{
		Host: h, HostKey: key, Keys: keys, Banner: banner, Log: log, Now: time.Now,
		Limits: sshserver.Limits{
			Connections: s.Limits.Connections, PerAddress: s.Limits.PerAddress, PerKey: s.Limits.PerKey,
			Idle: time.Duration(s.Limits.Idle), Absolute: time.Duration(s.Limits.Session),
		},
	})
}

func allowedKeys(s config.SSH, log *slog.Logger) (sshserver.Keys, error) {
	if len(s.AuthorizedKeysCommand) == 0 {
		return sshserver.NewKeyFile(s.AuthorizedKeys, log, time.Now)
	}
	c := sshserver.KeyCommand{Program: s.AuthorizedKeysCommand, Log: log, Now: time.Now}
	return c, c.Check()
}
