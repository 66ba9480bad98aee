package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/colorprofile"
	xterm "github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"usher/auth0client/signin"
	"usher/auth0client/signin/tokenstore"
	"usher/auth0client/term"
	"usher/config"
	"usher/ui/login"
)

type loginFlags struct {
	web     bool
	approve bool
	as      string
}

func newLogin(console *consoleFlags) *cobra.Command {
	f := &loginFlags{}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Sign in, and keep the sign-in for the console and the commands",
		Long: "Shows a code to approve in a browser, on this machine or another one (device authorization).\n" +
			"With --web the browser of this machine comes back by itself (authorization code with PKCE).\n\n" +
			"The sign-in is kept in the system's keyring; where there is none, in a file encrypted with\n" +
			"USHER_TOKEN_PASSPHRASE or the profile's token_identity; else in memory, and then it ends at once.\n" +
			"USHER_TOKEN_STORE chooses: keyring, file or memory.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runLogin(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), console, f)
		},
	}
	cmd.Flags().BoolVar(&f.web, "web", false, "sign in with the browser of this machine, without a code")
	cmd.Flags().BoolVar(&f.approve, "approve", false, "approve unattended: a local tenant only, never a real one")
	cmd.Flags().StringVar(&f.as, "as", "admin", "with --approve: sign in as this `PRESET`: viewer, support or admin")
	cmd.MarkFlagsMutuallyExclusive("web", "approve")
	return cmd
}

func runLogin(ctx context.Context, out, errs io.Writer, console *consoleFlags, f *loginFlags) error {
	ctx, stop := notifyInterrupt(ctx)
	defer stop()
	p, err := loadProfile(console)
	if err != nil {
		return err
	}
	if err := f.check(p); err != nil {
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
	// Before the sign-in: nobody should sign in only to learn that it cannot be kept.
	kept, err := id.store.Open(ctx)
	switch {
	case err != nil:
		return err
	case kept.Kind == tokenstore.Memory && p.TokenStore != "" && p.TokenStore != string(tokenstore.Memory):
		return fmt.Errorf("the sign-in cannot be kept: %s", strings.TrimSuffix(kept.Note, "; the sign-in is kept in memory and ends with usher"))
	case kept.Note != "":
		fmt.Fprintf(errs, "usher: %s\n", term.Line(kept.Note))
	case kept.Kind == tokenstore.Memory:
		fmt.Fprintln(errs, "usher: the sign-in is kept in memory and ends with this command")
	}
	var op signin.Operator
	if f.web {
		op, err = loginWeb(ctx, out, s.client, p)
	} else {
		op, err = loginDevice(ctx, out, s.client, p, f)
	}
	switch {
	case errors.Is(err, signin.ErrExpired):
		return errors.New("the sign-in was not approved in time; run usher login again")
	case ctx.Err() != nil:
		return errors.New("the sign-in was broken off")
	case err != nil:
		return err
	}
	printOperator(out, newWho(p, op, s.client, kept))
	return nil
}

func (f *loginFlags) check(p config.Profile) error {
	switch f.as {
	case "viewer", "support", "admin":
	default:
		return usagef("--as %q: choose viewer, support or admin", f.as)
	}
	issuer, err := p.IssuerURL()
	if err != nil {
		return usageError{err}
	}
	if f.approve && !loopbackHost(issuer.Hostname()) {
		return usagef("--approve is for a local tenant on this machine: %s is a real one, where only its own page approves", issuer.Host)
	}
	if !f.approve && !xterm.IsTerminal(os.Stdout.Fd()) && !xterm.IsTerminal(os.Stdin.Fd()) {
		return usagef("a person must see the code: run usher login in a terminal; against a local tenant, add --approve")
	}
	return nil
}

// rowsForPicture is how high a terminal must be to show the QR code without pushing the code itself out of view.
const rowsForPicture = 34

// loginDevice shows a code and waits for its approval.
func loginDevice(ctx context.Context, out io.Writer, c *signin.Client, p config.Profile, f *loginFlags) (signin.Operator, error) {
	code, err := c.StartDevice(ctx)
	if err != nil {
		return signin.Operator{}, err
	}
	if f.approve {
		if err := approveLocally(ctx, p, code.UserCode, f.as); err != nil {
			return signin.Operator{}, err
		}
		code.Interval = time.Millisecond // it is approved: nothing to wait for
		return c.WaitDevice(ctx, code)
	}
	page := code.VerificationURIComplete
	if page == "" {
		page = code.VerificationURI
	}
	ascii := asciiOnly(os.Getenv)
	_, rows, err := xterm.GetSize(os.Stdout.Fd())
	picture := err == nil && rows >= rowsForPicture && !ascii && !noColor(os.Getenv)
	fmt.Fprintf(out, "Sign in to %s (profile %s)\n\nOpen %s and compare the code %s:\n\n", term.Line(p.Domain), p.Name,
		term.Line(code.VerificationURI), term.Line(code.UserCode))
	colors := colorprofile.NewWriter(out, os.Environ())
	for _, line := range login.Plain(login.Code{UserCode: code.UserCode, URI: page}, ascii, picture) {
		fmt.Fprintf(colors, "    %s\n", line)
	}
	fmt.Fprintln(out)
	fmt.Fprintf(out, "It grants usher your name and email, and what your roles let you do with %s.\n", term.Line(p.Audience))
	fmt.Fprintf(out, "Only approve if you started this yourself. The code is good for %d minutes.\n\n", int(time.Until(code.ExpiresAt).Round(time.Minute).Minutes()))
	if hasDisplay(os.Getenv) && xterm.IsTerminal(os.Stdout.Fd()) {
		if err := openBrowser(page); err != nil {
			fmt.Fprintln(out, "No browser could be opened; enter the address by hand.")
		}
	}
	return c.WaitDevice(ctx, code)
}

// loginWeb sends the browser of this machine to the tenant and waits for it to come back.
func loginWeb(ctx context.Context, out io.Writer, c *signin.Client, p config.Profile) (signin.Operator, error) {
	w, err := c.StartWeb(ctx)
	if err != nil {
		return signin.Operator{}, err
	}
	defer w.Close()
	fmt.Fprintf(out, "Sign in to %s (profile %s)\n\nOpen in a browser of this machine:\n\n%s\n\n", term.Line(p.Domain), p.Name, term.Line(w.URL))
	if overSSH(os.Getenv) {
		fmt.Fprintln(out, "Over SSH the browser must be on this machine too, or its port forwarded; usher login without --web needs neither.")
	}
	if hasDisplay(os.Getenv) {
		if err := openBrowser(w.URL); err != nil {
			fmt.Fprintln(out, "No browser could be opened; open the address by hand.")
		}
	}
	return c.WaitWeb(ctx, w)
}

// approveLocally answers a code at the local tenant's switchboard. A real tenant has none.
func approveLocally(ctx context.Context, p config.Profile, userCode, preset string) error {
	issuer, err := p.IssuerURL()
	if err != nil {
		return usageError{err}
	}
	if !loopbackHost(issuer.Hostname()) {
		return usagef("--approve is for a local tenant on this machine, not for %s", issuer.Host)
	}
	body, err := json.Marshal(map[string]string{"user_code": userCode, "preset": preset})
	if err != nil {
		return fmt.Errorf("approve at the local tenant: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, issuer.JoinPath("_usher/approve").String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("approve at the local tenant: %w", err)
	}
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("approve at the local tenant: %w", err)
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusNoContent:
		return nil
	case http.StatusNotFound:
		return fmt.Errorf("%s is no local tenant of usher's: it has no way to approve unattended", issuer.Host)
	}
	said, err := io.ReadAll(io.LimitReader(res.Body, 500))
	if err != nil {
		return fmt.Errorf("approve at the local tenant: %w", err)
	}
	return fmt.Errorf("the local tenant did not approve: %s", term.Line(strings.TrimSpace(string(said))))
}

// loopbackHost reports a host that is this machine.
func loopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
