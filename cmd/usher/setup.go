package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	xterm "github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"usher/auth0client/setup"
	"usher/auth0client/signin"
	"usher/auth0client/signin/privatefile"
	"usher/auth0client/term"
	"usher/config"
)

type setupFlags struct {
	domain, audience, token string
	features                []string
	key, algorithm, secret  string
	consoleApp, gatewayApp  string
	writeConfig             string
	print, yes, asJSON      bool
}

func newSetup(console *consoleFlags) *cobra.Command {
	f := &setupFlags{}
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Say what usher needs in an Auth0 tenant, or create it",
		Long: "Without a token, prints what to create by hand. With a short-lived admin token it compares that with the tenant,\n" +
			"shows the difference and, once confirmed, makes it. Nothing is deleted, and a second run changes nothing.\n\n" +
			"The admin token is used for this and kept nowhere. docs/auth0-setup.md says how to get one, and why each setting is\n" +
			"as it is.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSetup(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), console, f)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.domain, "domain", "", "the tenant's `DOMAIN`, such as acme.eu.auth0.com (default: the profile's)")
	fs.StringVar(&f.audience, "audience", "", "identifier of usher's `API` (default: the profile's, else "+setup.DefaultAudience+")")
	fs.StringVar(&f.token, "token", "", "where the admin token is: env:NAME or file:PATH; `WHERE` is never the token itself")
	fs.StringSliceVar(&f.features, "features", nil, "set up for these `FEATURES` only: kinds or single permissions, as users,mfa,logs:read")
	fs.StringVar(&f.key, "key", "", "the gateway's private key (PEM `FILE`); made where it is missing (default: beside the configuration)")
	fs.StringVar(&f.algorithm, "algorithm", "RS256", "`ALGORITHM` that the key signs with: RS256 or PS256")
	fs.StringVar(&f.secret, "secret-file", "", "give the gateway's application a secret instead of a key, and keep it in `FILE`")
	fs.StringVar(&f.consoleApp, "console-app", "", "client `ID` of the console's application, where its name does not tell it")
	fs.StringVar(&f.gatewayApp, "gateway-app", "", "client `ID` of the gateway's application, where its name does not tell it")
	fs.StringVar(&f.writeConfig, "write-config", "", "add the profile to the configuration `FILE`, instead of printing it")
	fs.BoolVar(&f.print, "print", false, "change nothing, only show")
	fs.BoolVar(&f.yes, "yes", false, "do not ask before the changes are made")
	fs.BoolVar(&f.asJSON, "json", false, "print a JSON object")
	cmd.MarkFlagsMutuallyExclusive("key", "secret-file")
	cmd.MarkFlagsMutuallyExclusive("print", "yes")
	return cmd
}

func runSetup(ctx context.Context, in io.Reader, out io.Writer, console *consoleFlags, f *setupFlags) error {
	ctx, stop := notifyInterrupt(ctx)
	defer stop()
	r, err := newSetupRun(console, f)
	if err != nil {
		return err
	}
	if f.token == "" {
		return r.byHand(out)
	}
	admin, err := r.admin(out)
	if err != nil {
		return err
	}
	if err := r.readCredential(); err != nil {
		return err
	}
	plan, err := setup.Make(ctx, admin, r.options)
	if err != nil {
		return err
	}
	if err := r.haveSecret(plan); err != nil {
		return err
	}
	if !f.asJSON {
		fmt.Fprintf(out, "%s\n\n", r.options.Issuer)
		plan.Write(out)
	}
	said := setupSaid{Tenant: r.options.Issuer, Steps: plan.Steps, Changes: plan.Changes(), Advice: plan.Advice()}
	outcome := plan.Standing()
	if plan.Changes() > 0 && !f.print {
		if err := f.confirm(ctx, in, out); err != nil {
			return err
		}
		if outcome, err = r.apply(ctx, out, admin, plan); err != nil {
			return err
		}
		said.Applied = true
	}
	return r.end(out, plan, outcome, said)
}

// setupSaid is what a run says to a program. The names of its fields are a contract.
type setupSaid struct {
	Tenant  string       `json:"tenant"`
	Steps   []setup.Step `json:"steps"`
	Changes int          `json:"changes"`
	Applied bool         `json:"applied"`
	Advice  []string     `json:"advice"`
	Profile string       `json:"profile"` // in TOML; empty while an application is missing
}

func (f *setupFlags) confirm(ctx context.Context, in io.Reader, out io.Writer) error {
	if f.yes {
		return nil
	}
	if f.asJSON || !isTerminal(in) {
		return usagef("nobody can be asked whether to make these changes: add --yes to make them, or --print to only look")
	}
	answer, err := askLine(ctx, in, out, "\nMake these changes? Type yes: ")
	if err == nil && answer != "yes" {
		err = errors.New("not confirmed: nothing was changed")
	}
	return err
}

// isTerminal reports that something, such as a command's output, is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(interface{ Fd() uintptr })
	return ok && xterm.IsTerminal(file.Fd())
}

// admin reads the admin token and checks what can be checked of it here.
func (r *setupRun) admin(out io.Writer) (*setup.Admin, error) {
	token, err := readAdminToken(r.flags.token)
	if err != nil {
		return nil, err
	}
	admin, err := setup.NewAdmin(r.options.Issuer, token, time.Now, time.After)
	if err != nil {
		return nil, usageError{err}
	}
	needs := setup.AdminScopes(r.keyPath != "")
	if r.flags.print {
		needs = slices.DeleteFunc(needs, func(s string) bool { return !strings.HasPrefix(s, "read:") })
	}
	until, err := admin.CheckToken(needs)
	if err != nil {
		return nil, err
	}
	if left := time.Until(until); !until.IsZero() && left > 25*time.Hour && !r.flags.asJSON {
		fmt.Fprintf(out, "The admin token is good for another %d days: one that lasts a day at most is safer.\n\n", int(left.Hours()/24))
	}
	return admin, nil
}

// readAdminToken reads the token from where the flag says. It is in no error.
func readAdminToken(where string) (signin.Secret, error) {
	kind, name, _ := strings.Cut(where, ":")
	var token string
	switch {
	case kind == "env" && name != "":
		if token = os.Getenv(name); token == "" {
			return "", usagef("the environment has no %s, which should hold the admin token", name)
		}
	case kind == "file" && name != "":
		data, err := privatefile.Read(name)
		if err != nil {
			return "", fmt.Errorf("read the admin token: %w", err)
		}
		token = string(data)
	default: // not quoted: it may be the token
		return "", usagef("--token says where the token is, as env:NAME or file:PATH; the token itself does not belong on the command line")
	}
	return signin.Secret(strings.TrimSpace(token)), nil
}

func (r *setupRun) byHand(out io.Writer) error {
	if r.keyPath != "" {
		r.options.Key = &setup.PublicKey{Algorithm: r.flags.algorithm}
	}
	plan, err := setup.ByHand(r.options)
	if err != nil {
		return err
	}
	p := r.profile(setup.Outcome{ConsoleID: "CLIENT_ID_OF_THE_CONSOLE", GatewayID: "CLIENT_ID_OF_THE_GATEWAY", Management: r.options.Issuer + "api/v2/"})
	text, err := formatProfile(p)
	if err != nil {
		return err
	}
	if r.flags.asJSON {
		return printJSON(out, setupSaid{Tenant: r.options.Issuer, Steps: plan.Steps, Changes: plan.Changes(), Advice: plan.Advice(), Profile: text})
	}
	fmt.Fprintf(out, "What usher needs in %s. With --token env:NAME usher compares it with the tenant, and creates it.\n\n", r.options.Issuer)
	plan.WriteByHand(out)
	plan.WriteAdvice(out)
	fmt.Fprintf(out, "\nThe profile, for the configuration:\n\n%s", term.Block(text))
	return nil
}

func formatProfile(p config.Profile) (string, error) {
	return config.Format(config.Config{Default: p.Name, Profiles: map[string]config.Profile{p.Name: p}})
}

// apply makes the changes and looks whether they are there.
func (r *setupRun) apply(ctx context.Context, out io.Writer, admin *setup.Admin, plan *setup.Plan) (setup.Outcome, error) {
	// Before the tenant knows the key: one that cannot be kept is of no use there.
	if err := r.keepKey(); err != nil {
		return setup.Outcome{}, err
	}
	tell := func(s setup.Step) {
		if !r.flags.asJSON {
			fmt.Fprintf(out, "done: %s the %s\n", s.Verb, s.Thing)
		}
	}
	if !r.flags.asJSON {
		fmt.Fprintln(out)
	}
	outcome, err := plan.Apply(ctx, admin, tell)
	if err != nil {
		return outcome, err
	}
	again, err := setup.Make(ctx, admin, r.options)
	if err != nil {
		return outcome, fmt.Errorf("look whether all is there: %w", err)
	}
	if again.Changes() > 0 {
		return outcome, fmt.Errorf("the tenant took %d changes, and yet %d differ; run usher setup --print to see them", plan.Changes(), again.Changes())
	}
	return outcome, nil
}

// end says what is left to do.
func (r *setupRun) end(out io.Writer, plan *setup.Plan, outcome setup.Outcome, said setupSaid) error {
	p := r.profile(outcome)
	if p.ClientID != "" && p.Management.ClientID != "" {
		text, err := formatProfile(p)
		if err != nil {
			return err
		}
		said.Profile = text
	}
	written := false
	if r.flags.writeConfig != "" && said.Profile != "" && !r.flags.print {
		if err := r.writeProfile(p); err != nil {
			return err
		}
		written = true
	}
	if r.flags.asJSON {
		return printJSON(out, said)
	}
	fmt.Fprintln(out)
	if said.Applied {
		plan.WriteAdvice(out)
		fmt.Fprintln(out)
	}
	switch {
	case written:
		fmt.Fprintf(out, "The profile %s is in %s. Next: usher --config %s --profile %s doctor, then login\n", p.Name, r.flags.writeConfig, r.flags.writeConfig, p.Name)
	case said.Profile != "":
		fmt.Fprintf(out, "The profile, for the configuration:\n\n%s", term.Block(said.Profile))
	}
	return nil
}
