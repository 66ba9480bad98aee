package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	xterm "github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
)

// rolesFlags are the flags of assign and remove.
type rolesFlags struct {
	flag   string // that names the users
	people []string
	reason string
	left   string
	yes    bool
	dryRun bool
	asJSON bool
}

func (f *rolesFlags) register(cmd *cobra.Command, to, usage string) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.people, to, nil, usage)
	fs.StringVar(&f.reason, "reason", "", "`WHY`, for the journal")
	fs.StringVar(&f.left, "left", "", "write the ids of whom it was not done for to `FILE`, to go on with later")
	fs.BoolVar(&f.yes, "yes", false, "do not ask")
	fs.BoolVar(&f.dryRun, "dry-run", false, "say what would be done and do nothing")
	fs.BoolVar(&f.asJSON, "json", false, "print a JSON object")
	f.flag = to
}

func newRolesAssign(console *consoleFlags) *cobra.Command {
	f := &rolesFlags{}
	cmd := &cobra.Command{
		Use: "assign ROLE… --to ID|EMAIL…|-", Short: "Assign roles, by name or id, to users", Args: cobra.MinimumNArgs(1),
		Example: "  usher roles assign 'Order desk' 'Refund desk' --to ada@example.com\n  usher roles assign Moderator --to - --yes <ids.txt",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, console, true, args) },
	}
	f.register(cmd, "to", "`USER`, by id or email, to assign to; repeat it, or - reads one a line")
	return cmd
}

func newRolesRemove(console *consoleFlags) *cobra.Command {
	f := &rolesFlags{}
	cmd := &cobra.Command{
		Use: "remove ROLE… --from ID|EMAIL…|-", Short: "Remove roles, by name or id, from users", Args: cobra.MinimumNArgs(1),
		Example: "  usher roles remove Moderator --from ada@example.com --reason 'left the team'",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, console, false, args) },
	}
	f.register(cmd, "from", "`USER`, by id or email, to remove from; repeat it, or - reads one a line")
	return cmd
}

// run is what assign and remove have in common.
func (f *rolesFlags) run(cmd *cobra.Command, console *consoleFlags, assign bool, names []string) error {
	if len(f.people) == 0 {
		return usagef("name the users with --%s: by id, by email, or - for one a line of the standard input", f.flag)
	}
	if !f.yes && !f.dryRun && (slices.Contains(f.people, "-") || f.asJSON || !xterm.IsTerminal(os.Stdin.Fd())) {
		return usagef("nothing can be asked here: add --yes to do it, or --dry-run to see what it would do")
	}
	people, err := peopleNamed(f.people, cmd.InOrStdin())
	if err != nil {
		return err
	}
	return signedIn(cmd.Context(), console, func(ctx context.Context, c *auth0client.Client) error {
		all, err := c.Roles(ctx)
		if err != nil {
			return err
		}
		names, more := sortOut(all, names)
		roles, err := pickRoles(all, names)
		if err != nil {
			return err
		}
		users, err := findPeople(ctx, c, append(people, more...))
		if err != nil {
			return err
		}
		run := newRolesRun(c, assign, roles, users)
		if f.dryRun || !f.yes {
			// With --json the object alone goes to the output.
			to := cmd.OutOrStdout()
			if f.asJSON {
				to = io.Discard
			}
			run.say(to)
			if f.dryRun {
				return run.report(cmd.OutOrStdout(), f.asJSON, true)
			}
			answer, err := askLine(ctx, cmd.InOrStdin(), cmd.ErrOrStderr(), "Do it? [y/N] ")
			if err != nil {
				return err
			}
			if a := strings.ToLower(answer); a != "y" && a != "yes" {
				return errors.New("nothing was done")
			}
		}
		run.do(ctx, f.reason, progressTo(cmd.ErrOrStderr()))
		return errors.Join(run.report(cmd.OutOrStdout(), f.asJSON, false), run.keepLeft(f.left), f.explained(run.err()))
	})
}

// sortOut tells roles from the users that stand among them: after --to ada@example.com comes grace@example.com, say. What
// is a role's name or id is a role.
func sortOut(all []auth0client.Role, args []string) (roles, people []string) {
	for _, arg := range args {
		if strings.ContainsAny(arg, "@|") && len(desk.FindRole(all, arg)) == 0 {
			people = append(people, arg)
		} else {
			roles = append(roles, arg)
		}
	}
	return roles, people
}

// explained says which flag or command is missing where the gateway wants something more.
func (f *rolesFlags) explained(err error) error {
	switch {
	case errors.As(err, new(*auth0client.ReasonNeeded)):
		return usagef("%w; add --reason TEXT", err)
	case errors.As(err, new(*auth0client.FreshLogin)):
		return fmt.Errorf("%w; run usher login", err)
	}
	return err
}

// peopleNamed are the users named by flags, and by lines of the standard input where "-" stands.
func peopleNamed(flags []string, in io.Reader) ([]string, error) {
	var out []string
	for _, name := range flags {
		if name != "-" {
			out = append(out, name)
			continue
		}
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); line != "" {
				out = append(out, line)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("read the users from the standard input: %w", err)
		}
	}
	if len(out) == 0 {
		return nil, usagef("no user is named")
	}
	return out, nil
}

// findPeople finds users by id or email. The id of a single user is looked up; of several each is taken as it is: the
// tenant says when there is nobody of it.
func findPeople(ctx context.Context, c interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	UsersByEmail(ctx context.Context, email string) ([]auth0client.User, error)
}, names []string,
) ([]auth0client.User, error) {
	var out []auth0client.User
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		switch {
		case strings.Contains(name, "@") && !strings.Contains(name, "|"):
			found, err := c.UsersByEmail(ctx, strings.ToLower(name))
			switch {
			case err != nil:
				return nil, err
			case len(found) == 0:
				return nil, &auth0client.NotFound{Answer: auth0client.Answer{Message: term.Line("nobody has the email " + name), Status: 404}}
			case len(found) > 1:
				e := &ambiguous{what: fmt.Sprintf("the email %q", name)}
				for _, u := range found {
					e.choose = append(e.choose, desk.Who(u))
				}
				return nil, e
			}
			out = append(out, found[0])
		case len(names) == 1:
			u, err := c.User(ctx, auth0client.UserID(name))
			if err != nil {
				return nil, err
			}
			out = append(out, u)
		default:
			out = append(out, auth0client.User{ID: auth0client.UserID(name)})
		}
	}
	return out, nil
}
