package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"usher/config"
)

// completing reports whether a shell asks what may come next. Only then are completions made: cobra keeps them for as long as
// the process lives.
func completing(args []string) bool {
	return len(args) > 1 && (args[1] == cobra.ShellCompRequestCmd || args[1] == cobra.ShellCompNoDescRequestCmd)
}

// addCompletions says what may stand where: the values of flags that have a few, and files where a file is meant. Nobody is
// asked over the network.
func addCompletions(cmd *cobra.Command, o *consoleFlags) {
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions // no command takes a file but by a flag
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		place, _ := pflag.UnquoteUsage(f)
		if f.Value.Type() == "bool" || slices.Contains([]string{"FILE", "FOLDER", "DIR", "WHERE"}, place) {
			return
		}
		path := strings.TrimPrefix(cmd.CommandPath(), "usher ")
		// It fails for a flag that has completions already, which are those of a command above.
		_ = cmd.RegisterFlagCompletionFunc(f.Name, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return flagValues(path, f.Name, typed, o), cobra.ShellCompDirectiveNoFileComp
		})
	})
	for _, sub := range cmd.Commands() {
		addCompletions(sub, o)
	}
}

// flagValues are the values a flag of a command can have; none where anything goes.
func flagValues(command, flag, typed string, o *consoleFlags) []string {
	switch flag {
	case "theme":
		return []string{"auto", "dark", "light"}
	case "as":
		return []string{"viewer", "support", "admin"}
	case "plan":
		return []string{"free", "pro", "enterprise", "unlimited"}
	case "algorithm":
		return []string{"RS256", "PS256"}
	case "format":
		if command == "journal export" {
			return []string{"jsonl", "csv"}
		}
		return []string{"json", "csv"}
	case "action":
		if strings.HasPrefix(command, "journal") {
			return actionKinds()
		}
		return wanted()
	case "features":
		before, _, several := cutLast(typed, ",")
		if several {
			before += ","
		}
		var all []string
		for _, a := range actionKinds() {
			all = append(all, before+a)
		}
		return all
	case "profile", "of":
		c, err := config.Read(configPlace(o))
		if err != nil {
			return nil
		}
		return slices.Sorted(maps.Keys(c.Profiles))
	}
	return nil
}

// cutLast cuts a text around the last sep; without one, all of it comes after.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}
