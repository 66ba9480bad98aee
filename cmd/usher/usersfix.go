package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
)

// userArg is the argument of the commands that change users.
const userArg = "ID|EMAIL|-"

func newUsersBlock(console *consoleFlags) *cobra.Command {
	f := &changeFlags{}
	cmd := &cobra.Command{
		Use: "block " + userArg, Short: "Keep a user from signing in", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, console, args[0], func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				if u.Blocked {
					return idle("Block", u, "Blocked by an administrator already."), nil
				}
				return desk.Block(w.client, u), nil
			})
		},
	}
	f.register(cmd)
	return cmd
}

// idle is an operation with nothing to do.
func idle(name string, u auth0client.User, why string) desk.Operation {
	return desk.Operation{Name: name, User: u, Does: []string{why}}
}

func newUsersUnblock(console *consoleFlags) *cobra.Command {
	f := &changeFlags{}
	var addresses bool
	cmd := &cobra.Command{
		Use: "unblock " + userArg, Short: "Lift both kinds of block: an administrator's, and that after failed sign-ins", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, console, args[0], func(ctx context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				bans, err := w.client.UserBlocks(ctx, u.ID)
				if err != nil {
					return desk.Operation{}, err
				}
				var ips []string
				for _, b := range bans {
					if ip := b.IP.String(); addresses && ip != "" && !slices.Contains(ips, ip) {
						ips = append(ips, ip)
					}
				}
				if !u.Blocked && len(bans) == 0 {
					return idle("Unblock", u, "Not blocked."), nil
				}
				return desk.Unblock(w.client, u, bans, ips), nil
			})
		},
	}
	cmd.Flags().BoolVar(&addresses, "ip", false, "free the addresses they are blocked from as well, for the whole tenant")
	f.register(cmd)
	return cmd
}

func newUsersSignOut(console *consoleFlags) *cobra.Command {
	f := &changeFlags{}
	cmd := &cobra.Command{
		Use: "sign-out " + userArg, Short: "End all sessions and refresh tokens of a user", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, console, args[0], func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				return desk.SignOut(w.client, u), nil
			})
		},
	}
	f.register(cmd)
	return cmd
}

func newUsersVerify(console *consoleFlags) *cobra.Command {
	f := &changeFlags{secret: true}
	var mark, link bool
	cmd := &cobra.Command{
		Use: "verify " + userArg, Short: "Have Auth0 mail a user the verification email again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if mark && link {
				return usagef("--mark and --link exclude each other")
			}
			f.secret = link // a mail gives nothing to print
			return f.run(cmd, console, args[0], func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				switch {
				case u.EmailRaw == "":
					return desk.Operation{}, errors.New("they have no email")
				case u.EmailVerified:
					return idle("Verify email", u, "The email is verified already."), nil
				case mark:
					return desk.MarkVerified(w.client, u), nil
				case link:
					return desk.VerificationLink(w.client, u, 0), nil
				}
				return desk.VerifyEmail(w.client, u), nil
			})
		},
	}
	cmd.Flags().BoolVar(&mark, "mark", false, "mark the email as verified without a mail: nobody proves that it is theirs")
	cmd.Flags().BoolVar(&link, "link", false, "print the link for you to hand on, good for five days; nobody is told")
	f.register(cmd)
	return cmd
}

func newUsersPassword(console *consoleFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "password", Short: "Give a user a way to a new password: by email, by a link, or set it"}
	cmd.AddCommand(newPasswordEmail(console), newPasswordLink(console), newPasswordSet(console))
	return cmd
}

// hasPassword refuses users who sign in elsewhere.
func hasPassword(u auth0client.User) error {
	if _, ok := u.DatabaseIdentity(); !ok && len(u.Identities) > 0 {
		return errors.New("they sign in at " + u.Connection().String() + ": there is no password here")
	}
	return nil
}

func newPasswordEmail(console *consoleFlags) *cobra.Command {
	f := &changeFlags{}
	cmd := &cobra.Command{
		Use: "email " + userArg, Short: "Have Auth0 mail the user a link to set a new password", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, console, args[0], func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				return desk.PasswordEmail(w.client, u), hasPassword(u)
			})
		},
	}
	f.register(cmd)
	return cmd
}

func newPasswordLink(console *consoleFlags) *cobra.Command {
	f := &changeFlags{secret: true}
	var life time.Duration
	cmd := &cobra.Command{
		Use: "link " + userArg, Short: "Print a link by which whoever has it sets the user's new password", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if life < time.Minute || life > 30*24*time.Hour || life%time.Second != 0 {
				return usagef("--ttl is %s: choose 1m to 720h, in whole seconds", life)
			}
			return f.run(cmd, console, args[0], func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				return desk.PasswordLink(w.client, u, life), hasPassword(u)
			})
		},
	}
	cmd.Flags().DurationVar(&life, "ttl", 5*24*time.Hour, "how long the link is good (`TIME`)")
	f.register(cmd)
	return cmd
}

func newPasswordSet(console *consoleFlags) *cobra.Command {
	f := &changeFlags{}
	cmd := &cobra.Command{
		Use: "set ID|EMAIL", Short: "Set the password that standard input holds", Args: cobra.ExactArgs(1),
		Long: "Reads the new password from standard input, so that it is in no list of processes and no shell's history:\n" +
			"  usher users password set ada@example.com --yes < file\nAt a terminal it is asked for, twice, and not shown.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "-" {
				return usagef("standard input holds the password: name the user by id or email")
			}
			if !f.yes && !f.dryRun {
				return usagef("--yes is missing: standard input holds the password, so nothing can be asked (--dry-run shows what would happen)")
			}
			secret, err := givenPassword(cmd)
			if err != nil {
				return err
			}
			return f.run(cmd, console, args[0], func(ctx context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				return setPassword(ctx, w, u, secret)
			})
		},
	}
	f.register(cmd)
	return cmd
}

// longestPassword is far beyond what Auth0 takes, in bytes.
const longestPassword = 1 << 12

// givenPassword is the password on standard input. At a terminal it is asked for, and nobody sees it.
func givenPassword(cmd *cobra.Command) (auth0client.Secret, error) {
	in := cmd.InOrStdin()
	terminal, ok := in.(interface{ Fd() uintptr })
	if !ok || !isTerminal(in) {
		return readPassword(in)
	}
	text, err := askHiddenTwice(cmd.Context(), terminal.Fd(), cmd.ErrOrStderr(), "New password of the user: ")
	if err != nil {
		return auth0client.Secret{}, err
	}
	return readPassword(strings.NewReader(text))
}

// readPassword reads a password up to the end of the first line.
func readPassword(in io.Reader) (auth0client.Secret, error) {
	text, err := io.ReadAll(io.LimitReader(in, longestPassword+1))
	if err != nil {
		return auth0client.Secret{}, errors.New("the password cannot be read from standard input")
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return auth0client.Secret{}, usagef("standard input holds no password")
	}
	if len(line) > longestPassword { // cut short it would be another one
		return auth0client.Secret{}, usagef("standard input holds more than a password")
	}
	return auth0client.NewSecret(line), nil
}

// setPassword holds the password against the connection's demands before it is sent. It was not made here: nothing of it is
// printed.
func setPassword(ctx context.Context, w *wiring, u auth0client.User, secret auth0client.Secret) (desk.Operation, error) {
	if err := hasPassword(u); err != nil {
		return desk.Operation{}, err
	}
	in, _ := u.DatabaseIdentity()
	if err := checkPassword(ctx, w.client, in.Connection.String(), u, secret); err != nil {
		return desk.Operation{}, err
	}
	named := ""
	if len(u.Identities) > 0 && u.Identities[0].Key != in.Key {
		named = in.Connection.String()
	}
	op := desk.SetPassword(w.client, u, named, secret)
	run := op.Run
	op.Run = func(ctx context.Context) desk.Result {
		r := run(ctx)
		r.Once = nil
		return r
	}
	return op, nil
}

// checkPassword says which demands of a connection a password does not meet. Where the connection cannot be read Auth0
// decides.
func checkPassword(ctx context.Context, c *auth0client.Client, connection string, u auth0client.User, secret auth0client.Secret) error {
	all, err := c.Connections(ctx)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.Label.String() != connection || !one.Options.Known {
			continue
		}
		if unmet := desk.Unmet(desk.PasswordRules(one.Options, u, secret.Reveal())); len(unmet) > 0 {
			return errors.New("the password does not meet the policy of " + one.Label.String() + "; it needs " + strings.Join(unmet, "; "))
		}
	}
	return nil
}
