package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/localtenant"
	"usher/auth0client/signin"
	"usher/ui/view"
)

type demoFlags struct {
	tenantFlags
	approve bool
	as      string
	journal string
}

func newDemo(console *consoleFlags) *cobra.Command {
	f := &demoFlags{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try usher on an embedded tenant: nothing to set up, nothing to break",
		Long: "Starts the local tenant with generated people, the gateway and the console in one process.\n" +
			"Sign in with the key the screen names, or with a browser.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), console, f) },
	}
	f.register(cmd.Flags())
	cmd.Flags().BoolVar(&f.approve, "approve", false, "approve the sign-in unattended (recordings, scripts)")
	cmd.Flags().StringVar(&f.as, "as", "admin", "sign in as this `PRESET`: viewer, support or admin")
	cmd.Flags().StringVar(&f.journal, "journal", "", "keep the journal in `DIR` (default: a temporary folder that ends with the demo)")
	return cmd
}

func runDemo(ctx context.Context, console *consoleFlags, f *demoFlags) (err error) {
	switch f.as {
	case "viewer", "support", "admin":
	default:
		return usagef("--as %q: choose viewer, support or admin", f.as)
	}
	if err := needTerminal(); err != nil {
		return err
	}
	f.poll = time.Second // nobody should wait five seconds for a demo
	running, err := startTenant(ctx, &f.tenantFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.close()) }()

	dir := f.journal
	if dir == "" {
		if dir, err = os.MkdirTemp("", "usher-demo-"); err != nil {
			return fmt.Errorf("make a folder for the demo's journal: %w", err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	}
	w, err := wireLocal(ctx, running.tenant, running.base, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	w.profile, w.demo = "demo", true
	if state, err := profileDir("demo"); err == nil {
		w.kept = newKeeping(state)
	}
	w.lookups = []auth0client.Lookup{{Name: "customer", Path: "app_metadata.customer"}}
	w.fields = []view.Field{{Label: "Plan", Path: "app_metadata.plan", Name: "plan", List: true, Detail: true, Search: true}}
	w.approve = func(_ context.Context, userCode string) error { return running.tenant.Approve(userCode, f.as) }
	w.autoApprove = f.approve
	return w.console(ctx, console)
}

// wireLocal wires the console to a local tenant of this process, through the gateway as always.
func wireLocal(ctx context.Context, t *localtenant.Tenant, base, journalDir string) (*wiring, error) {
	client, audience := t.Device()
	id, secret := t.M2M()
	return wire(ctx, endpoints{
		identity: identity{issuer: t.Issuer(), clientID: client, audience: audience},
		upstream: base, managementAudience: t.ManagementAudience(),
		m2mID: id, m2mSecret: signin.Secret(secret), journal: journalDir,
	})
}
