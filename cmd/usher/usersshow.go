package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/signin"
	"usher/auth0client/term"
)

// findingOut is one part of a verdict. The names of its fields and of the weights are a contract.
type findingOut struct {
	Weight string `json:"weight"` // stops, hinders, tells or fine
	Text   string `json:"text"`
}

type banOut struct {
	Identifier string `json:"identifier"`
	IP         string `json:"ip"`
	Connection string `json:"connection"`
}

// showOut is a user with why they cannot get in. The names of its fields are a contract; record is Auth0's own.
type showOut struct {
	User    userOut         `json:"user"`
	Verdict []findingOut    `json:"verdict"`
	Bans    []banOut        `json:"brute_force_blocks"` // null: not known
	Methods []methodOut     `json:"authentication_methods"`
	Record  json.RawMessage `json:"record"`
}

func newUsersShow(console *consoleFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show ID|EMAIL", Short: "Show a user, and why they cannot get in", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return ofUser(cmd, console, args[0], func(ctx context.Context, w *wiring, who signin.Operator, u auth0client.User) error {
				e := desk.Gather(ctx, w.client, u, func(p string) bool { return slices.Contains(who.Permissions, p) })
				found := desk.Verdict(e, time.Now())
				if asJSON {
					return printJSON(cmd.OutOrStdout(), newShowOut(u, e, found))
				}
				printUser(cmd.OutOrStdout(), u, e, found)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

func weightName(w desk.Weight) string {
	switch w {
	case desk.Stops:
		return "stops"
	case desk.Hinders:
		return "hinders"
	case desk.Fine:
		return "fine"
	case desk.Tells:
	}
	return "tells"
}

func newShowOut(u auth0client.User, e desk.Evidence, found []desk.Finding) showOut {
	out := showOut{User: newUserOut(u), Record: u.Record}
	for _, f := range found {
		out.Verdict = append(out.Verdict, findingOut{weightName(f.Weight), f.Text})
	}
	if e.Known(desk.PartBans) {
		out.Bans = []banOut{}
		for _, b := range e.Bans {
			out.Bans = append(out.Bans, banOut{b.Identifier.String(), b.IP.String(), b.Connection.String()})
		}
	}
	if e.Known(desk.PartFactors) {
		out.Methods = methodsOut(e.Methods)
	}
	return out
}

// printMethods tells second factors apart from that by which somebody signs in at all.
func printMethods(line func(name, value string), e desk.Evidence) {
	if !e.Known(desk.PartFactors) {
		return
	}
	factors := desk.SecondFactors(e.Methods)
	for i, m := range factors {
		line(map[bool]string{true: "MFA", false: ""}[i == 0], desk.Method(m))
	}
	if len(factors) == 0 {
		line("MFA", "none")
	}
	name := "signs in by"
	for _, m := range e.Methods {
		if m.Kind.Primary() {
			line(name, desk.Method(m))
			name = ""
		}
	}
}

func printUser(out io.Writer, u auth0client.User, e desk.Evidence, found []desk.Finding) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "%-14s %s\n", name, value)
		}
	}
	for i, f := range found {
		name := ""
		if i == 0 {
			name = "verdict"
		}
		fmt.Fprintf(out, "%-14s %-8s %s\n", name, map[bool]string{true: "", false: weightName(f.Weight)}[f.Weight == desk.Tells], f.Text)
	}
	verified := ""
	if !u.Email.IsEmpty() && !u.EmailVerified {
		verified = " (not verified)"
	}
	line("user id", u.ID.Safe().String())
	line("email", strings.TrimSpace(u.Email.String()+verified))
	line("name", u.Name.String())
	line("username", u.Username.String())
	line("phone", u.Phone.String())
	line("connection", u.Connection().String())
	line("blocked", map[bool]string{true: "yes, by an administrator", false: "no"}[u.Blocked])
	for _, b := range e.Bans {
		line("brute force", strings.TrimSpace("blocked from "+b.IP.String()+" as "+b.Identifier.String()))
	}
	printMethods(line, e)
	moment := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return t.Local().Format(time.DateTime)
	}
	line("last login", fmt.Sprintf("%s, %d in all", moment(u.LastLogin), u.Logins))
	line("created", moment(u.CreatedAt))
	for _, i := range u.Identities[min(1, len(u.Identities)):] {
		line("linked", i.Connection.String()+"  "+i.Provider.String()+"|"+i.UserID.String())
	}
	for _, m := range []struct {
		name string
		raw  json.RawMessage
	}{{"user_metadata", u.UserMetadata}, {"app_metadata", u.AppMetadata}} {
		if len(m.raw) > 2 {
			line(m.name, term.Line(string(m.raw)).String())
		}
	}
}
