package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/signin"
	"usher/ui/view"
)

func newUsers(console *consoleFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use: "users", Short: "Find, show, change, create and delete users",
		Long: "A user is named by id, by email, by phone number, by a key of the profile's lookups (crm:C-10001), or by a pasted line that\n" +
			"holds one of these. Where several users fit, all are listed and nothing is done.\n" +
			"With - in the place of the user, ids are read from standard input, one a line.",
	}
	cmd.AddCommand(newUsersSearch(console), newUsersShow(console), newUsersCreate(console), newUsersUpdate(console), newUsersBlock(console),
		newUsersUnblock(console), newUsersDelete(console), newUsersExport(console), newUsersVerify(console), newUsersSignOut(console), newUsersPassword(console),
		newUsersLink(console), newUsersUnlink(console), newUsersSessions(console), newUsersEnd(console))
	return cmd
}

// userOut is a user as commands print them. The names of its fields are a contract; they are Auth0's.
type userOut struct {
	UserID        string     `json:"user_id"`
	Email         string     `json:"email"`
	EmailVerified bool       `json:"email_verified"`
	Name          string     `json:"name"`
	Nickname      string     `json:"nickname"`
	Username      string     `json:"username"`
	Phone         string     `json:"phone_number"`
	Connection    string     `json:"connection"`
	Blocked       bool       `json:"blocked"`
	Logins        int        `json:"logins_count"`
	LastLogin     *time.Time `json:"last_login"`
	CreatedAt     *time.Time `json:"created_at"`
	UpdatedAt     *time.Time `json:"updated_at"`
}

func newUserOut(u auth0client.User) userOut {
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	return userOut{string(u.ID), u.EmailRaw, u.EmailVerified, u.Name.String(), u.Nickname.String(), u.Username.String(), u.Phone.String(), u.Connection().String(),
		u.Blocked, u.Logins, at(u.LastLogin), at(u.CreatedAt), at(u.UpdatedAt)}
}

// field is a part of userOut by its name.
func (u userOut) field(name string) any {
	when := func(t *time.Time) any {
		if t == nil {
			return nil
		}
		return t.UTC().Format(time.RFC3339)
	}
	switch name {
	case "user_id":
		return u.UserID
	case "email":
		return u.Email
	case "email_verified":
		return u.EmailVerified
	case "name":
		return u.Name
	case "nickname":
		return u.Nickname
	case "username":
		return u.Username
	case "phone_number":
		return u.Phone
	case "connection":
		return u.Connection
	case "blocked":
		return u.Blocked
	case "logins_count":
		return u.Logins
	case "last_login":
		return when(u.LastLogin)
	case "created_at":
		return when(u.CreatedAt)
	case "updated_at":
		return when(u.UpdatedAt)
	}
	return nil
}

func userFieldNames() []string {
	return []string{"user_id", "email", "email_verified", "name", "nickname", "username", "phone_number", "connection", "blocked", "logins_count",
		"last_login", "created_at", "updated_at"}
}

// ofUser runs look for the user that a command names, as the operator who is signed in.
func ofUser(cmd *cobra.Command, console *consoleFlags, name string, look func(context.Context, *wiring, signin.Operator, auth0client.User) error) (err error) {
	ctx, stop := notifyInterrupt(cmd.Context())
	defer stop()
	w, who, err := openSignedIn(ctx, console)
	if err != nil {
		return err
	}
	defer w.closeInto(&err)
	u, err := desk.Named(ctx, w.client, name, w.lookups)
	if err != nil {
		return told{"", err}
	}
	return look(ctx, w, who, u)
}

// checkFields refuses names that are no fields.
func checkFields(names []string) error {
	for _, n := range names {
		if !slices.Contains(userFieldNames(), n) {
			return usagef("--fields %q: choose of %s", n, strings.Join(userFieldNames(), ","))
		}
	}
	return nil
}

// told is an error in the console's words: what happened, what Auth0 said, what to do.
type told struct {
	what string
	err  error
}

func (e told) Error() string {
	var several *desk.Ambiguous
	var none *desk.NoName
	var changed *auth0client.Changed
	var reason *auth0client.ReasonNeeded
	var fresh *auth0client.FreshLogin
	var notYet *notYetError
	p := inShell(view.Explain(time.Now(), e.err), e.err).String()
	switch {
	case errors.As(e.err, &several), errors.As(e.err, &none), errors.As(e.err, &notYet):
		return e.err.Error()
	case errors.As(e.err, &reason):
		p = "this action wants a reason: add --reason TEXT"
	case errors.As(e.err, &fresh):
		p = "this action wants a fresh sign-in: run usher login, then this again"
	case errors.As(e.err, &changed):
		p = "somebody else was faster, and nothing more was written"
		for _, f := range changed.Fields {
			p += fmt.Sprintf("\n  %s was %s, is now %s", f.Name, f.Expected, f.Actual)
		}
	}
	if e.what == "" {
		return p
	}
	return e.what + ": " + p
}

func (e told) Unwrap() error { return e.err }

// tell words an error of a call for the one who ran a command. Mistakes on the command line stay as they are.
func tell(what string, err error) error {
	if err == nil || errors.As(err, new(usageError)) || errors.As(err, new(*notSignedIn)) {
		return err
	}
	return told{what, err}
}
