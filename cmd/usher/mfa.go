package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/signin"
)

func newMFA(console *consoleFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "mfa", Short: "List, reset and enrol a user's second factors, and forget their known devices"}
	cmd.AddCommand(newMFAList(console), newMFAReset(console), newMFACode(console), newMFAEnrol(console), newMFAClearRisk(console))
	return cmd
}

// methodOut is an enrolled method. The names of its fields are a contract; type is Auth0's.
type methodOut struct {
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	Label      string     `json:"label"`
	Detail     string     `json:"detail"`
	Confirmed  bool       `json:"confirmed"`
	CreatedAt  *time.Time `json:"created_at"`
	LastAuthAt *time.Time `json:"last_auth_at"`
}

func methodsOut(methods []auth0client.AuthenticationMethod) []methodOut {
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	out := []methodOut{}
	for _, m := range methods {
		out = append(out, methodOut{m.ID, string(m.Kind), m.Label.String(), m.Detail.String(), m.Confirmed, at(m.CreatedAt), at(m.LastAuthAt)})
	}
	return out
}

func newMFAList(console *consoleFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list ID|EMAIL", Short: "List what a user has enrolled", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return ofUser(cmd, console, args[0], func(ctx context.Context, w *wiring, _ signin.Operator, u auth0client.User) error {
				methods, err := w.client.AuthenticationMethods(ctx, u.ID)
				if err != nil {
					return told{"", err}
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), methodsOut(methods))
				}
				for _, m := range methods {
					last := "never used"
					if !m.LastAuthAt.IsZero() {
						last = "last used " + m.LastAuthAt.Local().Format(time.DateTime)
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\t%s\n", auth0client.UserID(m.ID).Safe(), auth0client.UserID(m.Kind).Safe(), desk.Method(m), last)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}

func newMFAReset(console *consoleFlags) *cobra.Command {
	f := &changeFlags{}
	var kinds []string
	cmd := &cobra.Command{
		Use: "reset " + userArg, Short: "Take a user's second factors away and forget remembered browsers", Args: cobra.ExactArgs(1),
		Long: "Takes all second factors away, or those named with --method by type or id. Password and passkeys stay unless named.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, console, args[0], func(ctx context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				methods, err := w.client.AuthenticationMethods(ctx, u.ID)
				if err != nil {
					return desk.Operation{}, err
				}
				chosen, err := choose(methods, kinds)
				if err != nil {
					return desk.Operation{}, err
				}
				return desk.ResetMFA(w.client, u, chosen), nil
			})
		},
	}
	cmd.Flags().StringSliceVar(&kinds, "method", nil, "only these `METHODS`, by type (totp, phone, …) or id")
	f.register(cmd)
	return cmd
}

// choose finds the methods named by type or id; all second factors when none is named.
func choose(methods []auth0client.AuthenticationMethod, named []string) ([]auth0client.AuthenticationMethod, error) {
	if len(named) == 0 {
		return append([]auth0client.AuthenticationMethod{}, desk.SecondFactors(methods)...), nil
	}
	chosen := []auth0client.AuthenticationMethod{}
	for _, m := range methods {
		if slices.Contains(named, string(m.Kind)) || slices.Contains(named, m.ID) {
			chosen = append(chosen, m)
		}
	}
	for _, n := range named {
		if !slices.ContainsFunc(chosen, func(m auth0client.AuthenticationMethod) bool { return string(m.Kind) == n || m.ID == n }) {
			have := []string{}
			for _, m := range methods {
				have = append(have, string(m.Kind))
			}
			return nil, usagef("--method %q is none of what they have enrolled: %s", n, strings.Join(have, ", "))
		}
	}
	return chosen, nil
}

func newMFACode(console *consoleFlags) *cobra.Command {
	f := &changeFlags{secret: true}
	cmd := &cobra.Command{
		Use: "recovery-code " + userArg, Short: "Print a new recovery code; the old one is good no more", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, console, args[0], func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				return desk.NewRecoveryCode(w.client, u), nil
			})
		},
	}
	f.register(cmd)
	return cmd
}

func newMFAEnrol(console *consoleFlags) *cobra.Command {
	f := &changeFlags{secret: true}
	var link bool
	cmd := &cobra.Command{
		Use: "enrol " + userArg, Aliases: []string{"enroll"}, Short: "Have Auth0 mail a user a link to enrol a second factor", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.secret = link // a mail gives nothing to print
			return f.run(cmd, console, args[0], func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				if u.EmailRaw == "" && !link {
					return desk.Operation{}, errors.New("they have no email: --link prints a link to hand on")
				}
				return desk.EnrolmentLink(w.client, u, !link), nil
			})
		},
	}
	cmd.Flags().BoolVar(&link, "link", false, "print the link for you to hand on; nobody is told")
	f.register(cmd)
	return cmd
}

func newMFAClearRisk(console *consoleFlags) *cobra.Command {
	f := &changeFlags{}
	var connection string
	cmd := &cobra.Command{
		Use: "clear-risk " + userArg, Short: "Make adaptive MFA treat a user's known devices as new", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, console, args[0], func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				at := connection
				if at == "" {
					at = u.Connection().String()
				}
				if !slices.ContainsFunc(u.Identities, func(i auth0client.Identity) bool { return i.Connection.String() == at }) {
					return desk.Operation{}, usagef("--connection %q is none by which they sign in", at)
				}
				return desk.ClearRisk(w.client, u, at), nil
			})
		},
	}
	cmd.Flags().StringVar(&connection, "connection", "", "at this connection (`NAME`; default: that of their first identity)")
	f.register(cmd)
	return cmd
}
