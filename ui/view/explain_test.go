package view

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
)

func TestWhoGaveNoAnswerIsNamed(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection refused")
	by := func(f auth0client.GatewayFault) error {
		f.Host, f.Err = "usher.acme.example", lost
		return fmt.Errorf("search users: %w", &auth0client.Unreachable{Err: &f})
	}
	said := func(code string) error {
		return &auth0client.Unavailable{Answer: auth0client.Answer{Status: 503, Code: term.Line(code), Message: term.Line("no space left")}}
	}
	for name, c := range map[string]struct {
		err   error
		title string
		hint  string
		retry bool
	}{
		"the tenant, by a gateway of this process": {&auth0client.Unreachable{Err: lost}, "The tenant cannot be reached", "Check the network", true},
		"the gateway":                         {by(auth0client.GatewayFault{}), "The gateway usher.acme.example cannot be reached", "Check the network or VPN", true},
		"the tenant, by the gateway":          {by(auth0client.GatewayFault{Tenant: true}), "The gateway usher.acme.example gets no answer from the tenant", "Auth0 may be down", true},
		"a page of something between":         {by(auth0client.GatewayFault{Foreign: true}), "Something else answered in place of the gateway usher.acme.example", "VPN", true},
		"a certificate":                       {by(auth0client.GatewayFault{Certificate: true}), "The gateway usher.acme.example shows a certificate that does not count", "Nothing was sent", true},
		"a change whose outcome is not known": {&auth0client.Unknown{Err: &auth0client.GatewayFault{Host: "usher.acme.example", Err: lost}}, "The outcome is unknown", "Reload", false},
		"a change that the tenant answered with a fault": {fmt.Errorf("create the user: %w", &auth0client.Unknown{Err: &auth0client.Unavailable{Answer: auth0client.Answer{Status: 504}}}),
			"The outcome is unknown", "a fault of its own (HTTP 504): it may be made all the same. Reload", false},
		"the journal":                  {said("usher_journal"), "usher's journal cannot be used", "No change is made without it", true},
		"the gateway's own credential": {said("usher_m2m"), "The gateway's own credential is not accepted", "Whoever runs the gateway must look", false},
		"the tenant's own fault":       {said(""), "The tenant has a fault of its own (HTTP 503)", "Try again", true},
	} {
		p := Explain(time.Time{}, c.err)
		if p.Title != c.title || !strings.Contains(p.Hint, c.hint) || p.Retry != c.retry {
			t.Errorf("%s: %+v", name, p)
		}
	}
	stopped := &auth0client.GatewayFault{Host: "usher.acme.example", Err: context.Canceled}
	if p := Explain(time.Time{}, stopped); !p.IsZero() {
		t.Errorf("work that was given up is told: %+v", p)
	}
	if p := Explain(time.Time{}, &auth0client.GatewayFault{Host: "a\x1b[2Jb", Err: lost}); strings.Contains(p.Title, "\x1b") {
		t.Errorf("the host acts on the terminal: %q", p.Title)
	}
}
