package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/term"
	"usher/config"
)

func newJournal() *cobra.Command {
	var dir, profile string
	cmd := &cobra.Command{Use: "journal", Short: "Read the record of changes, or check that it is whole"}
	cmd.PersistentFlags().StringVar(&dir, "dir", "", "the journal's `FOLDER` (default: the profile's)")
	cmd.PersistentFlags().StringVar(&profile, "of", "", "the journal of this `PROFILE`")
	folder := func() (string, error) {
		if dir != "" {
			return dir, nil
		}
		state, err := config.StateDir(os.Getenv)
		if err != nil {
			return "", err
		}
		if profile == "" {
			return "", usagef("name the journal with --of PROFILE or --dir FOLDER")
		}
		return filepath.Join(state, profile), nil
	}
	var asJSON bool
	list := &cobra.Command{
		Use: "list", Short: "List the journal, oldest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := folder()
			if err != nil {
				return err
			}
			entries, err := journal.Read(path)
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(entries)
			}
			for _, e := range entries {
				who := e.Email
				if who == "" {
					who = e.Subject
				}
				status := ""
				if e.Status != 0 {
					status = fmt.Sprintf(" HTTP %d", e.Status)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%6d  %s  %-7s  %s  %s %s%s  %s\n", e.Seq, e.Time.Local().Format(time.DateTime), e.Step,
					term.Line(who), term.Line(strings.Join(e.Actions, ",")), term.Line(e.Target), status, term.Line(strings.TrimSpace(e.Reason+" "+e.Note)))
			}
			return nil
		},
	}
	list.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	verify := &cobra.Command{
		Use: "verify", Short: "Check that no line was edited, dropped or moved", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := folder()
			if err != nil {
				return err
			}
			rep, err := journal.Verify(path)
			if err != nil {
				return err
			}
			if rep.Bad != nil {
				return fmt.Errorf("line %d is wrong: %s; the %d lines before it are whole", rep.Bad.Line, rep.Bad.Reason, rep.Lines)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d lines, all whole; the last is number %d with hash %s\n", rep.Lines, rep.LastSeq, rep.LastHash)
			for _, e := range rep.Unfinished {
				fmt.Fprintf(cmd.OutOrStdout(), "unknown outcome: line %d, %s %s by %s at %s: look whether the change was made\n",
					e.Seq, e.Method, term.Line(e.Path), term.Line(e.Email), e.Time.Local().Format(time.DateTime))
			}
			return nil
		},
	}
	cmd.AddCommand(list, verify)
	return cmd
}
