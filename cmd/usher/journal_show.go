package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/term"
)

func newJournalShow(from *journalFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show one change whole: who, what, from and to, and what became of it", Args: cobra.ExactArgs(1),
		Long: "ID is the change's id, which Auth0's log knows as its correlation id, or the number of one of its lines.",
		RunE: func(cmd *cobra.Command, args []string) error {
			src, err := from.open(cmd.Context())
			if err != nil {
				return err
			}
			defer src.Close()
			c, err := journal.Find(src.Lines(cmd.Context()), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return journal.WriteJSON(cmd.OutOrStdout(), c)
			}
			printChange(cmd.OutOrStdout(), c)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printChange(out io.Writer, c journal.Change) {
	e := c.Intent
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "%-10s %s\n", name, term.Line(value))
		}
	}
	row("change", e.ID)
	row("number", strconv.FormatUint(e.Seq, 10))
	row("gateway", e.Gateway)
	row("time", e.Time.Local().Format("2006-01-02 15:04:05 -07:00"))
	row("operator", named(e.Email, e.Subject))
	row("came by", strings.TrimSpace(e.Via+" "+e.Client))
	row("approved", named(e.ApproverEmail, e.Approver))
	row("actions", strings.Join(e.Actions, ", "))
	row("target", e.Target)
	row("request", strings.TrimSpace(e.Method+" "+e.Path))
	row("reason", e.Reason)
	for _, name := range slices.Sorted(maps.Keys(mergedNames(c))) {
		row("field", name+": "+fromTo(c, name))
	}
	row("outcome", outcome(c))
	for _, n := range c.Notes {
		row("note", n.Note)
	}
}

func named(email, subject string) string {
	if email == "" || subject == "" {
		return email + subject
	}
	return email + " (" + subject + ")"
}

func mergedNames(c journal.Change) map[string]any {
	all := map[string]any{}
	maps.Copy(all, c.From())
	maps.Copy(all, c.To())
	return all
}

// fromTo is what a field was and became. What it was is not always known, and a list of what is taken away has no new value.
func fromTo(c journal.Change, name string) string {
	was, hadFrom := c.From()[name]
	is, hasTo := c.To()[name]
	switch {
	case hadFrom && hasTo:
		return value(was) + " → " + value(is)
	case hasTo:
		return "→ " + value(is)
	}
	return "was " + value(was)
}

func value(v any) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(out.String())
}

func outcome(c journal.Change) string {
	switch {
	case c.Denied():
		return "refused: " + c.Intent.Note
	case c.Outcome == nil:
		return "unknown: none was written; look whether the change was made"
	}
	o := c.Outcome
	after := o.Time.Sub(c.Intent.Time).Round(time.Millisecond).String() + " later"
	parts := []string{}
	if o.Status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", o.Status))
	}
	if o.Note != "" {
		parts = append(parts, o.Note)
	}
	parts = append(parts, after)
	if o.Request != "" {
		parts = append(parts, "Auth0's request "+o.Request)
	}
	return strings.Join(parts, ", ")
}
