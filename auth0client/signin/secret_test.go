package signin

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSecretsNeverShow(t *testing.T) {
	t.Parallel()
	const raw = "s3cr3t-value"
	s := Secret(raw)
	m := NewM2M(M2MConfig{TokenURL: "https://t.example.com/oauth/token", ClientSecret: s})
	m.token = &s
	client := newServer(t).client(t, nil)
	client.tokens = &Tokens{Access: s}
	web := &WebSignIn{state: &s, verifier: &s}
	for name, v := range map[string]any{
		"a secret": s, "a pointer to one": &s, "a list": []Secret{s}, "a map": map[string]Secret{"k": s}, "tokens": Tokens{Access: s, Refresh: s, ID: s},
		"a pointer to tokens": &Tokens{Access: s}, "a device code": DeviceCode{code: &s}, "a pointer to a device code": &DeviceCode{code: &s},
		"a credential's settings": M2MConfig{ClientSecret: s}, "a token source": m, "a client": client, "a browser sign-in": web, "a struct with one": struct{ w *WebSignIn }{web}, "a session": &session{tokens: Tokens{Access: s}}, "an answer": tokenAnswer{AccessToken: raw}, "a memory store": &memory{tokens: &Tokens{Access: s}},
		"a struct with a source": struct{ source *M2M }{m}, "a struct with a client": struct{ c *Client }{client}, "a struct with a store": struct{ s Store }{&memory{tokens: &Tokens{Access: s}}}, "an error": fmt.Errorf("with %v: %w", s, errors.New("x")),
	} {
		for _, verb := range []string{"%v", "%s", "%q", "%x", "%X", "%+v", "%#v", "%d", "%10s"} {
			got := fmt.Sprintf(verb, v)
			if strings.Contains(got, raw) || strings.Contains(strings.ToLower(got), hex.EncodeToString([]byte(raw))) {
				t.Errorf("%s under %s shows %s", name, verb, got)
			}
		}
		var logs bytes.Buffer
		slog.New(slog.NewTextHandler(&logs, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&logs, nil)).Info("m", "v", v)
		encoded, _ := json.Marshal(v)
		if out := logs.String() + string(encoded); strings.Contains(out, raw) {
			t.Errorf("%s shows in a log or in JSON: %s", name, out)
		}
	}
	if s.Reveal() != raw || s.String() != "[redacted]" {
		t.Errorf("a secret reveals %q and prints %q", s.Reveal(), s.String())
	}
}

func TestMachineTokens(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.token = func(n int, form url.Values, w http.ResponseWriter) {
		if form.Get("client_secret") != "m2m-secret" || form.Get("grant_type") != "client_credentials" || form.Get("audience") != "https://t.example.com/api/v2/" {
			t.Errorf("the fetch sends %v", form)
		}
		if n == 4 {
			refuses(w, 401, "access_denied", "Unauthorized")
			return
		}
		if n == 5 {
			says(w, 200, `{}`)
			return
		}
		says(w, 200, fmt.Sprintf(`{"access_token":"t%d","expires_in":3600}`, n))
	}
	m := NewM2M(M2MConfig{
		TokenURL: s.URL + "/oauth/token", ClientID: "m2m", ClientSecret: "m2m-secret", Audience: "https://t.example.com/api/v2/", HTTP: s.Client(), Now: s.clock.Now,
	})
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if token, err := m.Token(t.Context()); err != nil || token != "t1" {
				t.Errorf("the token is %q, %v", token, err)
			}
		})
	}
	wg.Wait()
	s.clock.add(time.Hour - early)
	if token, err := m.Token(t.Context()); err != nil || token != "t2" {
		t.Errorf("near its end the token is %q, %v", token, err)
	}
	m.Forget()
	if token, err := m.Token(t.Context()); err != nil || token != "t3" {
		t.Errorf("after Forget the token is %q, %v", token, err)
	}
	m.Forget()
	for _, when := range []string{"refused", "answered without a token"} {
		if token, err := m.Token(t.Context()); err == nil || token != "" || strings.Contains(err.Error(), "m2m-secret") {
			t.Errorf("%s: %q, %v", when, token, err)
		}
	}
}
