package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"usher/auth0client/localtenant"
	"usher/config"
	"usher/ui/sshserver"
)

// guesthouse is what SSH sessions share, before a local tenant.
func guesthouse(t *testing.T, policies ...string) (*house, *localtenant.Tenant) {
	t.Helper()
	return guesthouseBehind(t, func(tenant http.Handler) http.Handler { return tenant }, policies...)
}

func guesthouseBehind(t *testing.T, before func(http.Handler) http.Handler, policies ...string) (*house, *localtenant.Tenant) {
	t.Helper()
	t.Setenv("USHER_STATE", t.TempDir())
	tenant, err := localtenant.New(localtenant.Options{Users: 60, Seed: 1, Plan: "unlimited", DeviceInterval: time.Second, SearchLag: -1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(before(tenant.Handler()))
	t.Cleanup(server.Close)
	tenant.SetBaseURL(server.URL)
	client, audience := tenant.Device()
	id, secret := tenant.M2M()
	t.Setenv("GUESTHOUSE_SECRET", secret)
	p := config.Profile{
		Name: "guests", Domain: tenant.Issuer(), ClientID: client, Audience: audience,
		Management: config.Management{ClientID: id, Secret: "env:GUESTHOUSE_SECRET", Audience: tenant.ManagementAudience()},
	}
	if len(policies) > 0 {
		p.Policies = filepath.Join(t.TempDir(), "policies.toml")
		if err := os.WriteFile(p.Policies, []byte(strings.Join(policies, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flags := &consoleFlags{}
	flags.register(pflag.NewFlagSet("", pflag.ContinueOnError))
	h, err := openHouse(p, flags, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
	return h, tenant
}

func visitor(address string) sshserver.Visitor {
	return sshserver.Visitor{Address: address, Fingerprint: "SHA256:" + address, Env: func(string) string { return "" }}
}

// approver approves the codes that a command prints.
type approver struct {
	bytes.Buffer
	t      *testing.T
	tenant *localtenant.Tenant
	preset string
}

func (a *approver) Write(p []byte) (int, error) {
	if _, code, ok := strings.Cut(string(p), "compare the code "); ok {
		if err := a.tenant.Approve(code[:9], a.preset); err != nil {
			a.t.Error(err)
		}
	}
	return a.Buffer.Write(p)
}

func (h *house) try(t *testing.T, tenant *localtenant.Tenant, preset string, args ...string) (out, errs string, code int) {
	t.Helper()
	var o bytes.Buffer
	e := &approver{t: t, tenant: tenant, preset: preset}
	code = h.Command(t.Context(), visitor("192.0.2.1"), args, sshserver.Streams{In: strings.NewReader(""), Out: &o, Err: e})
	return o.String(), e.String(), code
}

func TestCommandsInASession(t *testing.T) {
	h, tenant := guesthouse(t)
	for name, tc := range map[string]struct {
		preset, args, says string
		code               int
	}{
		"who signed in":                 {"support", "whoami --json", `"email": "`, 0},
		"the journal without the right": {"viewer", "journal list", "journal:read", exitNotAllowed},
		"the journal":                   {"admin", "journal list --json", "[", 0},
		"what there is not":             {"", "demo", "there is no command", exitUnknown},
		"a way to the shell":            {"", "sh -c id", "there is no command", exitUnknown},
		"cobra's own":                   {"", "__complete users", "there is no command", exitUnknown},
		"a flag first":                  {"", "--config x whoami", "there is no command", exitUnknown},
		"another configuration":         {"", "whoami --config /etc/passwd", "not available over SSH", exitUsage},
		"another profile":               {"", "whoami --profile x", "not available over SSH", exitUsage},
		"a journal of the host's":       {"", "journal list --dir /", "unknown flag", exitUsage},
	} {
		out, errs, code := h.try(t, tenant, tc.preset, strings.Fields(tc.args)...)
		if code != tc.code || !strings.Contains(out+errs, tc.says) {
			t.Errorf("%s: exit status %d, want %d with %q:\n%s%s", name, code, tc.code, tc.says, out, errs)
		}
	}
}

const twoOperators = `
[[policy]]
name = "desk"

[policy.approval]
"users:password" = { by = ["usher admin"], expires = "4h" }
"users:block" = { by = ["*@ops.example"], expires = "4h" }
`

func TestTwoOperatorsOverSSH(t *testing.T) {
	h, tenant := guesthouse(t, twoOperators)
	must := func(code int, preset, args string) string {
		t.Helper()
		out, errs, got := h.try(t, tenant, preset, strings.Fields(args)...)
		if got != code {
			t.Fatalf("%s ends with %d, want %d\n%s%s", args, got, code, out, errs)
		}
		return out
	}
	must(exitFailed, "support", "users password link ada@example.com --yes")
	var all []approvalOut
	if err := json.Unmarshal([]byte(must(0, "admin", "approvals list --json")), &all); err != nil || len(all) != 1 || !all[0].MayDecide {
		t.Fatalf("%v, %v", all, err)
	}
	if out := must(0, "admin", "approvals approve "+all[0].ID+" --yes"); !strings.Contains(out, "You agreed") {
		t.Errorf("the approver reads %s", out)
	}
	if out := must(0, "support", "approvals take "+all[0].ID+" --yes"); !strings.Contains(out, "Password link: http") {
		t.Errorf("the requester reads %s", out)
	}
}

// Whoever adds a flag for a file names its value FILE, FOLDER, DIR, PATH or WHERE; over SSH it is refused.
func TestNoCommandOfASessionReachesTheHostsFiles(t *testing.T) {
	t.Parallel()
	fresh := func() *cobra.Command {
		root := newVisitRoot(&consoleFlags{})
		root.SetOut(io.Discard)
		root.SetErr(io.Discard)
		return root
	}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
		if !cmd.Runnable() {
			return
		}
		cmd.InheritedFlags() // joins them to the command's
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if cmd.Root().PersistentFlags().Lookup(f.Name) == f {
				return // refused one and all, as another test shows
			}
			value, usage := pflag.UnquoteUsage(f)
			if strings.Contains(strings.ToLower(usage), "file") && !ofFiles(f) && value != "TIME" {
				t.Errorf("%s --%s speaks of a file; is its value one?", cmd.CommandPath(), f.Name)
			}
			if !ofFiles(f) {
				return
			}
			root := fresh()
			root.SetArgs(append(strings.Fields(cmd.CommandPath())[1:], "--"+f.Name, "/etc/passwd", "x"))
			if err := root.ExecuteContext(t.Context()); exitCode(err) != exitUsage {
				t.Errorf("%s --%s gives %v", cmd.CommandPath(), f.Name, err)
			}
		})
	}
	walk(fresh())
}

func TestOneGatewayTellsSessionsApart(t *testing.T) {
	h, tenant := guesthouse(t)
	type guest struct{ address, preset string }
	for _, g := range []guest{{"192.0.2.1", "admin"}, {"198.51.100.7", "support"}} {
		v := &visit{h, visitor(g.address), &approver{t: t, tenant: tenant, preset: g.preset}}
		w, op, err := v.signIn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.close() })
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "https://x/api/v2/users/auth0%7Cnobody", strings.NewReader(`{"blocked":true}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := w.way.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		entries, err := h.journal.Entries(t.Context())
		if err != nil || len(entries) == 0 {
			t.Fatalf("%d lines, %v", len(entries), err)
		}
		found := false
		for _, e := range entries {
			found = found || e.Via == "ssh "+g.address && e.Subject == op.Subject && e.Email == op.Email
		}
		if !found {
			t.Errorf("no line of %s, who came from %s: %+v", op.Email, g.address, entries)
		}
	}
	// Nobody's request, with somebody's token or without, goes no further than the gateway.
	for _, ctx := range []context.Context{t.Context(), context.WithValue(t.Context(), visitKey{}, "x")} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://x/api/v2/users", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		res, err := h.way.RoundTrip(req)
		if err != nil || res.StatusCode != http.StatusUnauthorized {
			t.Errorf("a request of no session gives %v, %v", res, err)
		}
	}
}

func TestChangesUnderWayAreWaitedFor(t *testing.T) {
	t.Parallel()
	u := newUnderway()
	if n := u.wait(time.Second); n != 0 {
		t.Errorf("%d changes are under way at first", n)
	}
	release, sent := make(chan struct{}), make(chan struct{})
	way := u.over(roundTrip(func(*http.Request) (*http.Response, error) {
		close(sent)
		<-release
		return nil, io.EOF
	}))
	go way.RoundTrip(httptest.NewRequest(http.MethodPost, "/", nil)) //nolint:errcheck,bodyclose // it has none
	<-sent
	if n := u.wait(time.Millisecond); n != 1 {
		t.Errorf("%d changes are under way, want 1", n)
	}
	close(release)
	if n := u.wait(10 * time.Second); n != 0 {
		t.Errorf("%d changes are under way at last", n)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A console over SSH starts no program, opens no file and follows no setting of the process that serves it.
func TestAConsoleOverSSHReachesNothingOfTheHost(t *testing.T) {
	h, _ := guesthouse(t)
	for name, value := range map[string]string{"EDITOR": "/bin/true", "VISUAL": "/bin/true", "PAGER": "/bin/true", "BROWSER": "/bin/true", "DISPLAY": ":9", "NO_COLOR": "1", "TERM": "dumb", "LC_ALL": "C"} {
		t.Setenv(name, value)
	}
	v := visitor("192.0.2.1")
	v.Env = func(name string) string {
		return map[string]string{"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}[name]
	}
	c, err := h.Console(t.Context(), v, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	o := c.Options
	if o.Editor != nil || o.OpenBrowser != nil || o.Save != nil || o.Prefs != nil || o.Approve != nil || o.AutoApprove {
		t.Errorf("the console has an editor %t, a browser %t, files %t, a memory %t", o.Editor != nil, o.OpenBrowser != nil, o.Save != nil, o.Prefs != nil)
	}
	if o.NoColor || o.ASCII {
		t.Errorf("the console follows the server's environment: no colour %t, ASCII %t", o.NoColor, o.ASCII)
	}
}

func TestCodesWaitUntilARushOfConsolesIsOver(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ comes, waits time.Duration }{
		"one alone":               {0, calm},
		"a rush that ends":        {100 * time.Millisecond, 100*time.Millisecond + calm},
		"a rush that has no end":  {time.Minute, rushAtMost},
		"long after one has come": {-time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var r rush
				r.began()
				begun := time.Now()
				if tc.comes < 0 {
					time.Sleep(-tc.comes)
					begun = time.Now()
				}
				ctx, stop := context.WithCancel(t.Context())
				var others sync.WaitGroup
				others.Go(func() {
					for ctx.Err() == nil && time.Since(begun) < tc.comes {
						time.Sleep(10 * time.Millisecond)
						r.began()
					}
				})
				defer others.Wait()
				defer stop()
				if err := r.over(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := time.Since(begun); got != tc.waits {
					t.Errorf("a code waits %v, want %v", got, tc.waits)
				}
			})
		})
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	var r rush
	r.began()
	if err := r.over(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever leaves is told %v", err)
	}
}
