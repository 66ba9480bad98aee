package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
)

// followEvery is how often the log is looked at for what is new. The tenant's rate limit is production's too.
const followEvery = 3 * time.Second

type logsFlags struct {
	user, since    string
	types          []string
	limit          int
	failed, follow bool
	asJSON         bool
}

func newLogs(console *consoleFlags) *cobra.Command {
	f := &logsFlags{}
	cmd := &cobra.Command{
		Use: "logs", Short: "Read the tenant's log, of one user or of all", Args: cobra.NoArgs,
		Long: "Prints the newest events of the tenant's log, the newest last. With --user those of one user, and the failed sign-ins that\n" +
			"Auth0 writes under a name alone. Auth0 keeps events for 1 to 30 days, by plan, and lets 1,000 be searched.",
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, console) },
	}
	cmd.Flags().StringVar(&f.user, "user", "", "only events of this `USER`: an id, an email, or what the console finds them by")
	cmd.Flags().StringSliceVar(&f.types, "type", nil, "only these `TYPES`, Auth0's event codes: fp,limit_wc")
	cmd.Flags().BoolVar(&f.failed, "failed", false, "only what failed")
	cmd.Flags().StringVar(&f.since, "since", "", "only events since `TIME`: 90m, 24h, 7d, a date, or a time as in RFC 3339")
	cmd.Flags().IntVarP(&f.limit, "limit", "n", 50, "`N` events at most, up to 1000")
	cmd.Flags().BoolVarP(&f.follow, "follow", "f", false, "wait for new events and print them as they come")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print a JSON array; with --follow one object a line")
	return cmd
}

// ask is what the flags ask for, but for the user.
func (f *logsFlags) ask(now time.Time) (ask desk.LogAsk, err error) {
	if f.limit < 1 || f.limit > auth0client.SearchWindow {
		return ask, usagef("--limit is %d: Auth0 lets 1 to %d events be searched", f.limit, auth0client.SearchWindow)
	}
	for _, code := range f.types {
		if !regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`).MatchString(code) {
			return ask, usagef("--type %q is no event code of Auth0's, such as fp or limit_wc", code)
		}
	}
	if f.since != "" {
		if ask.Since, err = parseSince(f.since, now); err != nil {
			return ask, err
		}
	}
	ask.Types, ask.Failed = f.types, f.failed
	return ask, nil
}

func (f *logsFlags) run(cmd *cobra.Command, console *consoleFlags) (err error) {
	ask, err := f.ask(time.Now())
	if err != nil {
		return err
	}
	ctx, stop := notifyInterrupt(cmd.Context())
	defer stop()
	w, _, err := openSignedIn(ctx, console)
	if err != nil {
		return err
	}
	defer w.closeInto(&err)
	if f.user != "" {
		u, err := desk.Named(ctx, w.client, f.user, w.lookups)
		if err != nil {
			return told{"", err}
		}
		ask.User = &u
	}
	head := ""
	if f.follow {
		if head, err = desk.LogHead(ctx, w.client); err != nil {
			return tell("read the log", err)
		}
	}
	events, whole, err := desk.RecentLog(ctx, w.client, ask, f.limit)
	if err != nil {
		return tell("read the log", err)
	}
	switch {
	case !whole && len(events) < f.limit:
		fmt.Fprintln(cmd.ErrOrStderr(), "usher: there may be older events: Auth0 lets the newest 1,000 be searched; --type and --user narrow the search")
	case len(events) == 0 && !f.follow && !f.asJSON:
		fmt.Fprintln(cmd.ErrOrStderr(), "usher: no event of what the tenant still keeps fits")
	}
	out := cmd.OutOrStdout()
	if !f.follow {
		return f.printAll(out, events)
	}
	shown := map[string]bool{} // what came between the look at the log's head and the search is found by both
	for _, e := range events {
		shown[e.ID.String()] = true
		if err := f.print(out, e); err != nil {
			return err
		}
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	return tell("follow the log", desk.FollowLog(ctx, w.client, ask, head, tick.C, func(e auth0client.LogEvent) error {
		if shown[e.ID.String()] {
			return nil
		}
		return f.print(out, e)
	}, func(err error) {
		fmt.Fprintf(cmd.ErrOrStderr(), "usher: %v; it is tried again\n", tell("follow the log", err))
	}))
}

// eventOut is an event of the log. The names of its fields are a contract; type is Auth0's.
type eventOut struct {
	LogID       string    `json:"log_id"`
	Date        time.Time `json:"date"`
	Type        string    `json:"type"`
	Meaning     string    `json:"meaning"`
	Failed      bool      `json:"failed"`
	Description string    `json:"description"`
	UserID      string    `json:"user_id"`
	UserName    string    `json:"user_name"`
	Connection  string    `json:"connection"`
	Application string    `json:"application"`
	IP          string    `json:"ip"`
	UserAgent   string    `json:"user_agent"`
}

func newEventOut(e auth0client.LogEvent) eventOut {
	return eventOut{e.ID.String(), e.Date, e.Code, e.Words.String(), e.Failed, e.Description.String(), string(e.UserID), e.UserName.String(),
		e.Connection.String(), e.Client.String(), e.IP.String(), e.UserAgent.String()}
}

func (f *logsFlags) printAll(out io.Writer, events []auth0client.LogEvent) error {
	if f.asJSON {
		all := []eventOut{}
		for _, e := range events {
			all = append(all, newEventOut(e))
		}
		return printJSON(out, all)
	}
	for _, e := range events {
		if err := f.print(out, e); err != nil {
			return err
		}
	}
	return nil
}

func (f *logsFlags) print(out io.Writer, e auth0client.LogEvent) (err error) {
	if f.asJSON {
		line, err := json.Marshal(newEventOut(e))
		if err != nil {
			return fmt.Errorf("encode an event: %w", err)
		}
		_, err = out.Write(append(visible(line), '\n'))
		return err
	}
	_, err = fmt.Fprintln(out, eventLine(e))
	return err
}

// eventLine is an event for the list; ! marks what failed.
func eventLine(e auth0client.LogEvent) string {
	mark := map[bool]string{true: "!", false: " "}[e.Failed]
	parts := []string{fmt.Sprintf("%s %s %s (%s)", e.Date.Local().Format(time.DateTime), mark, e.Words, e.Code)}
	who := e.UserName.String()
	if who == "" {
		who = e.UserID.Safe().String()
	}
	for _, s := range []string{who, e.Connection.String(), e.Client.String(), e.IP.String(), e.Description.String()} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "  ")
}
