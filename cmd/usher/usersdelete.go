package main

import (
	"context"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
)

func newUsersDelete(console *consoleFlags) *cobra.Command {
	f := &changeFlags{typed: true}
	cmd := &cobra.Command{
		Use: "delete " + userArg, Short: "Delete a user for good, and keep a copy of the record", Args: cobra.ExactArgs(1),
		Long: "Asks to type the user's email. Before anything is deleted a copy of the record is put into the folder `deleted` beside\n" +
			"the journal; usher users create --from reads it. Scripts give --yes --confirm EMAIL; for ids from standard input,\n" +
			"--confirm takes how many there are.",
		RunE: func(cmd *cobra.Command, args []string) error {
			many := args[0] == "-"
			return f.run(cmd, console, args[0], func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
				op := desk.Delete(w.client, u, w.keepRecord)
				if many {
					op.Type = ""
				}
				return op, nil
			})
		},
	}
	f.register(cmd)
	return cmd
}
