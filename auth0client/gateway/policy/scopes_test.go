package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestAViewersGatewayHoldsNoScopeThatChanges(t *testing.T) {
	t.Parallel()
	for _, s := range Scopes(Preset("viewer")) {
		if !strings.HasPrefix(s, "read:") {
			t.Errorf("a viewer's gateway asks for %s", s)
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	const read = "read:anomaly_blocks read:attack_protection read:client_summary read:connections read:connections_options"
	for _, c := range []struct {
		actions []Action
		want    string
	}{
		{nil, "read:role_members read:roles read:users"},
		{[]Action{UsersRead, UsersBlock}, "delete:anomaly_blocks " + read + " read:role_members read:roles read:users update:users"},
		{[]Action{LogsRead, JournalRead}, "read:logs_users read:role_members read:roles read:users"},
	} {
		if got := strings.Join(Scopes(c.actions), " "); got != c.want {
			t.Errorf("%v: %s, want %s", c.actions, got, c.want)
		}
	}
	admin := Scopes(Actions())
	for _, never := range []string{"read:user_idp_tokens", "read:client_keys", "delete:clients", "update:connections", "create:authentication_methods", "update:tenant_settings"} {
		if slices.Contains(admin, never) {
			t.Errorf("nothing usher does needs %s", never)
		}
	}
	for _, a := range Actions() {
		if a != JournalRead && len(scopesOf(a)) == 0 {
			t.Errorf("%s needs no scope at all", a)
		}
	}
}
