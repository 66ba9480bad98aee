package main

import (
	"context"
	"fmt"
	"io"
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
		Long: "Plain words are looked for in names and emails; a query such as 'blocked:true AND last_login:[* TO 2026-01-01]' goes to\n" +
			"Auth0 as it is. Auth0's search trails behind writes by a moment and gives 1,000 users at most.\n\n" +
			"Piped, the output has no heading and tabs between the fields:\n  usher users search 'blocked:true' --fields user_id | usher users unblock - --yes",
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, console, strings.Join(args, " ")) },
	}
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print a JSON array")
	cmd.Flags().IntVar(&f.limit, "limit", 50, "how many users at most, up to 1000")
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
	found, total, err := f.search(ctx, w.client, query)
	if err != nil {
		return tell("search", err)
	}
	if total > len(found) {
		fmt.Fprintf(cmd.ErrOrStderr(), "usher: %d of %d shown; --limit shows more, a narrower query fewer\n", len(found), total)
		if total >= auth0client.SearchWindow {
			fmt.Fprintln(cmd.ErrOrStderr(), "usher: Auth0 counts no further than 1,000; usher users export has all")
		}
	}
	return f.print(cmd.OutOrStdout(), found)
}

func (f *searchFlags) search(ctx context.Context, c *auth0client.Client, query string) (found []userOut, total int, err error) {
	for page := 0; len(found) < f.limit; page++ {
		got, err := c.SearchUsers(ctx, auth0client.Search{Query: query, Page: page, PerPage: min(searchPage, max(f.limit, 1))})
		if err != nil {
			return nil, 0, err
		}
		total = got.Total
		for _, u := range got.Users {
			found = append(found, newUserOut(u))
		}
		if len(got.Users) == 0 || len(found) >= got.Total || (page+1)*got.Limit >= auth0client.SearchWindow {
			break
		}
	}
	return found[:min(f.limit, len(found))], total, nil
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
