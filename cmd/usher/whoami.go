package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client/signin"
	"usher/auth0client/signin/tokenstore"
	"usher/auth0client/term"
	"usher/config"
)

func newWhoami(console *consoleFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "whoami",
		Short: "Say who is signed in, what they may do, and until when",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runWhoami(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), console, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

func newLogout(console *consoleFlags) *cobra.Command {
	var browser bool
	cmd := &cobra.Command{
		Use:   "logout",
		Short: "Revoke the kept sign-in and forget it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runLogout(cmd.Context(), cmd.OutOrStdout(), console, browser)
		},
	}
	cmd.Flags().BoolVar(&browser, "browser", false, "open the page that ends the browser's own session as well")
	return cmd
}

// who is a sign-in as it is told. The names of its fields are a contract.
type who struct {
	Profile     string     `json:"profile"`
	Tenant      string     `json:"tenant"`
	Production  bool       `json:"production"`
	Subject     string     `json:"subject"`
	Email       string     `json:"email"`
	Name        string     `json:"name"`
	Permissions []string   `json:"permissions"`
	Missing     []string   `json:"missing"`
	SignedInAt  *time.Time `json:"signed_in_at"` // null when Auth0 did not say
	ExpiresAt   time.Time  `json:"expires_at"`   // of the access token, which is renewed by itself
	Store       string     `json:"store"`
}

func newWho(p config.Profile, op signin.Operator, c *signin.Client, kept tokenstore.Status) who {
	w := who{
		Profile: p.Name, Tenant: p.Domain, Production: p.Production, Subject: op.Subject, Email: op.Email, Name: op.Name,
		Permissions: append([]string{}, op.Permissions...), Missing: append([]string{}, c.Missing()...),
		ExpiresAt: op.ExpiresAt.UTC(), Store: string(kept.Kind),
	}
	if !op.AuthTime.IsZero() {
		at := op.AuthTime.UTC()
		w.SignedInAt = &at
	}
	return w
}

func runWhoami(ctx context.Context, out, errs io.Writer, console *consoleFlags, asJSON bool) error {
	ctx, stop := notifyInterrupt(ctx)
	defer stop()
	w, note, err := lookWho(ctx, console)
	if err != nil {
		return err
	}
	return w.print(out, errs, note, asJSON)
}

// print tells of a sign-in to a program or a person; note is what there is to say of how it is kept.
func (w who) print(out, errs io.Writer, note string, asJSON bool) error {
	if asJSON {
		return printJSON(out, w)
	}
	if note != "" {
		fmt.Fprintf(errs, "usher: %s\n", term.Line(note))
	}
	printOperator(out, w)
	return nil
}

// lookWho is who is signed in, and what there is to say of how the sign-in is kept.
func lookWho(ctx context.Context, console *consoleFlags) (w who, note string, err error) {
	if console.visit != nil {
		w, err = console.visit.who(ctx)
		return w, "", err
	}
	p, err := loadProfile(console)
	if err != nil {
		return who{}, "", err
	}
	id, err := identityOf(ctx, p)
	if err != nil {
		return who{}, "", err
	}
	s, err := id.open()
	if err != nil {
		return who{}, "", err
	}
	defer s.close()
	op, err := console.resume(ctx, p, s.client, id.store)
	if err != nil {
		return who{}, "", err
	}
	kept, err := id.store.Open(ctx)
	return newWho(p, op, s.client, kept), kept.Note, err
}

// printOperator tells of a sign-in to a person.
func printOperator(out io.Writer, w who) {
	line := func(name, text string) { fmt.Fprintf(out, "%-11s %s\n", name, term.Line(text)) }
	name := w.Email
	if w.Name != "" && w.Name != w.Email {
		name = strings.TrimSpace(w.Name + " <" + w.Email + ">")
	}
	if name == "" {
		name = w.Subject
	}
	tenant := w.Tenant + " (profile " + w.Profile + ")"
	if w.Production {
		tenant += ", production"
	}
	line("signed in", name)
	line("user id", w.Subject)
	line("tenant", tenant)
	may := strings.Join(w.Permissions, " ")
	if may == "" {
		may = "nothing: ask an administrator for one of usher's roles; the API needs RBAC with its permissions in the token"
	}
	line("may", may)
	if len(w.Missing) > 0 {
		line("missing", strings.Join(w.Missing, " "))
	}
	line("good until", w.ExpiresAt.Local().Format(time.DateTime)+" (renewed by itself)")
	store := map[string]string{
		"keyring": "the system's keyring", "file": "an encrypted file", "memory": "memory: it ends with this command",
	}[w.Store]
	line("kept in", store)
}

// notSignedIn says what to run. Its exit code is that of what is not allowed.
type notSignedIn struct {
	profile, config string
	ended           bool // there was a sign-in, and the tenant renews it no more
	err             error
}

// command is what signs in.
func (e *notSignedIn) command() string {
	if e.config != "" {
		return "usher --config " + e.config + " --profile " + e.profile + " login"
	}
	return "usher --profile " + e.profile + " login"
}

func (e *notSignedIn) Error() string {
	command := e.command()
	if e.ended {
		return fmt.Sprintf("the sign-in to the profile %s has ended: it was revoked, or not used for too long; run: %s", e.profile, command)
	}
	if e.err == nil || errors.Is(e.err, signin.ErrSignedOut) && !strings.Contains(e.err.Error(), ":") {
		return fmt.Sprintf("nobody is signed in to the profile %s; run: %s", e.profile, command)
	}
	return fmt.Sprintf("%v; run: %s", e.err, command)
}

func (e *notSignedIn) Unwrap() error { return e.err }

// resume takes up a profile's kept sign-in, or says what to run.
func (f *consoleFlags) resume(ctx context.Context, p config.Profile, c *signin.Client, store *tokenstore.Store) (signin.Operator, error) {
	before, unread := store.Load(ctx)
	if errors.Is(unread, signin.ErrDamaged) { // it is told once: what is damaged is moved aside
		return signin.Operator{}, &notSignedIn{profile: p.Name, config: f.config, err: unread}
	}
	op, ok, err := c.Resume(ctx)
	switch {
	case errors.Is(err, signin.ErrDamaged), errors.Is(err, signin.ErrSignedOut):
		return signin.Operator{}, &notSignedIn{profile: p.Name, config: f.config, err: err}
	case err != nil:
		return signin.Operator{}, err
	case ok:
		return op, nil
	case unread == nil && before != (signin.Tokens{}):
		return signin.Operator{}, &notSignedIn{profile: p.Name, config: f.config, ended: true}
	}
	if kept, err := store.Open(ctx); err == nil && kept.Note != "" { // it may be why nobody is
		return signin.Operator{}, &notSignedIn{profile: p.Name, config: f.config, err: errors.New(kept.Note)}
	}
	return signin.Operator{}, &notSignedIn{profile: p.Name, config: f.config}
}

func runLogout(ctx context.Context, out io.Writer, console *consoleFlags, browser bool) error {
	ctx, stop := notifyInterrupt(ctx)
	defer stop()
	p, err := loadProfile(console)
	if err != nil {
		return err
	}
	id, err := identityOf(ctx, p)
	if err != nil {
		return err
	}
	s, err := id.open()
	if err != nil {
		return err
	}
	defer s.close()
	st, err := id.store.Open(ctx)
	if err != nil {
		return err
	}
	kept, unread := id.store.Load(ctx)
	if unread == nil && st.Note != "" && kept == (signin.Tokens{}) {
		unread = errors.New(st.Note)
	}
	if err := s.client.SignOut(ctx); err != nil && !errors.Is(err, signin.ErrDamaged) {
		return err
	}
	switch {
	case unread != nil:
		fmt.Fprintf(out, "What was kept could not be read, and so not be revoked: %s\n", term.Line(unread.Error()))
	case kept == (signin.Tokens{}):
		fmt.Fprintf(out, "Nobody was signed in to the profile %s.\n", p.Name)
	default:
		fmt.Fprintf(out, "Signed out of the profile %s: the sign-in is revoked and forgotten.\n", p.Name)
	}
	page := s.client.LogoutURL()
	fmt.Fprintf(out, "The browser may still be signed in. To end that too, open %s\n", term.Line(page))
	if browser && hasDisplay(os.Getenv) {
		return openBrowser(page)
	}
	return nil
}
