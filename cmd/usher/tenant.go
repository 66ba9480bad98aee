package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"usher/auth0client/localtenant"
	"usher/auth0client/signin/privatefile"
	"usher/auth0client/signin/tokenstore"
	"usher/config"
)

// manyUsers is from how many generated people on memory counts.
const manyUsers = 50_000

// tenantFlags are what `usher tenant` and `usher demo` have in common.
type tenantFlags struct {
	users  int
	seed   uint64
	data   string
	plan   string
	addr   string
	info   string
	faults []string
	m2mKey string
	state  string
	lag    time.Duration
	config string
	code   time.Duration // how long a device code is good; zero is Auth0's fifteen minutes
	token  time.Duration // how long an operator's token is good; zero is Auth0's day
	poll   time.Duration // between two polls of a sign-in; zero is Auth0's five seconds
}

func (f *tenantFlags) register(fs *pflag.FlagSet) {
	fs.IntVar(&f.users, "users", 2000, "generate `N` people")
	fs.Uint64Var(&f.seed, "seed", 1, "the same seed `N` gives the same people, ids included")
	fs.StringVar(&f.data, "data", "", "load users from `FILE` (Auth0's import format) instead of generating them")
	fs.StringVar(&f.plan, "plan", "enterprise", "rate limits of this `PLAN`: free, pro, enterprise or unlimited")
	fs.StringVar(&f.addr, "addr", "127.0.0.1:0", "listen on `HOST:PORT` (port 0: any free one)")
	fs.StringVar(&f.info, "info", "", "write the tenant's addresses and clients to `FILE` once it listens")
	fs.DurationVar(&f.lag, "search-lag", time.Second, "the `TIME` by which the user search trails behind a write, as Auth0's does")
	fs.DurationVar(&f.code, "code-life", 0, "how long a sign-in code is good (`TIME`; default 15m, as Auth0's)")
	fs.DurationVar(&f.token, "token-life", 0, "how long an operator's token is good (`TIME`; default 24h, as Auth0's)")
	fs.StringArrayVar(&f.faults, "fault", nil, "inject a fault by a `RULE` such as 'GET /api/v2/users 503 20%'; may be repeated (docs/local-tenant.md)")
}

func newTenant() *cobra.Command {
	f := &tenantFlags{}
	cmd := &cobra.Command{
		Use:   "tenant",
		Short: "Run the embedded local tenant alone",
		Long:  "Runs a tenant that behaves like Auth0 over HTTP, for tests and training. It ends with ctrl+c.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			running, err := startTenant(cmd.Context(), f)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "local tenant %s with %d users%s\n", running.tenant.Issuer(), running.tenant.Users(), kept(f.state))
			if f.config != "" {
				fmt.Fprintf(cmd.OutOrStdout(), "in another terminal: usher --config %s\n", f.config)
			}
			return running.wait(cmd.Context())
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().StringVar(&f.m2mKey, "m2m-key", "", "let the gateway prove itself with the private half of this public key (PEM `FILE`), besides its secret")
	cmd.Flags().StringVar(&f.state, "state", "", "keep the tenant in `FILE` across runs; where it exists, --users, --seed and --data do not count")
	cmd.Flags().StringVar(&f.config, "write-config", "", "write a configuration with a profile local for this tenant to `FILE`")
	return cmd
}

func kept(state string) string {
	if state == "" {
		return ""
	}
	return ", kept in " + state
}

// runningTenant is a local tenant that serves.
type runningTenant struct {
	tenant *localtenant.Tenant
	server *http.Server
	base   string
	failed chan error
}

func startTenant(ctx context.Context, f *tenantFlags) (*runningTenant, error) {
	o := localtenant.Options{
		Users: f.users, Seed: f.seed, Plan: f.plan, DeviceInterval: f.poll, CodeLife: f.code, TokenLife: f.token, State: f.state, SearchLag: f.lag,
		Tell: func(note string) { fmt.Fprintln(os.Stderr, "usher: "+note) },
	}
	if f.code < 0 || f.token < 0 || f.code%time.Second != 0 || f.token%time.Second != 0 {
		return nil, usagef("--code-life and --token-life are whole seconds, such as 30s")
	}
	if f.users < 0 {
		return nil, usagef("--users is %d: it cannot be negative", f.users)
	}
	if f.lag <= 0 {
		o.SearchLag = -1
	}
	if f.users >= manyUsers {
		// So many records live long: collecting more often costs little and keeps the process small.
		debug.SetGCPercent(30)
	}
	if f.data != "" {
		data, err := os.ReadFile(f.data)
		if err != nil {
			return nil, fmt.Errorf("read the users to load: %w", err)
		}
		o.Data = data
	}
	if f.m2mKey != "" {
		key, err := os.ReadFile(f.m2mKey)
		if err != nil {
			return nil, fmt.Errorf("read --m2m-key: %w", err)
		}
		o.GatewayKey = key
	}
	tenant, err := localtenant.New(o)
	if err != nil {
		return nil, usageError{fmt.Errorf("make the local tenant: %w", err)}
	}
	for _, rule := range f.faults {
		if err := tenant.AddFault(rule); err != nil {
			return nil, usageError{fmt.Errorf("--fault %q: %w", rule, err)}
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", f.addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the local tenant: %w; choose another address with --addr", err)
	}
	base := "http://" + l.Addr().String()
	tenant.SetBaseURL(base)
	r := &runningTenant{
		tenant: tenant, base: base, failed: make(chan error, 1),
		server: &http.Server{Handler: tenant.Handler(), ReadHeaderTimeout: 10 * time.Second},
	}
	go func() { r.failed <- r.server.Serve(l) }()
	if f.info != "" {
		if err := writeInfo(f.info, tenant); err != nil {
			_ = r.server.Close()
			return nil, err
		}
	}
	if f.config != "" {
		if err := writeConfig(f.config, tenant); err != nil {
			_ = r.server.Close()
			return nil, err
		}
	}
	return r, nil
}

// writeConfig writes a configuration for the tenant. The gateway's secret and the identity that opens the kept sign-in go
// to files of their own beside it.
func writeConfig(path string, t *localtenant.Tenant) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("write --write-config: %w", err)
	}
	client, audience := t.Device()
	id, secret := t.M2M()
	if err := privatefile.Write(path+".secret", []byte(secret+"\n")); err != nil {
		return fmt.Errorf("write the local gateway's secret: %w", err)
	}
	identity, err := tokenstore.NewIdentity()
	if err != nil {
		return err
	}
	if err := privatefile.Write(path+".identity", []byte(identity.Reveal()+"\n")); err != nil {
		return fmt.Errorf("write the local sign-in's identity: %w", err)
	}
	return config.Write(path, config.Config{Default: "local", Profiles: map[string]config.Profile{"local": {
		Domain: t.Issuer(), ClientID: client, Audience: audience,
		Management: config.Management{ClientID: id, Secret: config.Reference("file:" + path + ".secret"), Audience: t.ManagementAudience()},
		TokenStore: string(tokenstore.File), TokenIdentity: path + ".identity",
	}}})
}

// wait serves until ctx ends or the server fails.
func (r *runningTenant) wait(ctx context.Context) error {
	ctx, stop := notifyInterrupt(ctx)
	defer stop()
	select {
	case err := <-r.failed:
		return fmt.Errorf("serve the local tenant: %w", err)
	case <-ctx.Done():
		return r.close()
	}
}

func (r *runningTenant) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := r.server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop the local tenant: %w", err)
	}
	return errors.Join(r.server.Close(), r.tenant.Close())
}

// writeInfo writes how to reach the tenant, whole or not at all, readable by its owner only: it holds a client secret
// of a tenant that ends with this process.
func writeInfo(path string, t *localtenant.Tenant) error {
	type m2m struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	type device struct {
		ClientID string `json:"client_id"`
		Audience string `json:"audience"`
	}
	var info struct {
		Issuer   string `json:"issuer"`
		Audience string `json:"audience"`
		M2M      m2m    `json:"m2m"`
		Device   device `json:"device"`
	}
	info.Issuer, info.Audience = t.Issuer(), t.ManagementAudience()
	info.M2M.ClientID, info.M2M.ClientSecret = t.M2M()
	info.Device.ClientID, info.Device.Audience = t.Device()
	data, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the tenant's addresses: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".usher-info-*")
	if err != nil {
		return fmt.Errorf("write --info %s: %w", path, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone already once renamed
	if _, err := tmp.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("write --info %s: %w", path, err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("write --info %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write --info %s: %w", path, err)
	}
	return nil
}
