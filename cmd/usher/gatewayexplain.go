package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client/gateway"
	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/auth0client/term"
	"usher/config"
)

type explainFlags struct {
	operator, action, user string
	asJSON                 bool
}

func newGatewayExplain(o *consoleFlags) *cobra.Command {
	f := &explainFlags{}
	cmd := &cobra.Command{
		Use:   "explain --operator E --action A [--user U]",
		Short: "Say which rule decides whether an operator may do something to a user",
		Long: "Asks the tenant what the operator holds and who the user is, and goes through the rules as the gateway does.\n" +
			"It changes nothing, and can be run beside a gateway that serves.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case o.config == "":
				return usagef("name the gateway's configuration with --config FILE")
			case f.operator == "" || f.action == "":
				return usagef("name the operator with --operator and what they want with --action, such as users:block")
			}
			return explainGateway(cmd.Context(), cmd.OutOrStdout(), o.config, *f, os.Getenv)
		},
	}
	cmd.Flags().StringVar(&f.operator, "operator", "", "the operator's `EMAIL` or id")
	cmd.Flags().StringVar(&f.action, "action", "", "`ACTION`: one of usher's permissions, such as users:block")
	cmd.Flags().StringVar(&f.user, "user", "", "the user's `EMAIL` or id; none for an action that is about nobody")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print a JSON object")
	return cmd
}

func explainGateway(ctx context.Context, out io.Writer, path string, f explainFlags, env func(string) string) (err error) {
	c, data, err := config.ReadGateway(path)
	if err != nil {
		return usageError{err}
	}
	policies, err := policy.Load(data, path)
	if err != nil {
		return usageError{err}
	}
	issuer, err := c.IssuerURL()
	if err != nil {
		return usageError{err}
	}
	m2m, err := gatewayCredential(c, env)
	if err != nil {
		return err
	}
	// A gateway does not start without a journal. This one records nothing, and the gateway that serves holds the real one.
	dir, err := os.MkdirTemp("", "usher-explain-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	aside, err := journal.Open(dir, journal.Options{Now: time.Now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, aside.Close()) }()
	steps, err := explainWith(ctx, c, issuer, m2m, policies, aside, f)
	if err != nil {
		return err
	}
	return printExplained(out, f, steps)
}

func explainWith(ctx context.Context, c config.Gateway, issuer *url.URL, m2m *signin.M2M, policies *policy.Set, j *journal.Journal, f explainFlags) ([]policy.Step, error) {
	keys := signin.NewKeys(signin.KeysConfig{Issuer: issuer.String(), Now: time.Now})
	defer keys.Close()
	verifier := signin.NewVerifier(signin.VerifierConfig{Issuer: issuer.String(), Audience: c.Tenant.Audience, Now: time.Now, Keys: keys})
	g, err := gateway.New(gateway.Options{
		Upstream: issuer, Verifier: operatorVerifier{verifier}, M2M: m2m, Journal: j, Reserve: c.Budget.Reserve, Now: time.Now, Policies: policies,
	})
	if err != nil {
		return nil, err
	}
	return g.Explain(ctx, f.operator, f.action, f.user, c.Tenant.Audience)
}

// verdict sums the steps up: what refuses last decides, else what is asked for.
func verdict(steps []policy.Step) (word, rule string) {
	word = "allowed"
	for _, s := range steps {
		switch {
		case s.Verdict == policy.Refuses:
			word, rule = "refused", s.Rule
		case s.Verdict == policy.Asks && word == "allowed":
			word, rule = "allowed once what is asked for is given", s.Rule
		}
	}
	return word, rule
}

func printExplained(out io.Writer, f explainFlags, steps []policy.Step) error {
	word, rule := verdict(steps)
	if f.asJSON {
		return printJSON(out, map[string]any{"operator": f.operator, "action": f.action, "user": f.user, "verdict": word, "rule": rule, "steps": steps})
	}
	for _, s := range steps {
		fmt.Fprintf(out, "%-20s %-8s %s\n", term.Line(s.Rule), s.Verdict, term.Line(s.Why))
	}
	if rule != "" {
		word += " by " + term.Line(rule).String()
	}
	fmt.Fprintln(out, word)
	return nil
}
