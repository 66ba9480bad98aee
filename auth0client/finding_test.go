package auth0client

import (
	"slices"
	"strings"
	"testing"

	"usher/auth0client/lucene"
)

func TestPlanFor(t *testing.T) {
	t.Parallel()
	crm := []Lookup{{"crm", "app_metadata.external_id"}}
	ids := func(id ...UserID) []UserID { return id }
	linked := func(provider, id string) string {
		return `(identities.provider:"` + provider + `" AND identities.user_id:"` + id + `")`
	}
	for _, tc := range []struct {
		name    string
		f       Finding
		ids     []UserID
		emails  []string
		query   string
		late    bool
		inexact bool
	}{
		{name: "nothing lists everybody", f: Finding{Typed: "  "}, inexact: true},
		{name: "an email is looked up and searched for", f: Finding{Typed: "ada@example.com"}, emails: []string{"ada@example.com"}, query: `email:"ada@example.com"`},
		{name: "an email with capitals is looked up in both forms", f: Finding{Typed: "Ada@Example.com"}, emails: []string{"Ada@Example.com", "ada@example.com"}, query: `email:"Ada@Example.com"`},
		{name: "an email with a plus", f: Finding{Typed: "ada+work@example.com"}, emails: []string{"ada+work@example.com"}, query: `email:"ada+work@example.com"`},
		{name: "an email with an apostrophe", f: Finding{Typed: "o'brien@example.com"}, emails: []string{"o'brien@example.com"}, query: `email:"o'brien@example.com"`},
		{name: "an email with a quoted part", f: Finding{Typed: `"ada lovelace"@example.com`}, emails: []string{`"ada lovelace"@example.com`}, query: `email:"\"ada lovelace\"@example.com"`},
		{name: "an email of another alphabet", f: Finding{Typed: "Jürgen@Bücher.example"}, emails: []string{"Jürgen@Bücher.example", "jürgen@bücher.example"}, query: `email:"Jürgen@Bücher.example"`},
		{name: "an email from a link", f: Finding{Typed: "mailto:ada@example.com"}, emails: []string{"ada@example.com"}, query: `email:"ada@example.com"`},
		{name: "an email asked for in syntax", f: Finding{Typed: `email:"Ada@example.com"`}, emails: []string{"Ada@example.com", "ada@example.com"}, query: `email:"Ada@example.com"`},
		{name: "an id is read, and searched for only when it is nobody's", f: Finding{Typed: "auth0|5f7c"}, ids: ids("auth0|5f7c"), query: linked("auth0", "5f7c"), late: true},
		{name: "an id with bars and slashes", f: Finding{Typed: "samlp|adfs-x|a/b"}, ids: ids("samlp|adfs-x|a/b"), query: linked("samlp", "adfs-x|a/b"), late: true},
		{name: "an id that ends with an email", f: Finding{Typed: "adfs|ada@example.com"}, ids: ids("adfs|ada@example.com"), query: linked("adfs", "ada@example.com"), late: true},
		{name: "an id of an unknown provider that may be an email", f: Finding{Typed: "corp|ada@example.com"}, ids: ids("corp|ada@example.com"),
			emails: []string{"ada@example.com"}, query: linked("corp", "ada@example.com") + ` OR email:"ada@example.com"`},
		{name: "an id asked for in syntax", f: Finding{Typed: `user_id:"auth0|5f7c"`}, ids: ids("auth0|5f7c"), query: linked("auth0", "5f7c"), late: true},
		{name: "the address of a user in the Dashboard", f: Finding{Typed: "https://manage.auth0.com/dashboard/eu/acme/users/auth0%7C5f7c"}, ids: ids("auth0|5f7c"), query: linked("auth0", "5f7c"), late: true},
		{name: "a phone number", f: Finding{Typed: "+420 123-456-789"}, query: `phone_number:"+420123456789"`},
		{name: "a phone number with 00", f: Finding{Typed: "00420 123 456 789"}, query: `phone_number:"+420123456789"`},
		{name: "a local phone number is looked for at the end", f: Finding{Typed: "0123456789"}, query: PlainQuery("0123456789") + ` OR phone_number:*123456789`, inexact: true},
		{name: "a ticket's line", f: Finding{Typed: "#4821: Ada Lovelace <Ada@example.com> cannot sign in since 10:31, call +44 20 7946 0001."}, emails: []string{"Ada@example.com", "ada@example.com"},
			query: `email:"Ada@example.com" OR phone_number:"+442079460001"`},
		{name: "a ticket's line with bars", f: Finding{Typed: "Ada|ada@example.com|open"}, ids: ids("Ada|ada@example.com|open"),
			emails: []string{"ada@example.com"}, query: linked("Ada", "ada@example.com|open") + ` OR email:"ada@example.com"`},
		{name: "a ticket's line with an id in it", f: Finding{Typed: "user=google-oauth2|1234, locked."}, ids: ids("google-oauth2|1234"), query: linked("google-oauth2", "1234"), late: true},
		{name: "a ticket's line in capitals is no syntax", f: Finding{Typed: "User is NOT able to sign in: ada@example.com"}, emails: []string{"ada@example.com"}, query: `email:"ada@example.com"`},
		{name: "a line with a word and a colon is no syntax", f: Finding{Typed: "From:Ada ada@example.com"}, emails: []string{"ada@example.com"}, query: `email:"ada@example.com"`},
		{name: "several lines", f: Finding{Typed: "a@example.com\n b@example.com\r\n"}, emails: []string{"a@example.com", "b@example.com"}, query: `email:"a@example.com" OR email:"b@example.com"`},
		{name: "syntax stays", f: Finding{Typed: "blocked:true"}, query: "blocked:true", inexact: true},
		{name: "syntax with an email stays", f: Finding{Typed: "email:ada@example.com AND blocked:true"}, query: "email:ada@example.com AND blocked:true", inexact: true},
		{name: "short names of fields are known", f: Finding{Typed: "connection:Users AND blocked:true"}, query: "identities.connection:Users AND blocked:true", inexact: true},
		{name: "a name in quotes is not one of a field", f: Finding{Typed: `name:"x connection:y" connection:z`}, query: `name:"x connection:y" identities.connection:z`, inexact: true},
		{name: "a foreign key by name", f: Finding{Typed: "crm:12345", Lookups: crm}, query: `app_metadata.external_id:"12345"`},
		{name: "a foreign key of odd characters", f: Finding{Typed: "CRM: AC/12:5 (b)", Lookups: crm}, query: `app_metadata.external_id:"AC/12:5 (b)"`},
		{name: "a foreign key alone", f: Finding{Typed: "12-345", Lookups: crm}, query: PlainQuery("12-345") + ` OR app_metadata.external_id:"12-345"`, inexact: true},
		{name: "a foreign key in a line", f: Finding{Typed: "case of K12345 please", Lookups: crm}, query: "(" + PlainQuery("case of K12345 please") + `) OR app_metadata.external_id:"K12345"`, inexact: true},
		{name: "a foreign key in syntax", f: Finding{Typed: "crm:12345 AND NOT blocked:true", Lookups: crm}, query: "app_metadata.external_id:12345 AND NOT blocked:true", inexact: true},
		{name: "a custom field", f: Finding{Typed: "contract:X-1", Names: map[string]string{"Contract": "app_metadata.contract_id"}}, query: `app_metadata.contract_id:"X-1"`, inexact: true},
		{name: "words are looked for as they were", f: Finding{Typed: "ada lov"}, query: PlainQuery("ada lov"), inexact: true},
		{name: "a filter asks the search only", f: Finding{Typed: "ada@example.com", Filter: "blocked:true"}, query: `(email:"ada@example.com") AND blocked:true`},
		{name: "a filter and an id", f: Finding{Typed: "auth0|1", Filter: "blocked:true"}, query: `(user_id:"auth0|1" OR ` + linked("auth0", "1") + `) AND blocked:true`},
		{name: "a filter alone", f: Finding{Filter: "blocked:true"}, query: "blocked:true", inexact: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := PlanFor(tc.f)
			if !slices.Equal(p.IDs, tc.ids) || !slices.Equal(p.Emails, tc.emails) || p.Query != tc.query || p.Late != tc.late || p.Exact == tc.inexact {
				t.Errorf("PlanFor(%q) =\n%+v, want\nids %q emails %q query %s late %v exact %v", tc.f.Typed, p, tc.ids, tc.emails, tc.query, tc.late, !tc.inexact)
			}
			if _, err := lucene.Parse(p.Query); err != nil {
				t.Errorf("the query %s: %v", p.Query, err)
			}
		})
	}
}

func FuzzPlanFor(f *testing.F) {
	for _, w := range append(oddWords(), "Ada <ada@example.com> +420 123 456 789 auth0|1", "crm:a b", `crm:"`, "%7C%40", "a%7cb@c.d") {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		if len(typed) > 1000 {
			return
		}
		p := PlanFor(Finding{Typed: typed, Lookups: []Lookup{{"crm", "app_metadata.id"}}})
		if strings.Contains(typed, ":") && len(p.IDs)+len(p.Emails) == 0 {
			return // a named field is passed on as it is
		}
		if _, err := lucene.Parse(p.Query); err != nil {
			t.Fatalf("PlanFor(%q) = %+v: %v", typed, p, err)
		}
		if len(p.IDs)+len(p.Emails) > 3*mostKeys {
			t.Fatalf("%d look-ups", len(p.IDs)+len(p.Emails))
		}
	})
}

func TestValuesOfCustomFields(t *testing.T) {
	t.Parallel()
	u := User{AppMetadata: []byte(`{"contract_id":"C-1","deep":{"er":7},"list":[1,"a"],"no":null,"evil":"\u001b[2J"}`), UserMetadata: []byte(`"not an object"`)}
	for path, want := range map[string]string{
		"app_metadata.contract_id": "C-1", "app_metadata.deep.er": "7", "app_metadata.list": `[1,"a"]`, "app_metadata.no": "", "app_metadata.none": "",
		"app_metadata.contract_id.more": "", "user_metadata.x": "", "locale": "", "app_metadata.evil": "␛[2J",
	} {
		if got := u.Value(path).String(); got != want {
			t.Errorf("Value(%s) = %q, want %q", path, got, want)
		}
	}
}
