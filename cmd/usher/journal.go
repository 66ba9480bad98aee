package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/term"
)

func newJournal(console *consoleFlags) *cobra.Command {
	from := &journalFlags{console: console}
	cmd := &cobra.Command{
		Use: "journal", Short: "Read the record of changes, or check that it is whole",
		Long: "The journal holds a line for each change before it is made, and one for what became of it.\n" +
			"It is the profile's, or that of --of PROFILE, --dir FOLDER or, where gateways share a PostgreSQL, --dsn env:NAME.",
	}
	from.register(cmd.PersistentFlags())
	cmd.AddCommand(newJournalList(from), newJournalShow(from), newJournalVerify(from), newJournalExport(from))
	return cmd
}

// filterFlags choose changes.
type filterFlags struct {
	journal.Filter
	since string
}

func (f *filterFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.User, "user", "", "only changes of this `USER` (an id)")
	flags.StringVar(&f.Operator, "operator", "", "only changes by this `OPERATOR`, or approved by them (an id or email)")
	flags.StringVar(&f.Action, "action", "", "only this `ACTION`: users:block, or users for all of its kind")
	flags.StringVar(&f.since, "since", "", "only changes since `TIME`: 90m, 24h, 7d, a date, or a time as in RFC 3339")
	flags.BoolVar(&f.Failed, "failed", false, "only changes that surely were not made, refused ones included")
	flags.BoolVar(&f.Unknown, "unknown", false, "only changes of which nobody knows whether they were made")
}

func (f *filterFlags) filter(now time.Time) (journal.Filter, error) {
	if known := actionKinds(); f.Action != "" && !slices.Contains(known, f.Action) {
		return journal.Filter{}, usagef("there is no action %q; there are %s", f.Action, strings.Join(known, ", "))
	}
	if f.since == "" {
		return f.Filter, nil
	}
	at, err := parseSince(f.since, now)
	if err != nil {
		return journal.Filter{}, err
	}
	f.Since = at
	return f.Filter, nil
}

// actionKinds are what --action takes: each action, and each kind of them.
func actionKinds() []string {
	var all []string
	for _, a := range policy.Actions() {
		kind, _, _ := strings.Cut(string(a), ":")
		if !slices.Contains(all, kind) {
			all = append(all, kind)
		}
		all = append(all, string(a))
	}
	return all
}

func parseSince(s string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.Add(-time.Duration(n) * 24 * time.Hour), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Time{}, usagef("--since %q is none of 90m, 24h, 7d, 2026-03-01 and 2026-03-01T08:00:00Z", s)
}

func newJournalList(from *journalFlags) *cobra.Command {
	f := &filterFlags{}
	var asJSON, follow bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the journal, oldest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := f.filter(time.Now())
			if err != nil {
				return err
			}
			if follow && filter.Unknown {
				return usagef("--unknown needs the end of the journal, which --follow never reaches")
			}
			src, err := from.open(cmd.Context())
			if err != nil {
				return err
			}
			defer src.Close()
			lines := src.Lines(cmd.Context())
			if follow {
				tick := time.NewTicker(500 * time.Millisecond)
				defer tick.Stop()
				lines = src.Follow(cmd.Context(), tick.C)
			}
			out := cmd.OutOrStdout()
			lines = journal.Select(lines, filter)
			switch {
			case asJSON && follow:
				return journal.WriteJSONLines(out, lines)
			case asJSON:
				return journal.WriteJSONArray(out, lines)
			}
			for l, err := range lines {
				if err != nil {
					return err
				}
				fmt.Fprintln(out, oneLine(l.Entry))
			}
			return nil
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array; with --follow one object a line")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "wait for new lines and print them as they come")
	return cmd
}

// oneLine is an entry for the list.
func oneLine(e journal.Entry) string {
	parts := []string{fmt.Sprintf("%6d  %s  %-10s", e.Seq, e.Time.Local().Format(time.DateTime), term.Line(e.Step))}
	if e.Gateway != "" {
		parts[0] = term.Line(e.Gateway).String() + " " + parts[0]
	}
	status := ""
	if e.Status != 0 {
		status = "HTTP " + strconv.Itoa(e.Status)
	}
	for _, s := range []string{person(e.Email, e.Subject), strings.Join(e.Actions, ","), e.Target, status, e.Reason, e.Note} {
		if s != "" {
			parts = append(parts, term.Line(s).String())
		}
	}
	return strings.TrimRight(strings.Join(parts, "  "), " ")
}

func person(email, subject string) string {
	if email != "" {
		return email
	}
	return subject
}

func newJournalVerify(from *journalFlags) *cobra.Command {
	var keyFile, gateway string
	var anchors []string
	cmd := &cobra.Command{
		Use: "verify", Short: "Check that no line was edited, dropped, moved or cut off", Args: cobra.NoArgs,
		Long: "verify checks every line, its seal and the head. Lines known from elsewhere, such as a syslog, can be given with\n" +
			"--anchor: they find a journal that was replaced whole by an older copy, or written anew with its key.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := journal.VerifyOptions{KeyFile: keyFile}
			for _, a := range anchors {
				anchor, err := parseAnchor(a)
				if err != nil {
					return err
				}
				o.Anchors = append(o.Anchors, anchor)
			}
			if len(o.Anchors) > 0 && from.dsn != "" && gateway == "" {
				return usagef("--anchor needs --gateway NAME: each gateway has a chain of its own")
			}
			src, err := from.open(cmd.Context())
			if err != nil {
				return err
			}
			defer src.Close()
			reports, err := src.Verify(cmd.Context(), gateway, o)
			if err != nil && !errors.Is(err, journal.ErrNoKey) {
				return err
			}
			return errors.Join(printReports(cmd.OutOrStdout(), reports), err)
		},
	}
	cmd.Flags().StringVar(&keyFile, "key", "", "the journal's key `FILE` (default: the one in its folder)")
	cmd.Flags().StringVar(&gateway, "gateway", "", "in PostgreSQL: only the chain of this gateway `NAME`")
	cmd.Flags().StringArrayVar(&anchors, "anchor", nil, "a line known from elsewhere, as `NUMBER:HASH`; may be repeated")
	return cmd
}

func parseAnchor(s string) (journal.Anchor, error) {
	number, hash, ok := strings.Cut(s, ":")
	seq, err := strconv.ParseUint(number, 10, 63)
	if !ok || err != nil || seq == 0 || len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		return journal.Anchor{}, usagef("--anchor %q is not a line's number and its SHA-256, as 12:9f86d0…", s)
	}
	return journal.Anchor{Seq: seq, Hash: hash}, nil
}

func printReports(out io.Writer, reports []journal.Report) error {
	var wrong []error
	for _, rep := range reports {
		name := ""
		if rep.Gateway != "" {
			name = term.Line(rep.Gateway).String() + ": "
		}
		if rep.Bad != nil {
			wrong = append(wrong, fmt.Errorf("%sthe journal is damaged at %s; the %d lines before are whole", name, rep.Bad, rep.Lines))
			continue
		}
		key := "its seals were not checked"
		if rep.KeyID != "" {
			key = "sealed with key " + rep.KeyID
		}
		fmt.Fprintf(out, "%s%d lines, all whole, %s; the last is number %d with hash %s\n", name, rep.Lines, key, rep.LastSeq, rep.LastHash)
		if rep.Torn > 0 {
			fmt.Fprintf(out, "%s%d bytes after it are no whole line: one is being written, or was cut off by a crash; the next start takes it out\n", name, rep.Torn)
		}
		for _, e := range rep.Unfinished {
			fmt.Fprintf(out, "%sunknown outcome: number %d, %s %s by %s at %s: look whether the change was made\n", name,
				e.Seq, term.Line(e.Method), term.Line(e.Path), term.Line(person(e.Email, e.Subject)), e.Time.Local().Format(time.DateTime))
		}
	}
	return errors.Join(wrong...)
}

func newJournalExport(from *journalFlags) *cobra.Command {
	f := &filterFlags{}
	var format string
	cmd := &cobra.Command{
		Use: "export", Short: "Write the journal as JSON Lines (nothing is lost) or CSV (for a spreadsheet)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write := map[string]func(io.Writer, journalLines) error{"jsonl": journal.WriteJSONLines, "csv": journal.WriteCSV}[format]
			if write == nil {
				return usagef("--format %q is none of jsonl and csv", format)
			}
			filter, err := f.filter(time.Now())
			if err != nil {
				return err
			}
			src, err := from.open(cmd.Context())
			if err != nil {
				return err
			}
			defer src.Close()
			return write(cmd.OutOrStdout(), journal.Select(src.Lines(cmd.Context()), filter))
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "jsonl", "`FORMAT`: jsonl or csv")
	return cmd
}
