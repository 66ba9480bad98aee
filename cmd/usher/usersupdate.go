package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
)

type updateFlags struct {
	changeFlags
	set, unset        []string
	metadata, appData string
}

func newUsersUpdate(console *consoleFlags) *cobra.Command {
	f := &updateFlags{}
	cmd := &cobra.Command{
		Use: "update " + userArg, Short: "Change a user's attributes and metadata", Args: cobra.ExactArgs(1),
		Long: "Sets attributes (" + strings.Join(desk.Texts(), ", ") + ", " + strings.Join(desk.Flags(), ", ") + ")\n" +
			"and first-level keys of metadata. What Auth0 refuses together is sent in several requests, in the right order. When\n" +
			"somebody changed the same meanwhile, nothing more is written.\n\n" +
			"  usher users update ada@example.com --set name='Ada L.' --set app_metadata.plan=gold --unset nickname\n" +
			"  usher users update ada@example.com --metadata prefs.json     # its keys are set, null takes one away, others stay",
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, console, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.set, "set", nil, "set `NAME=VALUE`; may be repeated")
	flags.StringArrayVar(&f.unset, "unset", nil, "take `NAME` away; may be repeated")
	flags.StringVar(&f.metadata, "metadata", "", "set the keys of user_metadata that `FILE` holds as a JSON object (- reads standard input)")
	flags.StringVar(&f.appData, "app-metadata", "", "the same for app_metadata (`FILE`)")
	f.register(cmd)
	return cmd
}

func (f *updateFlags) run(cmd *cobra.Command, console *consoleFlags, name string) error {
	change, err := f.change(cmd.InOrStdin(), name == "-")
	if err != nil {
		return err
	}
	return f.changeFlags.run(cmd, console, name, func(_ context.Context, w *wiring, u auth0client.User) (desk.Operation, error) {
		needed := desk.Needed(u, change)
		if len(needed) == 0 {
			return idle("Save changes", u, "They are so already: nothing to change."), nil
		}
		return desk.Edit(w.client, u, needed), nil
	})
}

// change reads the flags, before anything is asked of a tenant.
func (f *updateFlags) change(in io.Reader, stdinTaken bool) (auth0client.Change, error) {
	change := auth0client.Change{}
	for _, m := range []struct{ kind, file string }{{"user_metadata", f.metadata}, {"app_metadata", f.appData}} {
		if m.file == "" {
			continue
		}
		if m.file == "-" && stdinTaken {
			return nil, usagef("standard input holds the ids already: give the metadata in a file")
		}
		stdinTaken = stdinTaken || m.file == "-"
		keys, err := readMetadata(in, m.kind, m.file)
		if err != nil {
			return nil, err
		}
		if len(keys) > 0 {
			change[m.kind] = keys
		}
	}
	for _, a := range f.set {
		if err := desk.Assign(change, a); err != nil {
			return nil, usageError{fmt.Errorf("--set: %w", err)}
		}
	}
	for _, a := range f.unset {
		if err := desk.Unset(change, a); err != nil {
			return nil, usageError{fmt.Errorf("--unset: %w", err)}
		}
	}
	if len(change) == 0 {
		return nil, usagef("nothing to change: give --set, --unset, --metadata or --app-metadata")
	}
	return maps.Clone(change), nil
}

// maxFile bounds what is read as metadata or records: Auth0 takes 1 MB.
const maxFile = 1 << 20

// readFile reads a file, or standard input for "-".
func readFile(in io.Reader, file string) ([]byte, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, usageError{err}
		}
		defer f.Close() //nolint:errcheck // read only
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if len(data) > maxFile {
		return nil, usagef("%s is larger than 1 MB, which is all that Auth0 takes", file)
	}
	return data, nil
}

func readMetadata(in io.Reader, kind, file string) (map[string]any, error) {
	data, err := readFile(in, file)
	if err != nil {
		return nil, err
	}
	keys, err := desk.ParseMetadata(string(data))
	if err != nil {
		return nil, usageError{fmt.Errorf("%s: %w", file, err)}
	}
	if bad := desk.RefusedKeys(kind, keys); len(bad) > 0 {
		return nil, usageError{fmt.Errorf("%s: %w", file, errors.New(strings.Join(bad, "; ")))}
	}
	return keys, nil
}
