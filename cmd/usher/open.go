package main

import (
	"strings"

	"github.com/spf13/cobra"
)

func newOpen(console *consoleFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "open ID|EMAIL|QUERY",
		Short: "Open the console at a person or a search",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return openConsole(cmd.Context(), console, strings.Join(args, " "))
		},
	}
}
