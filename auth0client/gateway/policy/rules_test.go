package policy

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/auth0client/lucene"
)

func load(t testing.TB, text string) *Set {
	t.Helper()
	s, err := Load([]byte(text), "policies.toml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func person(t testing.TB, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

const two = `
[[policy]]
name = "sales"
emails = ["*@example.com"]
users = 'app_metadata.department:sales'
actions = ["users:read", "users:edit", "users:block"]
fields = ["name", "nickname"]
roles_assignable = ["customer", "lead-*"]
reason = ["users:block"]
fresh_login = "1h"
hidden = ["last_ip"]
[policy.approval]
"users:edit" = { by = ["lead", "boss"], expires = "3h" }

[[policy]]
name = "paris"
emails = ["op@example.com"]
users = 'user_metadata.city:Paris'
actions = ["users:*", "!users:block"]
fields = ["name", "email"]
roles_assignable = ["customer", "partner"]
fresh_login = { "users:edit" = "10m" }
hidden = ["email"]
[policy.approval]
"users:*" = { by = ["boss", "owner"], expires = "2h" }
`

func TestPoliciesOpenPeopleAndLimitDeeds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	op := holding(Actions()...)
	op.Email, op.AuthTime = "op@example.com", now.Add(-30*time.Minute)
	rules := load(t, two).For(op)
	sales, paris := `{"app_metadata":{"department":"sales"}}`, `{"user_metadata":{"city":"Paris"}}`
	both := `{"app_metadata":{"department":"sales"},"user_metadata":{"city":"Paris"}}`
	for _, c := range []struct {
		name, person, covering string
		actions, fields, roles string // that are allowed, of a few
	}{
		{"one opened by the first", sales, "sales", "users:block users:edit", "name nickname", "customer lead-x"},
		{"one opened by the second", paris, "paris", "users:delete users:edit", "email name", "customer partner"},
		{"one opened by both", both, "sales paris", "users:edit", "name", "customer"},
		{"one opened by neither", `{"name":"x"}`, "", "", "", ""},
	} {
		about, ok := rules.Covering(person(t, c.person))
		if got := strings.Join(about.Names(), " "); got != c.covering || ok != (c.covering != "") {
			t.Errorf("%s is covered by %q, want %q", c.name, got, c.covering)
			continue
		}
		if !ok {
			continue
		}
		var actions, fields, roles []string
		for _, a := range []Action{UsersBlock, UsersDelete, UsersEdit} {
			if about.Permit(Decision{Actions: []Action{a}}) == nil {
				actions = append(actions, string(a))
			}
		}
		for _, f := range []string{"email", "name", "nickname", "username"} {
			d := Decision{Actions: []Action{UsersEdit}, Pattern: "users/{id}", Write: true, Fields: map[string]any{f: "x"}}
			if f == "email" {
				d.Fields = map[string]any{f: "x"}
			}
			if no := about.Permit(d); no == nil || f == "email" && strings.Contains(no.Message, "hides") {
				fields = append(fields, f)
			}
		}
		for _, r := range []string{"customer", "lead-x", "partner"} {
			if about.Assignable(r) == nil {
				roles = append(roles, r)
			}
		}
		for what, pair := range map[string][2]string{"actions": {strings.Join(actions, " "), c.actions}, "roles": {strings.Join(roles, " "), c.roles}} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s %q, want %q", c.name, what, pair[0], pair[1])
			}
		}
		if got := strings.Join(fields, " "); got != c.fields {
			t.Errorf("%s: fields %q, want %q", c.name, got, c.fields)
		}
	}
	if got := rules.Hidden(); !slices.Equal(got, []string{"email", "last_ip"}) {
		t.Errorf("hidden: %v", got)
	}
	q, _ := rules.Filter()
	if q != `(app_metadata.department:sales) OR (user_metadata.city:Paris)` {
		t.Errorf("the filter is %s", q)
	}
	if no := rules.Permit(Decision{Actions: []Action{RolesRead}}); no == nil || no.Rule != "sales" {
		t.Errorf("things that are no person need all policies: %v", no)
	}
	about, _ := rules.Covering(person(t, both))
	d := about.Demands([]Action{UsersEdit, UsersBlock}, " ", now)
	if d.Reason == nil || d.FreshLogin == nil || d.FreshLogin.MaxAge != 10*time.Minute || d.Approval == nil ||
		!slices.Equal(d.Approval.Approval.By, []string{"boss"}) || d.Approval.Approval.Within() != 2*time.Hour {
		t.Errorf("the strictest demands are %+v %+v", d, d.Approval)
	}
	if d := about.Demands([]Action{UsersEdit}, "x", now.Add(2*time.Hour)); d.FreshLogin == nil || d.FreshLogin.MaxAge != 10*time.Minute {
		t.Errorf("of two sign-ins that are wanted not the fresher counts: %+v", d.FreshLogin)
	}
	about, _ = rules.Covering(person(t, sales))
	if d := about.Demands([]Action{UsersBlock}, "x", now); d != (Demand{}) {
		t.Errorf("nothing is wanting, but %+v", d)
	}
}

func TestWhomAPolicyAppliesTo(t *testing.T) {
	t.Parallel()
	set := load(t, `
[[policy]]
name = "roles"
roles = ["a", "b"]
[[policy]]
name = "emails"
emails = ["*@EXAMPLE.com"]
[[policy]]
name = "permissions"
permissions = ["users:read", "users:edit"]
[[policy]]
name = "claims"
claims = { "https://example.com/region" = "emea", "org.id" = ["x", "y"] }
[[policy]]
name = "both"
roles = ["a"]
emails = ["x@example.com"]
`)
	for _, c := range []struct {
		name string
		op   Operator
		want string
	}{
		{"nobody", Operator{}, ""},
		{"a role", Operator{Roles: []string{"z", "b"}}, "roles"},
		{"a role in other letters", Operator{Roles: []string{"B"}}, ""},
		{"an email in other letters", Operator{Email: "Who@Example.COM"}, "emails"},
		{"an email that begins so", Operator{Email: "a@example.com.evil.example"}, ""},
		{"one of two permissions", Operator{Permissions: []string{"users:read"}}, ""},
		{"both permissions", Operator{Permissions: []string{"users:read", "users:edit"}}, "permissions"},
		{"claims", Operator{Claims: map[string]any{"https://example.com/region": "emea", "org": map[string]any{"id": "y"}}}, "claims"},
		{"claims in a list", Operator{Claims: map[string]any{"https://example.com/region": []any{"apac", "emea"}, "org.id": "x"}}, "claims"},
		{"one claim", Operator{Claims: map[string]any{"https://example.com/region": "emea"}}, ""},
		{"an email that is not verified", Operator{Email: "a@example.com", Claims: map[string]any{"email_verified": false}}, ""},
		{"two kinds", Operator{Roles: []string{"a"}, Email: "x@example.com"}, "roles emails both"},
	} {
		if got := strings.Join(set.For(c.op).Names(), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAValueOfTheOperatorIsNeverMoreThanAValue(t *testing.T) {
	t.Parallel()
	for _, template := range []string{`app_metadata.d:${operator.app_metadata.d}`, `app_metadata.d:"${operator.app_metadata.d}"`, `name:x OR (app_metadata.d:"a ${operator.app_metadata.d}" AND NOT blocked:true)`} {
		for _, value := range []string{`x`, `x" OR *:*`, `x") OR ("`, `x\`, `\"`, `*`, `x*`, `x OR y`, `a) OR (b`, `[a TO b]`, `${operator.email}`, `//`, "a\nb", `_exists_:x`, `"`} {
			q, err := fillFilter(template, func(placeholder) any { return value })
			if err != nil {
				continue // found nobody: refused
			}
			stranger := map[string]any{"user_id": "auth0|2", "name": "y", "email": "y@example.com", "app_metadata": map[string]any{"d": "other"}}
			if q.Match(lucene.MapDocument(stranger)) {
				t.Errorf("%s with %q finds a stranger: %s", template, value, q)
			}
			own := map[string]any{"app_metadata": map[string]any{"d": value}}
			if strings.Contains(template, `"a $`) {
				own["app_metadata"] = map[string]any{"d": "a " + value}
			}
			if !q.Match(lucene.MapDocument(own)) {
				t.Errorf("%s with %q does not find its own: %s", template, value, q)
			}
		}
	}
	for _, none := range []any{nil, "", []any{}, map[string]any{"a": 1}} {
		if q, err := fillFilter(`app_metadata.d:"${operator.app_metadata.d}"`, func(placeholder) any { return none }); err == nil {
			t.Errorf("%v makes the filter %s", none, q)
		}
	}
	q, err := fillFilter(`app_metadata.d:${operator.app_metadata.d}`, func(placeholder) any { return []any{"a", "b c", true, 5.0} })
	if err != nil || q.String() != `app_metadata.d:a OR app_metadata.d:"b c" OR app_metadata.d:true OR app_metadata.d:5` {
		t.Errorf("a list: %s, %v", q, err)
	}
}

func FuzzFilter(f *testing.F) {
	for _, v := range []string{`x`, `x" OR *:*`, `\`, `a) OR (b`, "\x00", `é"\\"`} {
		f.Add(v)
	}
	stranger := lucene.MapDocument(map[string]any{"user_id": "auth0|2", "app_metadata": map[string]any{"d": "a stranger's department"}})
	f.Fuzz(func(t *testing.T, value string) {
		for _, template := range []string{`app_metadata.d:${operator.name}`, `app_metadata.d:"${operator.name}" AND app_metadata.d:"${operator.name}"`} {
			q, err := fillFilter(template, func(placeholder) any { return value })
			if err == nil && value != "a stranger's department" && q.Match(stranger) {
				t.Fatalf("%q makes %s, which finds a stranger", value, q)
			}
		}
	})
}

func TestStamps(t *testing.T) {
	t.Parallel()
	const policies = `
[[policy]]
name = "one"
users = 'app_metadata.d:"${operator.app_metadata.d}"'
connections = ["db"]
fields = ["name"]
[policy.create]
stamp = { "app_metadata.d" = "${operator.app_metadata.d}", "user_metadata.made" = "by ${operator.email}" }
choices = { "app_metadata.plan" = ["a", 2] }
[[policy]]
name = "all"
users = 'identities.connection:db AND _exists_:app_metadata.d'
[policy.create]
stamp = { "app_metadata.origin" = "usher" }
[[policy]]
name = "clash"
emails = ["clash@example.com"]
users = '_exists_:app_metadata.d'
[policy.create]
stamp = { "app_metadata.origin" = "other" }
`
	set := load(t, policies)
	for _, c := range []struct{ name, email, sent, connection, want string }{
		{"stamped by all that cover it", "op@example.com", `{"email":"a@b.c"}`, "db", `{"app_metadata":{"d":"sales","origin":"usher"},"email":"a@b.c","user_metadata":{"made":"by op@example.com"}}`},
		{"over what was sent", "op@example.com", `{"email":"a@b.c","app_metadata":{"d":"it","plan":2}}`, "db", `{"app_metadata":{"d":"sales","origin":"usher","plan":2},"email":"a@b.c","user_metadata":{"made":"by op@example.com"}}`},
		{"a choice that is none", "op@example.com", `{"app_metadata":{"plan":"b"}}`, "db", "must be one of its choices"},
		{"a field that is not allowed", "op@example.com", `{"nickname":"x"}`, "db", "does not allow the field nickname"},
		{"another connection", "op@example.com", `{"name":"x"}`, "other", "in the connection other"},
		{"two stamps that clash", "clash@example.com", `{"name":"x"}`, "db", "stamp app_metadata.origin differently"},
	} {
		op := Operator{Subject: me, Email: c.email, Metadata: map[string]any{"d": "sales"}}
		sent := person(t, c.sent)
		before := person(t, c.sent)
		made, no := set.For(op).Stamp(sent, c.connection)
		got, _ := json.Marshal(made)
		if no != nil {
			got = []byte(no.Message)
		}
		if no == nil && string(got) != c.want || no != nil && !strings.Contains(string(got), c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if !reflect.DeepEqual(sent, before) {
			t.Errorf("%s: what was sent is changed: %v", c.name, sent)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	table, op := NewTable(), holding(Actions()...)
	for name, r := range map[string]Request{
		"read":   {Method: "GET", Path: "/api/v2/users/auth0%7C5f7c8ec7c33c6c004bbafe82"},
		"search": {Method: "GET", Path: "/api/v2/users", Query: "include_totals=true&page=0&per_page=50&q=name%3Aada*&search_engine=v3"},
		"write":  {Method: "PATCH", Path: "/api/v2/users/auth0%7C5f7c8ec7c33c6c004bbafe82", ContentType: "application/json", Body: []byte(`{"name":"Ada","user_metadata":{"a":1}}`)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := table.Decide(op, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCovering(b *testing.B) {
	rules := load(b, two).For(Operator{Email: "op@example.com"})
	user := person(b, `{"user_id":"auth0|1","name":"Ada","app_metadata":{"department":"sales"},"user_metadata":{"city":"Paris"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := rules.Covering(user); !ok {
			b.Fatal("not covered")
		}
	}
}

func TestAnEmailThatIsNotVerifiedCountsForNothing(t *testing.T) {
	t.Parallel()
	set := load(t, "[[policy]]\nname = \"a\"\nusers = 'app_metadata.manager:${operator.email}'\n")
	boss := map[string]any{"app_metadata": map[string]any{"manager": "boss@example.com"}}
	for _, c := range []struct {
		claims map[string]any
		counts bool
	}{{nil, true}, {map[string]any{"email_verified": true}, true}, {map[string]any{"email_verified": false}, false}} {
		op := Operator{Email: "boss@example.com", Claims: c.claims}
		if _, sees := set.For(op).Covering(boss); sees != c.counts {
			t.Errorf("%v: the filter finds their people is %v", c.claims, sees)
		}
		if may := (Approval{By: []string{"*@example.com"}}).MayApprove(op); may != c.counts {
			t.Errorf("%v: they may approve is %v", c.claims, may)
		}
	}
}
