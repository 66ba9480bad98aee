package policy

import (
	"strings"
	"testing"
)

func TestMistakesInPoliciesAreNamedWithTheirLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"a key mistyped", "\n[[policy]]\nname = \"a\"\nuser = \"x\"\n", `line 4: a policy has no key "user"; did you mean "users"?`},
		{"a key in a table mistyped", "[[policy]]\nname = \"a\"\n[policy.create]\nstmp = {}\n", `line 4: a policy has no key "create.stmp"; did you mean "stamp"?`},
		{"a key of an approval mistyped", "[[policy]]\nname = \"a\"\n[policy.approval]\n\"users:delete\" = { who = [\"a\"] }\n", `line 4: a policy has no key "approval.`},
		{"a value of another kind", "[[policy]]\nname = \"a\"\nroles = \"b\"\n", "line 3: "},
		{"no TOML", "[[policy]\n", "line 1: "},
		{"no name", "[[policy]]\nusers = \"name:x\"\n", `line 1, policy "": every policy needs a name`},
		{"one name twice", "[[policy]]\nname = \"a\"\n\n[[policy]]\nname = \"a\"\n", `line 5, policy "a": every policy needs a name`},
		{"a filter that cannot be read", "[[policy]]\nname = \"a\"\nusers = 'name:(x'\n", `line 3, policy "a": the query is wrong`},
		{"the second policy's filter", "[[policy]]\nname = \"a\"\nusers = 'name:x'\n[[policy]]\nname = \"b\"\n# users = ''\nusers = 'name:'\n", `line 7, policy "b": the query is wrong`},
		{"a filter by organization", "[[policy]]\nname = \"a\"\nusers = 'organization_id:org_1'\n", "organization_id is not part of a user's record"},
		{"a filter by organization's presence", "[[policy]]\nname = \"a\"\nusers = 'name:x OR _exists_:organization_id'\n", "organization_id is not part of a user's record"},
		{"a placeholder that is none", "[[policy]]\nname = \"a\"\nusers = 'name:${user.name}'\n", "${user.name} is not known: write ${operator.email}"},
		{"a placeholder without its end", "[[policy]]\nname = \"a\"\nusers = 'name:${operator.name'\n", "has no end"},
		{"an action that is none", "[[policy]]\nname = \"a\"\nactions = [\"users:*\", \"!user:delete\"]\n", `there is no action "!user:delete"; did you mean "users:delete"?`},
		{"a field that is none", "[[policy]]\nname = \"a\"\nfields = [\"nicname\"]\n", `a user has no field "nicname"; did you mean "nickname"?`},
		{"a field too deep", "[[policy]]\nname = \"a\"\nfields = [\"app_metadata.a.b\"]\n", "replaces the metadata's first level as a whole"},
		{"nobody's roles", "[[policy]]\nname = \"a\"\nroles = []\n", `line 3, policy "a": it is empty`},
		{"nobody's emails", "[[policy]]\nname = \"a\"\nemails = []\n", `line 3, policy "a": it is empty`},
		{"nobody's permissions", "[[policy]]\nname = \"a\"\npermissions = []\n", `line 3, policy "a": it is empty`},
		{"claims of nothing", "[[policy]]\nname = \"a\"\nclaims = {}\n", `line 3, policy "a": it is empty`},
		{"a filter of nothing", "[[policy]]\nname = \"a\"\nusers = \"\"\n", `line 3, policy "a": it is empty`},
		{"a reason with an exception", "[[policy]]\nname = \"a\"\nreason = [\"*\", \"!users:edit\"]\n", "only actions has exceptions"},
		{"a sign-in with an exception", "[[policy]]\nname = \"a\"\n[policy.fresh_login]\n\"!users:edit\" = \"5m\"\n", "only actions has exceptions"},
		{"a reason that is none", "[[policy]]\nname = \"a\"\nreason = \"yes\"\n", `reason is "yes": write "required"`},
		{"a reason for no action", "[[policy]]\nname = \"a\"\nreason = [\"users:fly\"]\n", `there is no action "users:fly"`},
		{"a sign-in without a unit", "[[policy]]\nname = \"a\"\nfresh_login = \"10\"\n", `line 3, policy "a": "10" is not a time between 1m and 24h`},
		{"a sign-in of an action too short", "[[policy]]\nname = \"a\"\n[policy.fresh_login]\n\"users:delete\" = \"1s\"\n", `line 4, policy "a": "1s" is not a time`},
		{"an approval by nobody", "[[policy]]\nname = \"a\"\n[policy.approval]\n\"users:delete\" = { by = [] }\n", `line 4, policy "a": it names nobody`},
		{"an approval for ever", "[[policy]]\nname = \"a\"\n[policy.approval]\n\"users:delete\" = { by = [\"x\"], expires = \"1000h\" }\n", "not a time between 1m and 168h"},
		{"an approval of no time", "[[policy]]\nname = \"a\"\n[policy.approval]\n\"users:delete\" = { by = [\"x\"], expires = \"soon\" }\n", "not a time between 1m and 168h"},
		{"a domain that is an address", "[[policy]]\nname = \"a\"\ncustom_domain = \"https://id.example.com\"\n", "is not a host name"},
		{"a stamp on no field", "[[policy]]\nname = \"a\"\n[policy.create]\nstamp = { \"departement\" = \"x\" }\n", `a user has no field "departement"`},
		{"a choice of nothing", "[[policy]]\nname = \"a\"\n[policy.create]\nchoices = { \"app_metadata.plan\" = [] }\n", "it offers nothing"},
		{"a custom field nowhere", "[[policy]]\nname = \"a\"\n[[policy.custom_field]]\nlabel = \"x\"\npath = \"user_metadata.x\"\nwhere = [\"top\"]\n", `not in "top"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load([]byte(c.text), "gateway.toml")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "gateway.toml, line ") {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

func TestTheRestOfTheFileIsLeftToOthers(t *testing.T) {
	t.Parallel()
	s, err := Load([]byte("listen = \":443\"\n[budget]\nreserve = 0.3\nuser = 1\n[[policy]]\nname = \"a\"\n[log]\nlevel = \"info\"\n"), "gateway.toml")
	if err != nil || s.Len() != 1 {
		t.Errorf("%d policies, %v", s.Len(), err)
	}
	if s, err = Load([]byte("listen = \":443\"\n"), "gateway.toml"); err != nil || s.Len() != 0 || !s.For(Operator{}).Open() {
		t.Errorf("a file without policies: %d, %v", s.Len(), err)
	}
	if _, err = Load([]byte("listen = \":443\"\n[[policy]]\nname = \"a\"\nuser = \"x\"\n"), "gateway.toml"); err == nil {
		t.Error("a mistake in a policy hides behind keys of others")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("[[policy]]\nname = \"a\"\nusers = 'name:${operator.name}'\nreason = [\"users:*\"]\n"))
	f.Add([]byte("[[policy]]\nname = \"a\"\n[policy.create]\nstamp = { \"app_metadata.x\" = [1, \"${operator.email}\"] }\n[policy.fresh_login]\n\"*\" = \"10m\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Load(data, "f.toml")
		if err != nil && !strings.HasPrefix(err.Error(), "f.toml") {
			t.Fatalf("an error does not name the file: %v", err)
		}
		if err == nil {
			s.For(Operator{Subject: "auth0|1", Email: "a@example.com"}).View()
		}
	})
}
