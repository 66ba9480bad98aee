package desk

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/auth0client/term"
)

func TestAPasswordIsHeldAgainstThePolicyOfItsConnection(t *testing.T) {
	t.Parallel()
	ada := auth0client.User{EmailRaw: "ada@example.com", Name: term.Line("Ada Lovelace")}
	opts := func(policy string, min int) auth0client.ConnectionOptions {
		return auth0client.ConnectionOptions{Known: true, PasswordPolicy: policy, MinLength: min}
	}
	strict := opts("excellent", 0)
	strict.NoPersonalInfo, strict.NoCommon, strict.History = true, true, 5
	for _, tc := range []struct {
		name, password string
		o              auth0client.ConnectionOptions
		unmet          []string // a part of each demand that is not met
	}{
		{"none takes one character", "x", opts("none", 0), nil},
		{"none takes no empty one", "", opts("none", 0), []string{"at least 1"}},
		{"low counts to six", "abcde", opts("low", 0), []string{"at least 6"}},
		{"fair wants the three usual kinds", "abcdefg1", opts("fair", 0), []string{"a capital"}},
		{"fair is not content with a special character for one", "Abcdefg!", opts("fair", 0), []string{"a digit"}},
		{"good takes any three kinds", "abcdef1!", opts("good", 0), nil},
		{"good with two kinds", "abcdefg1", opts("good", 0), []string{"three of"}},
		{"the connection's own length counts", "Abcdefg1", opts("good", 12), []string{"at least 12"}},
		{"excellent refuses three alike", "Abcdeee123", opts("excellent", 0), []string{"in a row"}},
		{"excellent wants ten", "Abcdef12!", opts("excellent", 0), []string{"at least 10"}},
		{"an unknown policy is Auth0's own", "abcdefgh", auth0client.ConnectionOptions{}, []string{"three of"}},
		{"characters count, not bytes", "ééééAb1!", opts("good", 0), nil},
		{"bytes count at the end", "Ab1" + strings.Repeat("é", 40), opts("good", 0), []string{"at most 72"}},
		{"the user's name is refused whatever its case", "xLOVELACEx1-ada@", strict, []string{"name or email"}},
		{"what only Auth0 knows is not held against it", "Xk7-pq93-mm", strict, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			u := ada
			if tc.name == "the user's name is refused whatever its case" {
				u.FamilyName = term.Line("Lovelace")
			}
			got := Unmet(PasswordRules(tc.o, u, tc.password))
			ok := len(got) == len(tc.unmet)
			for i, want := range tc.unmet {
				ok = ok && strings.Contains(got[i], want)
			}
			if !ok {
				t.Errorf("not met: %q, want %q", got, tc.unmet)
			}
		})
	}
	later := 0
	for _, r := range PasswordRules(strict, ada, "x") {
		if r.Later {
			later++
		}
	}
	if later != 2 {
		t.Errorf("%d demands are left to Auth0, want the dictionary and the history", later)
	}
}

func TestASuggestedPasswordMeetsEveryPolicy(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"", "none", "low", "fair", "good", "excellent"} {
		for _, min := range []int{0, 12, 30, 64, 72, 128} {
			o := auth0client.ConnectionOptions{PasswordPolicy: policy, MinLength: min, NoPersonalInfo: true}
			seen := map[string]bool{}
			for range 20 {
				s, err := SuggestPassword(o, auth0client.User{EmailRaw: "ada@example.com"}, rand.Reader)
				if min > maxPassword {
					if err == nil {
						t.Errorf("%s/%d: a password longer than Auth0 takes is suggested", policy, min)
					}
					continue
				}
				if err != nil {
					t.Fatalf("%s/%d: %v", policy, min, err)
				}
				p := s.Reveal()
				if unmet := Unmet(PasswordRules(o, auth0client.User{}, p)); len(unmet) > 0 || seen[p] || strings.ContainsAny(p, "iloIO01") {
					t.Errorf("%s/%d: %q: not met %v, seen before %v", policy, min, p, unmet, seen[p])
				}
				seen[p] = true
			}
		}
	}
	if _, err := SuggestPassword(auth0client.ConnectionOptions{}, auth0client.User{}, bytes.NewReader(nil)); err == nil {
		t.Error("without randomness a password is suggested")
	}
}

// passwords is a tenant that notes what it is asked.
type passwords struct {
	Passwords
	sent []auth0client.Change
	err  error
}

func (p *passwords) User(_ context.Context, id auth0client.UserID) (auth0client.User, error) {
	return auth0client.User{ID: id, Blocked: true}, nil
}

func (p *passwords) UpdateUser(_ context.Context, id auth0client.UserID, step auth0client.Change, _ auth0client.Unchanged) (auth0client.User, error) {
	p.sent = append(p.sent, step)
	blocked, _ := step["blocked"].(bool)
	return auth0client.User{ID: id, Blocked: blocked}, p.err
}

func TestASetPasswordIsShownOnceAndKeepsAnAdministratorsBlock(t *testing.T) {
	t.Parallel()
	tenant := &passwords{}
	op := SetPassword(tenant, auth0client.User{ID: "auth0|1", Blocked: true}, "Users", auth0client.NewSecret("hunter-2-Hunter"))
	r := op.Run(t.Context())
	if r.Err != nil || len(r.Once) != 1 || r.Once[0].Value.Reveal() != "hunter-2-Hunter" || r.User == nil || !r.User.Blocked {
		t.Fatalf("the result is %+v", r)
	}
	if len(tenant.sent) != 2 || tenant.sent[0]["connection"] != "Users" || tenant.sent[1]["blocked"] != true {
		t.Errorf("sent %v", tenant.sent)
	}
	for _, line := range slices.Concat(op.Does, op.Loses, r.Done, r.Note) {
		if strings.Contains(line, "hunter") {
			t.Errorf("the password is in %q", line)
		}
	}
	tenant.err = errors.New("refused")
	if r = op.Run(t.Context()); r.Err == nil || len(r.Once) != 0 {
		t.Errorf("a refused password is shown: %+v", r)
	}
}

func TestLinkingSaysWhatIsLost(t *testing.T) {
	t.Parallel()
	u := auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com")}
	other := auth0client.User{ID: "samlp|corp|ada@example.com", UserMetadata: []byte(`{"theme":"dark","\u001b[2J":1}`), AppMetadata: []byte(`{}`)}
	tenant := &linking{}
	op := Link(tenant, u, other)
	lost := strings.Join(op.Loses, "\n")
	for _, want := range []string{"samlp|corp|ada@example.com", "roles", "second factors", "user_metadata: ␛[2J, theme"} {
		if !strings.Contains(lost, want) {
			t.Errorf("no %q in\n%s", want, lost)
		}
	}
	if strings.Contains(lost, "app_metadata") {
		t.Errorf("empty metadata is lost:\n%s", lost)
	}
	if r := op.Run(t.Context()); r.Err != nil || tenant.linked != "auth0|1 samlp corp|ada@example.com" {
		t.Errorf("linked %q, %v", tenant.linked, r.Err)
	}
	if r := Link(tenant, u, auth0client.User{ID: "nobar"}).Run(t.Context()); r.Err == nil {
		t.Error("an id without a provider is linked")
	}
}

type linking struct {
	Records
	linked string
}

func (l *linking) LinkIdentity(_ context.Context, primary auth0client.UserID, provider, id string) error {
	l.linked = string(primary) + " " + provider + " " + id
	return nil
}
