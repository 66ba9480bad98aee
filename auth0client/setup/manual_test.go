package setup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/setup"
)

// TestTheManualIsTrue compares docs/auth0-setup.md with what setup does.
func TestTheManualIsTrue(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "auth0-setup.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, s := range strings.Split(string(raw), "\n## ")[1:] {
		title, body, _ := strings.Cut(s, "\n")
		sections[title] = body
	}
	listed := func(section, pattern string) []string {
		found := regexp.MustCompile(pattern).FindAllString(sections[section], -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	var permissions []string
	for _, a := range policy.Actions() {
		permissions = append(permissions, string(a))
		if row := fmt.Sprintf("| `%s` | %s |", a, setup.Describe(a)); !strings.Contains(sections["1. The API"], row) {
			t.Errorf("the page does not have the row %s", row)
		}
	}
	slices.Sort(permissions)
	const name = `\b[a-z]+:[a-z_]+\b`
	if got := listed("1. The API", `(?m)^\| .([a-z]+:[a-z]+)`); len(got) != len(permissions) {
		t.Errorf("the page lists the permissions %v", got)
	}
	for i, preset := range setup.Presets(policy.Actions()) {
		line := regexp.MustCompile("(?m)^\\| `" + preset.Name + "` \\|.*$").FindString(sections["2. The roles"])
		got := regexp.MustCompile(name).FindAllString(line, -1)
		var want []string
		for _, a := range preset.Permissions {
			want = append(want, string(a))
		}
		if i == 2 && strings.Contains(line, "all of them") {
			got = want
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the page gives %s %v, want %v", preset.Name, got, want)
		}
	}
	if got := listed("4. The gateway's application", `(?m)\b(create|read|update|delete):[a-z_]+\b`); !slices.Equal(got, policy.Scopes(policy.Actions())) {
		t.Errorf("the page grants the gateway\n%v\nwant\n%v", got, policy.Scopes(policy.Actions()))
	}
	if got := listed("The admin token", `\b(create|read|update):[a-z_]+\b`); !slices.Equal(got, setup.AdminScopes(true)) {
		t.Errorf("the page gives the admin token %v, want %v", got, setup.AdminScopes(true))
	}
	for _, want := range append(setup.Callbacks(), setup.ConsoleGrants()...) {
		if !strings.Contains(sections["3. The console's application"], want) {
			t.Errorf("the page says nothing of %s", want)
		}
	}
	plan, err := setup.ByHand(setup.Options{Issuer: "https://acme.eu.auth0.com/", Audience: audience, Actions: policy.Actions()})
	if err != nil {
		t.Fatal(err)
	}
	for i, section := range []string{"1. The API", "", "", "", "3. The console's application"} {
		for _, s := range plan.Steps[i].Settings {
			for _, word := range strings.Fields(s.Want) {
				if section != "" && !strings.Contains(sections[section], word) {
					t.Errorf("in %q the page does not say %s: %s", section, s.Name, word)
				}
			}
		}
	}
	if !strings.Contains(string(raw), setup.ClaimsAction(audience)) {
		t.Error("the page has another Action")
	}
}

func TestByHandNeedsNobody(t *testing.T) {
	t.Parallel()
	plan, err := setup.ByHand(setup.Options{Issuer: "https://acme.eu.auth0.com/", Audience: audience, Actions: policy.Actions()})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	plan.WriteByHand(&b)
	plan.WriteAdvice(&b)
	for _, want := range append(policy.Scopes(policy.Actions()), "1. API \"usher\"", "https://acme.eu.auth0.com/api/v2/", "sign-ups disabled", "urn:usher:auth_time", "7. client grant") {
		if !strings.Contains(b.String(), want) {
			t.Errorf("doing it by hand lacks %q:\n%s", want, b.String())
		}
	}
	for line := range strings.Lines(b.String()) {
		if len(line) > 130 { // the Action is code
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
}
