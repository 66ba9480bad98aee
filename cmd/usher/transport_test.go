//go:build unix

package main

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// refuser is a gateway that refuses so many tokens.
type refuser struct {
	code   string
	left   int
	tokens []string
	bodies []string
}

func (g *refuser) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	g.tokens, g.bodies = append(g.tokens, r.Header.Get("Authorization")), append(g.bodies, string(body))
	status := http.StatusOK
	if g.left > 0 {
		g.left--
		status = http.StatusUnauthorized
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(`{"errorCode":"` + g.code + `"}`)), Request: r}, nil
}

func TestATokenTheGatewayRefusesIsRenewedOnce(t *testing.T) {
	t.Parallel()
	f := newFakeTenant(t)
	for name, tc := range map[string]struct {
		code         string
		left         int
		sent, status int
	}{
		"a token that counts":            {"usher_token", 0, 1, 200},
		"a token that does not":          {"usher_token", 1, 2, 200},
		"an operator who may not":        {"usher_token", 2, 2, 401},
		"the tenant refuses the gateway": {"invalid_token", 1, 1, 401},
	} {
		s, err := identity{issuer: f.URL + "/", clientID: "client-1", audience: "https://usher.example.com/api"}.open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.close)
		code, err := s.client.StartDevice(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		code.Interval = time.Millisecond
		if _, err := s.client.WaitDevice(t.Context(), code); err != nil {
			t.Fatal(err)
		}
		g := &refuser{code: tc.code, left: tc.left}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "https://x.example.com/api/v2/users/1", strings.NewReader("change"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := operatorTransport{session: s.client, next: g}.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(res.Body)
		if len(g.tokens) != tc.sent || res.StatusCode != tc.status || !strings.Contains(string(said), tc.code) || len(slices.Compact(g.tokens)) != tc.sent || slices.Contains(g.bodies, "") {
			t.Errorf("%s: sent %d times with bodies %q, ends with %d", name, len(g.tokens), g.bodies, res.StatusCode)
		}
	}
}
