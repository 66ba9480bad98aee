package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/charmbracelet/colorprofile"
	xterm "github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"usher/auth0client/doctor"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/setup"
	"usher/auth0client/signin"
	"usher/auth0client/signin/tokenstore"
	"usher/config"
)

func newDoctor(console *consoleFlags) *cobra.Command {
	var asJSON bool
	var features []string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check all that usher depends on, a line for each with what to do",
		Long: "Looks at the configuration, the tenant, the sign-in, the gateway's credential, the journal and the terminal. Nothing\n" +
			"is changed. It ends with 0 when nothing failed, else with 1.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			actions, err := setup.Actions(features)
			if err != nil {
				return usageError{err}
			}
			ctx, stop := notifyInterrupt(cmd.Context())
			defer stop()
			found := examine(ctx, console, actions)
			if err := tellFindings(cmd.OutOrStdout(), found, asJSON); err != nil {
				return err
			}
			if !doctor.Good(found) {
				return errUnwell
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	cmd.Flags().StringSliceVar(&features, "features", nil, "the `FEATURES` the tenant was set up for, as for usher setup")
	return cmd
}

// errUnwell ends usher doctor where something failed: the lines have said it.
var errUnwell = errors.New("not all is well, see the lines marked FAILED")

// examine runs all checks of a profile.
func examine(ctx context.Context, console *consoleFlags, actions []policy.Action) []doctor.Finding {
	terminal := doctor.Run(ctx, []doctor.Check{terminalCheck()})
	p, path, err := examined(console)
	if err != nil {
		found := doctor.Run(ctx, []doctor.Check{{Names: []string{"configuration"}, Run: func(_ context.Context, r *doctor.Report) {
			r.Fail("configuration", "docs/profiles.md shows a whole one", "%v", err)
		}}})
		return append(found, terminal...)
	}
	found := doctor.Run(ctx, profileChecks(p, path, console, actions))
	// What rests on the network says nothing of its own where the tenant cannot be reached, or is none.
	found = doctor.Settle(found, []string{"dns", "tls"}, []string{"keys", "device", "audience", "sign-in", "credential"})
	return append(doctor.Settle(found, []string{"discovery"}, []string{"keys", "device", "audience", "credential"}), terminal...)
}

// examined is the profile and the file that it is in.
func examined(console *consoleFlags) (config.Profile, string, error) {
	o := config.Options{File: console.config, Profile: console.profile, Env: os.Getenv}
	p, err := config.Load(o)
	if err != nil {
		return config.Profile{}, "", err
	}
	path, err := o.Place()
	return p, path, err
}

func profileChecks(p config.Profile, path string, console *consoleFlags, actions []policy.Action) []doctor.Check {
	issuer, err := p.IssuerURL()
	if err != nil { // a profile that was loaded has one
		issuer = &url.URL{}
	}
	tenant := doctor.Profile{Issuer: issuer.String(), ClientID: p.ClientID, Audience: p.Audience, Scopes: p.Scopes, Now: time.Now}
	checks := []doctor.Check{configCheck(p, path), doctor.Tenant(tenant), doctor.Keys(tenant), doctor.Device(tenant), signInCheck(p, console)}
	if p.Gateway != "" {
		return append(checks, doctor.Remote(p.Gateway, func() ([]byte, error) {
			if p.GatewayCA == "" {
				return nil, nil
			}
			return os.ReadFile(p.GatewayCA)
		}))
	}
	checks = append(checks, doctor.Credential(func() (*signin.M2M, error) { return gatewayToken(p, issuer) }, actions))
	dir, err := profileDir(p.Name)
	if err != nil {
		return append(checks, failing("journal", "name a folder with USHER_STATE", err))
	}
	return append(checks, doctor.Journal(dir))
}

func failing(name, fix string, err error) doctor.Check {
	return doctor.Check{Names: []string{name}, Run: func(_ context.Context, r *doctor.Report) { r.Fail(name, fix, "%v", err) }}
}

func gatewayToken(p config.Profile, issuer *url.URL) (*signin.M2M, error) {
	e, err := credential(p, issuer)
	if err != nil {
		return nil, err
	}
	return signin.NewM2M(signin.M2MConfig{
		TokenURL: issuer.JoinPath("oauth/token").String(), ClientID: e.m2mID, ClientSecret: e.m2mSecret, Key: e.m2mKey, Issuer: issuer.String(),
		Audience: e.managementAudience, Now: time.Now,
	}), nil
}

func signInCheck(p config.Profile, console *consoleFlags) doctor.Check {
	// Nobody is asked for a passphrase: a check must not wait for a person.
	id, err := identityWith(p, func(tokenstore.Options) (passphraseFrom, error) { return givenPassphrase(), nil })
	if err != nil {
		return failing("store", "see docs/profiles.md on where sign-ins are kept", err)
	}
	login := &notSignedIn{profile: p.Name, config: console.config}
	return doctor.SignIn{Store: id.store, Want: p.TokenStore, Login: login.command(), Open: func() (*signin.Client, func(), error) {
		s, err := id.open()
		if err != nil {
			return nil, nil, err
		}
		return s.client, s.close, nil
	}}.Check()
}

// configCheck looks at who else may use the files that the profile rests on.
func configCheck(p config.Profile, path string) doctor.Check {
	return doctor.Check{Names: []string{"configuration"}, Run: func(_ context.Context, r *doctor.Report) {
		_, err := os.Stat(path)
		there := err == nil
		if !there && !errors.Is(err, os.ErrNotExist) {
			r.Fail("configuration", "make the file readable", "%v", err)
			return
		}
		for file, then := range map[string]string{path: "send sign-ins elsewhere", p.Policies: "allow what the policies forbid", p.GatewayCA: "put a gateway of theirs in place of yours"} {
			if open := openToOthers(file); open != "" {
				r.Fail("configuration", "run: chmod go-w "+open, "others may change %s, and %s", open, then)
				return
			}
		}
		if p.Policies != "" {
			if _, err := readPolicies(p.Policies); err != nil {
				r.Fail("configuration", "see docs/policies.md", "%v", err)
				return
			}
		}
		if !there {
			r.OK("configuration", "profile %s, from the environment alone", p.Name)
			return
		}
		r.OK("configuration", "profile %s of %s", p.Name, filepath.Clean(path))
	}}
}

// openToOthers is what lets others put another file in the place of this one: it or its folder; empty when nothing does. A
// file that is not there is somebody else's to report.
func openToOthers(file string) string {
	if file == "" || runtime.GOOS == "windows" {
		return ""
	}
	info, err := os.Stat(file)
	if err != nil {
		return ""
	}
	if info.Mode().Perm()&0o022 != 0 {
		return file
	}
	dir := filepath.Dir(file)
	// In a folder such as /tmp nobody moves another's file.
	if info, err = os.Stat(dir); err == nil && info.Mode().Perm()&0o002 != 0 && info.Mode()&os.ModeSticky == 0 {
		return dir
	}
	return ""
}

// terminalCheck looks at what the console can draw.
func terminalCheck() doctor.Check {
	return doctor.Check{Names: []string{"terminal"}, Run: func(_ context.Context, r *doctor.Report) {
		width, height, err := xterm.GetSize(os.Stdout.Fd())
		switch {
		case err != nil:
			r.Note("terminal", "", "the output is no terminal; the console needs one, the commands do not")
		case os.Getenv("TERM") == "dumb":
			r.Note("terminal", "use another terminal for the console; the commands work here", "it cannot move its cursor (TERM=dumb)")
		case width < 60 || height < 15:
			r.Note("terminal", "make it larger", "%d by %d is smaller than the 60 by 15 that the console needs", width, height)
		default:
			letters := "UTF-8"
			if asciiOnly(os.Getenv) {
				letters = "ASCII (set LANG to a UTF-8 locale for more)"
			}
			colors := colorprofile.Detect(os.Stdout, os.Environ()).String()
			if noColor(os.Getenv) {
				colors = "none, as NO_COLOR says"
			}
			r.OK("terminal", "%d by %d, %s, colours: %s", width, height, letters, colors)
		}
	}}
}

// tellFindings prints a line a check, and what to do under those that need it.
func tellFindings(out io.Writer, found []doctor.Finding, asJSON bool) error {
	if asJSON {
		type row struct {
			Check  string `json:"check"`
			Status string `json:"status"` // ok, note, failed or skipped
			Says   string `json:"message"`
			Fix    string `json:"fix"`
		}
		rows := make([]row, 0, len(found))
		for _, f := range found {
			rows = append(rows, row{f.Check, string(f.State), f.Says.String(), f.Fix})
		}
		return printJSON(out, rows)
	}
	for _, f := range found {
		word := string(f.State)
		if f.State == doctor.Failed {
			word = "FAILED"
		}
		fix := ""
		if f.Fix != "" {
			fix = "; " + f.Fix
		}
		if _, err := fmt.Fprintf(out, "%-7s  %-13s  %s%s\n", word, f.Check, f.Says, fix); err != nil {
			return err
		}
	}
	return nil
}
