package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/term"
)

// searchPage is how many users one request asks for.
const searchPage = 100

type searchFlags struct {
	asJSON bool
	limit  int
	fields []string
}

func newUsersSearch(console *consoleFlags) *cobra.Command {
	f := &searchFlags{}
	cmd := &cobra.Command{
		Use: "search QUERY", Short: "Find users by words, an email, an id, a phone number or Auth0's search syntax", Args: cobra.MinimumNArgs(1),
		Long: "Finds what the console finds: plain words in names and emails, a line pasted out of a ticket, ids as in an address\n" +
			"(auth0%7C5f7c…), a key of the profile's lookups (crm:C-10001, or C-10001 alone). A query such as\n" +
			"'blocked:true AND last_login:[* TO 2026-01-01]' goes to Auth0. Ids and emails are looked up at once; Auth0's search\n" +
			"trails behind writes by a moment and gives 1,000 users at most.\n\n" +
			"When nobody is found, what was asked is said and the exit code is 4; with --json it is an empty array and 0.\n\n" +
			"Piped, the output has no heading and tabs between the fields:\n  usher users search 'blocked:true' --fields user_id | usher users unblock - --yes",
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, console, strings.Join(args, " ")) },
	}
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print a JSON array")
	cmd.Flags().IntVar(&f.limit, "limit", 50, "`N` users at most, up to 1000")
	cmd.Flags().StringSliceVar(&f.fields, "fields", nil, "which `FIELDS`, as in user_id,email,last_login")
	return cmd
}

func (f *searchFlags) run(cmd *cobra.Command, console *consoleFlags, query string) (err error) {
	if err := checkFields(f.fields); err != nil {
		return err
	}
	if f.limit < 1 || f.limit > auth0client.SearchWindow {
		return usagef("--limit is %d: Auth0's search gives 1 to %d users; to have all, usher users export", f.limit, auth0client.SearchWindow)
	}
	ctx, stop := notifyInterrupt(cmd.Context())
	defer stop()
	w, _, err := openSignedIn(ctx, console)
	if err != nil {
		return err
	}
	defer w.closeInto(&err)
	found, page, err := f.search(ctx, w, query)
	if err != nil {
		return tell("search", err)
	}
	if page.Missed != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "usher: the search beside the look-up failed, there may be more: %v\n", tell("", page.Missed))
	}
	if len(found) == 0 && !f.asJSON {
		return partly{fmt.Errorf("nobody found; asked for: %s", page.Ran), exitNotFound}
	}
	total := page.Total
	if total > len(found) {
		fmt.Fprintf(cmd.ErrOrStderr(), "usher: %d of %d shown; --limit shows more, a narrower query fewer\n", len(found), total)
		if total >= auth0client.SearchWindow {
			fmt.Fprintln(cmd.ErrOrStderr(), "usher: Auth0 counts no further than 1,000; usher users export has all")
		}
	}
	return f.print(cmd.OutOrStdout(), found)
}

// search gives the users found, each once, and what the first page says of them all.
func (f *searchFlags) search(ctx context.Context, w *wiring, query string) (found []userOut, first auth0client.FoundPage, err error) {
	finding := auth0client.Finding{Typed: query, Lookups: w.lookups, PerPage: min(searchPage, f.limit), Names: map[string]string{}}
	for _, field := range w.fields {
		if field.Search && field.Name != "" {
			finding.Names[field.Name] = field.Path
		}
	}
	// No query of Auth0's finds who holds a role: it would find nobody, and that would be believed.
	if regexp.MustCompile(`(?i)(^|[\s(+-])role:`).MatchString(query) && finding.Names["role"] == "" {
		return nil, first, usagef("role: is a filter of the console's; usher roles show ROLE --members lists who holds a role")
	}
	seen := map[auth0client.UserID]bool{}
	for ; len(found) < f.limit; finding.Page++ {
		got, err := w.client.Find(ctx, finding)
		if err != nil {
			return nil, first, err
		}
		if finding.Page == 0 {
			first = got
		}
		for _, u := range got.Users {
			if !seen[u.ID] {
				seen[u.ID] = true
				found = append(found, newUserOut(u))
			}
		}
		if len(got.Users) == 0 || len(found) >= first.Total || (finding.Page+1)*finding.PerPage >= auth0client.SearchWindow {
			break
		}
	}
	return found[:min(f.limit, len(found))], first, nil
}

func (f *searchFlags) print(out io.Writer, found []userOut) error {
	names := f.fields
	if f.asJSON {
		if len(names) == 0 {
			return printJSON(out, append([]userOut{}, found...))
		}
		rows := make([]map[string]any, len(found))
		for i, u := range found {
			rows[i] = map[string]any{}
			for _, n := range names {
				rows[i][n] = u.field(n)
			}
		}
		return printJSON(out, rows)
	}
	if len(names) == 0 {
		names = []string{"user_id", "email", "name", "connection", "blocked", "last_login"}
	}
	if !isTerminal(out) {
		for _, u := range found {
			fmt.Fprintln(out, strings.Join(cells(u, names), "\t"))
		}
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.ToUpper(strings.Join(names, "\t")))
	for _, u := range found {
		fmt.Fprintln(table, strings.Join(cells(u, names), "\t"))
	}
	return table.Flush()
}

func cells(u userOut, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		if v := u.field(n); v != nil {
			out[i] = term.Line(fmt.Sprint(v)).String()
		}
	}
	return out
}
