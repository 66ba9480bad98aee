package sshserver

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/auth0client"
)

// bomb is a tenant that is good until it is armed.
type bomb struct {
	http.RoundTripper
	armed *atomic.Bool
}

func (b bomb) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.armed.Load() {
		panic("canary-of-a-panic")
	}
	return b.RoundTripper.RoundTrip(r)
}

// A console's own errors, wherever they happen, end that console: its operator reads a sentence on a terminal that is put
// back, and nobody else notices.
func TestAnErrorOfUshersOwnEndsItsSessionOnly(t *testing.T) {
	t.Parallel()
	for where, tc := range map[string]struct {
		plant func(c *Console, armed *atomic.Bool)
		keys  string
	}{
		"Update": {func(c *Console, armed *atomic.Bool) {
			c.Options.Now = func() time.Time {
				if armed.Load() {
					panic("canary-of-a-panic")
				}
				return time.Now()
			}
		}, "j"},
		"View": {func(c *Console, armed *atomic.Bool) {
			c.Options.Budget = func() (int, int, bool) {
				if armed.Load() {
					panic("canary-of-a-panic")
				}
				return 1, 1, true
			}
		}, "j"},
		"a command": {func(c *Console, armed *atomic.Bool) {
			c.Options.Backend = client(t, bomb{tenant("canary-admin"), armed})
		}, "\r"}, // a user's record is read by itself
		"a goroutine of a command": {func(c *Console, armed *atomic.Bool) {
			c.Options.Backend = client(t, bomb{tenant("canary-admin"), armed})
		}, "/ada@example.com\r"}, // the look-up of an email goes beside the search
	} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			r := start(t, Limits{})
			var armed atomic.Bool
			r.host.console = func(v Visitor, c *Console) {
				if v.Label == "admin" {
					tc.plant(c, &armed)
				}
			}
			stays, hit := r.open(r.client(r.other), ""), r.open(r.client(r.admin), "")
			stays.expect("canary-other")
			hit.expect("canary-admin")
			armed.Store(true)
			hit.send(tc.keys)
			hit.expect(crashed)
			hit.ends()
			out := hit.out.String()
			if strings.LastIndex(out, "\x1b[?1049l") < strings.LastIndex(out, "\x1b[?1049h") || strings.Contains(out, "canary-of-a-panic") {
				t.Errorf("the terminal is left with %q", out)
			}
			stays.send("?")
			stays.expect("Keys")
			armed.Store(false)
			r.open(r.client(r.admin), "").expect("canary-admin")
		})
	}
}

func client(t *testing.T, way http.RoundTripper) *auth0client.Client {
	t.Helper()
	c, err := auth0client.New(auth0client.Options{Domain: "acme.example", Now: time.Now, HTTP: &http.Client{Transport: way}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnErrorOfUshersOwnInACommandOrBeforeAConsole(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	r.host.command = func(_ context.Context, _ Visitor, args []string, s Streams) int {
		if args[0] == "burst" {
			panic("canary-of-a-panic")
		}
		_, _ = io.WriteString(s.Out, "still here")
		return 0
	}
	r.host.console = func(Visitor, *Console) { panic("canary-of-a-panic") }
	c := r.client(r.admin)
	if out, errs, code := r.run(c, "burst"); code != 1 || !strings.Contains(errs, crashed) || strings.Contains(out+errs, "canary") {
		t.Errorf("a command ends with %d: %q %q", code, out, errs)
	}
	s := r.open(c, "")
	s.expect(crashed)
	s.ends()
	if out, _, _ := r.run(c, "x"); out != "still here" {
		t.Errorf("afterwards the same connection finds %q", out)
	}
	if log := r.log.String(); strings.Contains(log, "canary") || strings.Count(log, "crash_test.go") < 2 {
		t.Errorf("the log is %s", log)
	}
}
