package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
)

// ambiguous: a name or an email means several; each is listed.
type ambiguous struct {
	what   string
	choose []string
}

func (e *ambiguous) Error() string {
	s := e.what + " means several; name one by its id:"
	for _, c := range e.choose {
		s += "\n  " + c
	}
	return s
}

func newRoles(console *consoleFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "roles", Short: "List, show, assign and remove roles"}
	cmd.AddCommand(newRolesList(console), newRolesShow(console), newRolesAssign(console), newRolesRemove(console))
	return cmd
}

// signedIn runs a command's work with the sign-in that usher login kept.
func signedIn(ctx context.Context, console *consoleFlags, work func(context.Context, *auth0client.Client) error) (err error) {
	ctx, stop := notifyInterrupt(ctx)
	defer stop()
	w, _, err := openSignedIn(ctx, console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	return work(ctx, w.client)
}

// roleJSON is a role as --json prints it.
type roleJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

func roleOf(r auth0client.Role) roleJSON {
	return roleJSON{string(r.ID), r.Name.String(), r.Description.String()}
}

func newRolesList(console *consoleFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the tenant's roles", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return signedIn(cmd.Context(), console, func(ctx context.Context, c *auth0client.Client) error {
				roles, err := c.Roles(ctx)
				if err != nil {
					return err
				}
				out := make([]roleJSON, len(roles))
				for i, r := range roles {
					out[i] = roleOf(r)
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), out)
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				for _, r := range out {
					fmt.Fprintf(w, "%s\t%s\t%s\n", term.Line(r.ID), r.Name, r.Description)
				}
				return w.Flush()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}

type permissionJSON struct {
	API         string `json:"api"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

type personJSON struct {
	ID    string `json:"user_id"`
	Email string `json:"email,omitempty"`
	Name  string `json:"name,omitempty"`
}

func personOf(u auth0client.User) personJSON {
	return personJSON{string(u.ID), u.Email.String(), u.Name.String()}
}

// roleShown is a role with all of it, as --json prints it.
type roleShown struct {
	roleJSON
	Permissions []permissionJSON `json:"permissions"`
	Members     []personJSON     `json:"members,omitempty"`
}

func newRolesShow(console *consoleFlags) *cobra.Command {
	var asJSON, members bool
	cmd := &cobra.Command{
		Use: "show ROLE", Short: "Show a role, by name or id, with its permissions", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return signedIn(cmd.Context(), console, func(ctx context.Context, c *auth0client.Client) error {
				shown, err := showRole(ctx, c, args[0], members)
				switch {
				case err != nil:
					return err
				case asJSON:
					return printJSON(cmd.OutOrStdout(), shown)
				}
				return printRole(cmd.OutOrStdout(), shown, members)
			})
		},
	}
	cmd.Flags().BoolVar(&members, "members", false, "list who holds it directly")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

func showRole(ctx context.Context, c *auth0client.Client, name string, members bool) (roleShown, error) {
	roles, err := rolesNamed(ctx, c, []string{name})
	if err != nil {
		return roleShown{}, err
	}
	gives, err := c.RolePermissions(ctx, roles[0].ID)
	if err != nil {
		return roleShown{}, err
	}
	out := roleShown{roleJSON: roleOf(roles[0]), Permissions: []permissionJSON{}}
	for _, p := range gives {
		out.Permissions = append(out.Permissions, permissionJSON{p.Ref.API, p.Name.String(), p.Description.String()})
	}
	for from := ""; members; {
		part, err := c.RoleMembers(ctx, roles[0].ID, from)
		if err != nil {
			return roleShown{}, err
		}
		for _, u := range part.Items {
			out.Members = append(out.Members, personOf(u))
		}
		if from = part.Next; from == "" || len(part.Items) == 0 {
			break
		}
	}
	return out, nil
}

func printRole(out io.Writer, r roleShown, members bool) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\n", r.Name, term.Line(r.ID))
	if r.Description != "" {
		fmt.Fprintf(w, "%s\n", r.Description)
	}
	fmt.Fprintf(w, "%d permissions\n", len(r.Permissions))
	for _, p := range r.Permissions {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", p.Name, term.Line(p.API), p.Description)
	}
	if members {
		fmt.Fprintf(w, "%d members\n", len(r.Members))
	}
	for _, m := range r.Members {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", term.Line(m.ID), m.Email, m.Name)
	}
	return w.Flush()
}

// rolesNamed finds the roles that names or ids mean, each once.
func rolesNamed(ctx context.Context, c *auth0client.Client, names []string) ([]auth0client.Role, error) {
	all, err := c.Roles(ctx)
	if err != nil {
		return nil, err
	}
	return pickRoles(all, names)
}

func pickRoles(all []auth0client.Role, names []string) ([]auth0client.Role, error) {
	var out []auth0client.Role
	seen := map[auth0client.RoleID]bool{}
	for _, name := range names {
		found := desk.FindRole(all, name)
		switch len(found) {
		case 0:
			return nil, &auth0client.NotFound{Answer: auth0client.Answer{Message: term.Line(fmt.Sprintf("there is no role %q; usher roles list shows those there are", name)), Status: 404}}
		case 1:
			if !seen[found[0].ID] {
				seen[found[0].ID] = true
				out = append(out, found[0])
			}
		default:
			e := &ambiguous{what: fmt.Sprintf("the role %q", name)}
			for _, r := range found {
				e.choose = append(e.choose, fmt.Sprintf("%s  %s  %s", term.Line(string(r.ID)), r.Name, r.Description))
			}
			return nil, e
		}
	}
	return out, nil
}
