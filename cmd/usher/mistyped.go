package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// execute runs the command that is asked for. A word that a group of commands does not know is a mistake: cobra would print
// the group's help and end well, which a script takes for done.
func execute(ctx context.Context, root *cobra.Command) error {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if mistyped(cmd) == "" {
			help(cmd, args)
		}
	})
	cmd, err := root.ExecuteContextC(ctx)
	if word := mistyped(cmd); err == nil && word != "" {
		return usageError{unknownCommand(cmd, word)}
	}
	return err
}

// mistyped is the first word after a group of commands that is none of them.
func mistyped(cmd *cobra.Command) string {
	if help, err := cmd.Flags().GetBool("help"); cmd.Runnable() || err == nil && help {
		return ""
	}
	return cmd.Flags().Arg(0)
}

// unknownCommand says that a word is no command here, and which may have been meant.
func unknownCommand(cmd *cobra.Command, word string) error {
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		return fmt.Errorf("there is no command %q after %q; did you mean %s?", word, cmd.CommandPath(), strings.Join(near, ", "))
	}
	return fmt.Errorf("there is no command %q after %q; see %s --help", word, cmd.CommandPath(), cmd.CommandPath())
}

// flagMistake is a flag that a command does not have, or a value that the flag cannot have. After a mistyped command the
// flags are another's.
func flagMistake(cmd *cobra.Command, err error) error {
	if word := mistyped(cmd); word != "" {
		return usageError{unknownCommand(cmd, word)}
	}
	return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
}

// asUsage makes mistakes in a command's arguments usage errors that say where help is.
func asUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			switch {
			case err == nil:
				return nil
			case c.HasSubCommands() && len(args) > 0:
				return usageError{unknownCommand(c, args[0])}
			}
			return usageError{fmt.Errorf("%w: %s; see %s --help", err, c.UseLine(), c.CommandPath())}
		}
	}
	for _, sub := range cmd.Commands() {
		asUsage(sub)
	}
}
