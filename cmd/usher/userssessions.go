package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/signin"
	"usher/auth0client/term"
)

// endable is one thing of a user that can be ended by itself. The names of its fields are a contract.
type endable struct {
	ID          string     `json:"id"`
	Application []string   `json:"applications"` // client ids
	Text        string     `json:"text"`         // in words
	CreatedAt   *time.Time `json:"created_at"`
	LastUsed    *time.Time `json:"last_used"`
	ExpiresAt   *time.Time `json:"expires_at"`
}

// sessionsOut is by what a user is signed in. A list is null where the tenant's plan does not show it. The names of its
// fields are a contract.
type sessionsOut struct {
	Sessions []endable `json:"sessions"`
	Tokens   []endable `json:"refresh_tokens"`
	Devices  []endable `json:"devices"`
	Grants   []endable `json:"grants"`
}

func newUsersSessions(console *consoleFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "sessions ID|EMAIL", Short: "List a user's sessions, refresh tokens, devices and grants", Args: cobra.ExactArgs(1),
		Long: "Each line begins with its kind and id; usher users end takes one away, usher users sign-out all sessions and tokens.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return ofUser(cmd, console, args[0], func(ctx context.Context, w *wiring, _ signin.Operator, u auth0client.User) error {
				var err error
				all := map[string][]endable{}
				for _, kind := range endKinds() {
					if all[kind.flag], err = kind.list(ctx, w.client, u.ID); err != nil && !planLacks(err) {
						return told{"", err}
					}
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), sessionsOut{all["session"], all["token"], all["device"], all["grant"]})
				}
				printEndables(cmd.OutOrStdout(), cmd.ErrOrStderr(), all)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

func printEndables(out, errs io.Writer, all map[string][]endable) {
	for _, kind := range endKinds() {
		if all[kind.flag] == nil {
			fmt.Fprintf(errs, "usher: this tenant's plan shows no %ss\n", kind.name)
		}
		for _, e := range all[kind.flag] {
			used := ""
			if e.LastUsed != nil {
				used = "last used " + e.LastUsed.Local().Format(time.DateTime)
			}
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", kind.flag, term.Line(e.ID), term.Line(e.Text), used)
		}
	}
}

// planLacks reports that a list is missing for the tenant's plan: some of Auth0's answers say so as "not found".
func planLacks(err error) bool {
	return auth0client.PlanLacks(err) || errors.As(err, new(*auth0client.NotFound))
}

// endKind is a kind of what can be ended.
type endKind struct {
	flag, name string // name is the desk's
	list       func(ctx context.Context, c *auth0client.Client, id auth0client.UserID) ([]endable, error)
}

func endKinds() []endKind {
	return []endKind{
		{"session", desk.OneSession, func(ctx context.Context, c *auth0client.Client, id auth0client.UserID) ([]endable, error) {
			return endables(ctx, c.Sessions, id, func(s auth0client.Session) endable {
				return endable{s.ID, texts(s.Applications), s.UserAgent.String() + " from " + s.IP.String(), known(s.CreatedAt), known(s.LastActive), known(s.ExpiresAt)}
			})
		}},
		{"token", desk.OneToken, func(ctx context.Context, c *auth0client.Client, id auth0client.UserID) ([]endable, error) {
			return endables(ctx, c.RefreshTokens, id, func(r auth0client.RefreshToken) endable {
				return endable{r.ID, texts([]term.Safe{r.Application}), "of " + r.Application.String(), known(r.CreatedAt), known(r.LastExchanged), known(r.ExpiresAt)}
			})
		}},
		{"device", desk.OneDevice, func(ctx context.Context, c *auth0client.Client, id auth0client.UserID) ([]endable, error) {
			return endables(ctx, c.DeviceCredentials, id, func(d auth0client.DeviceCredential) endable {
				return endable{ID: d.ID, Application: texts([]term.Safe{d.Application}), Text: d.Device.String() + " of " + d.Application.String()}
			})
		}},
		{"grant", desk.OneGrant, func(ctx context.Context, c *auth0client.Client, id auth0client.UserID) ([]endable, error) {
			return endables(ctx, c.Grants, id, func(g auth0client.Grant) endable {
				return endable{ID: g.ID, Application: texts([]term.Safe{g.Application}),
					Text: "of " + g.Application.String() + " for " + g.API.String() + ": " + strings.Join(texts(g.Scopes), " ")}
			})
		}},
	}
}

func endables[T any](ctx context.Context, read func(context.Context, auth0client.UserID) ([]T, error), id auth0client.UserID, as func(T) endable) ([]endable, error) {
	all, err := read(ctx, id)
	if err != nil {
		return nil, err
	}
	out := []endable{}
	for _, one := range all {
		out = append(out, as(one))
	}
	return out, nil
}

func texts(all []term.Safe) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.String()
	}
	return out
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func newUsersEnd(console *consoleFlags) *cobra.Command {
	f := &changeFlags{}
	ids := map[string]*string{}
	cmd := &cobra.Command{
		Use: "end ID|EMAIL --session ID|--token ID|--device ID|--grant ID", Short: "End one session, refresh token, device or grant of a user", Args: cobra.ExactArgs(1),
		Long: "Ends one of what usher users sessions lists.",
		RunE: func(cmd *cobra.Command, args []string) error {
			var kind endKind
			n := 0
			for _, k := range endKinds() {
				if *ids[k.flag] != "" {
					kind, n = k, n+1
				}
			}
			switch {
			case n != 1:
				return usagef("give one of --session, --token, --device and --grant")
			case args[0] == "-":
				return usagef("end takes one user, by id or email")
			}
			id := *ids[kind.flag]
			return f.run(cmd, console, args[0], func(ctx context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				return endOne(ctx, w.client, u, kind, id)
			})
		},
	}
	for _, k := range endKinds() {
		ids[k.flag] = cmd.Flags().String(k.flag, "", "the `ID` of the "+k.name)
	}
	f.register(cmd)
	return cmd
}

// endOne ends what is the user's: an id of somebody else's is not found.
func endOne(ctx context.Context, c *auth0client.Client, u auth0client.User, kind endKind, id string) (desk.Operation, error) {
	all, err := kind.list(ctx, c, u.ID)
	if err != nil {
		return desk.Operation{}, err
	}
	for _, e := range all {
		if e.ID == id {
			return desk.EndOne(c, u, kind.name, id, e.Text), nil
		}
	}
	return desk.Operation{}, &auth0client.NotFound{Answer: auth0client.Answer{Status: 404, Message: term.Line("they have no " + kind.name + " " + id)}}
}
