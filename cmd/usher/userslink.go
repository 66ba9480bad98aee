package main

import (
	"context"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
)

func newUsersLink(console *consoleFlags) *cobra.Command {
	f := &changeFlags{}
	var with string
	cmd := &cobra.Command{
		Use: "link ID|EMAIL --with ID|EMAIL", Short: "Make another user an identity of a user", Args: cobra.ExactArgs(1),
		Long: "Makes the user named by --with an identity of the first. Its id, roles, second factors and metadata are gone for good;\n--dry-run says which.",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case with == "":
				return usagef("--with is missing: the user who becomes an identity")
			case args[0] == "-" || with == "-":
				return usagef("link takes one user and one other, by id or email")
			}
			return f.run(cmd, console, args[0], func(ctx context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				other, err := desk.Named(ctx, w.client, with, w.lookups)
				if err != nil {
					return desk.Operation{}, err
				}
				if other.ID == u.ID {
					return desk.Operation{}, usagef("both are %s", u.ID.Safe())
				}
				return desk.Link(w.client, u, other), nil
			})
		},
	}
	cmd.Flags().StringVar(&with, "with", "", "the other `USER`, by id or email")
	f.register(cmd)
	return cmd
}

func newUsersUnlink(console *consoleFlags) *cobra.Command {
	f := &changeFlags{}
	var identity string
	cmd := &cobra.Command{
		Use: "unlink ID|EMAIL --identity PROVIDER|ID", Short: "Make a linked identity a user of its own again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case identity == "":
				return usagef("--identity is missing: provider|id, as usher users show lists it")
			case args[0] == "-":
				return usagef("unlink takes one user, by id or email")
			}
			return f.run(cmd, console, args[0], func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				i, err := linkedIdentity(u, identity)
				if err != nil {
					return desk.Operation{}, err
				}
				return desk.Unlink(w.client, u, i), nil
			})
		},
	}
	cmd.Flags().StringVar(&identity, "identity", "", "the linked `IDENTITY`: provider|id, as usher users show lists it")
	f.register(cmd)
	return cmd
}

// linkedIdentity finds an identity beside the first, which is the user itself.
func linkedIdentity(u auth0client.User, named string) (auth0client.Identity, error) {
	if plain, err := url.PathUnescape(named); err == nil && !strings.Contains(named, "|") {
		named = plain
	}
	var have []string
	for n, i := range u.Identities {
		key := i.Key.Provider + "|" + i.Key.UserID
		switch {
		case n == 0 && key == named:
			return i, usagef("--identity %q is the user itself: only linked identities can be taken away", named)
		case n > 0 && key == named:
			return i, nil
		case n > 0:
			have = append(have, i.Provider.String()+"|"+i.UserID.String())
		}
	}
	if len(have) == 0 {
		return auth0client.Identity{}, usagef("--identity %q: they have no linked identity", named)
	}
	return auth0client.Identity{}, usagef("--identity %q is none of theirs: %s", named, strings.Join(have, ", "))
}
