package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/gateway/journal"
	"usher/auth0client/term"
)

// newVisitJournal is the journal as operators read it over SSH: through the gateway, which asks for a permission and leaves
// out whom their policies hide.
func newVisitJournal(o *consoleFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "journal", Short: "Read the record of changes"}
	var asJSON bool
	var last int
	var user string
	list := &cobra.Command{
		Use: "list", Short: "List the last changes, oldest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if last < 1 || last > 200 {
				return usagef("--last %d: choose 1 to 200", last)
			}
			w, _, err := openSignedIn(cmd.Context(), o)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, w.close()) }()
			entries, err := w.readJournal(cmd, last, user)
			if err != nil {
				return err
			}
			slices.Reverse(entries)
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(entries)
			}
			for _, e := range entries {
				fmt.Fprintln(cmd.OutOrStdout(), oneLine(e))
			}
			return nil
		},
	}
	list.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	list.Flags().IntVar(&last, "last", 50, "how many lines (`N`), 200 at most")
	list.Flags().StringVar(&user, "user", "", "only changes of this `USER` (an id)")
	cmd.AddCommand(list)
	asUsage(cmd)
	return cmd
}

// readJournal asks the gateway for the newest lines, newest first.
func (w *wiring) readJournal(cmd *cobra.Command, last int, user string) ([]journal.Entry, error) {
	q := url.Values{"take": {strconv.Itoa(last)}}
	if user != "" {
		q.Set("target", user)
	}
	// The host is nobody's: the request ends at the gateway, which decides where others go.
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "https://gateway.invalid/usher/v1/journal?"+q.Encode(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	res, err := w.way.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 32<<20))
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	var answer struct {
		Entries    []journal.Entry `json:"entries"`
		Message    string          `json:"message"`
		Permission string          `json:"permission"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	switch res.StatusCode {
	case http.StatusOK:
		return answer.Entries, nil
	case http.StatusForbidden:
		return nil, &auth0client.Forbidden{Permission: answer.Permission, Answer: auth0client.Answer{Message: term.Line(answer.Message)}}
	}
	return nil, fmt.Errorf("read the journal: %s", term.Line(answer.Message))
}
