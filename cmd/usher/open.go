package main

import (
	"strings"

	"github.com/spf13/cobra"
)

func newOpen(console *consoleFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "open ID|EMAIL|QUERY",
		Short: "Open the console at a person or a search",
		Long: "Opens the console with what it finds: an email, name, phone number, user id, a line out of a ticket, a key of one of\n" +
			"the profile's lookups (crm:12345), or Auth0's search syntax. Exactly one person is opened at once.\n\n" +
			"A ticket system can offer the whole line to paste: usher open 'auth0|5f7c…'",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return openConsole(cmd.Context(), console, strings.Join(args, " "))
		},
	}
}
