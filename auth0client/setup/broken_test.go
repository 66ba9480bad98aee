package setup_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/auth0client/setup"
	"usher/auth0client/signin"
)

// interrupted is a tenant during whose call somebody presses ctrl+c.
type interrupted struct {
	setup.Tenant
	at   string
	stop context.CancelFunc
}

func (i interrupted) Call(ctx context.Context, method, path string, body, out any) error {
	if method+" "+path == i.at {
		i.stop()
	}
	return i.Tenant.Call(ctx, method, path, body, out)
}

func TestWhatIsBegunIsFinished(t *testing.T) {
	t.Parallel()
	for at, done := range map[string]int{"POST roles": 2, "POST clients": 5} {
		p := newPlace(t)
		o := options(t, p)
		o.Key = nil
		ctx, stop := context.WithCancel(t.Context())
		var steps []string
		out, err := p.plan(t, o).Apply(ctx, interrupted{p.admin(t), at, stop}, func(s setup.Step) { steps = append(steps, s.Thing) })
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("broken off; %d of 7 changes are made", done)) || len(steps) != done || len(out.Done) != done {
			t.Errorf("ctrl+c during %s: %d steps, %v", at, len(steps), err)
		}
		if left := p.plan(t, o).Changes(); left != 7-done {
			t.Errorf("after ctrl+c during %s there are %d changes left", at, left)
		}
	}
}

func TestASecretIsKeptBeforeAnythingElseHappens(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	o := options(t, p)
	o.Key = nil
	var events []string
	o.KeepSecret = func(secret signin.Secret) error {
		events = append(events, fmt.Sprint("kept ", len(secret.Reveal()) > 10))
		return nil
	}
	if _, err := p.plan(t, o).Apply(t.Context(), p.admin(t), func(s setup.Step) { events = append(events, s.Thing) }); err != nil {
		t.Fatal(err)
	}
	kept := slices.Index(events, "kept true")
	if kept < 0 || !strings.HasPrefix(events[kept+1], "machine-to-machine application") || len(events) != 8 {
		t.Errorf("the order is %q", events)
	}
}

func TestAnAdminTokenOfAnotherTenantIsNotSent(t *testing.T) {
	t.Parallel()
	token := func(audience string) signin.Secret {
		part := base64.RawURLEncoding.EncodeToString
		return signin.Secret(part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(`{"aud":"`+audience+`"}`)) + "." + part([]byte("unsigned")))
	}
	for _, tc := range []struct {
		issuer, audience string
		good             bool
	}{
		{"https://acme.eu.auth0.com/", "https://acme.eu.auth0.com/api/v2/", true},
		{"https://acme.eu.auth0.com/", "https://other.eu.auth0.com/api/v2/", false},
		{"https://acme.eu.auth0.com/", "https://acme.us.auth0.com/api/v2/", false},
		{"https://login.acme.example/", "https://acme.eu.auth0.com/api/v2/", true}, // a custom domain: only the tenant knows
		{"https://acme.eu.auth0.com/", "urn:usher", false},
	} {
		a, err := setup.NewAdmin(tc.issuer, token(tc.audience), time.Now, time.After)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.CheckToken(nil); (err == nil) != tc.good {
			t.Errorf("at %s a token for %s: %v", tc.issuer, tc.audience, err)
		}
	}
}
